// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "lapack.h"

namespace lsr
{
  namespace internal
  {
    HostBlock
    upper_triangle(const HostBlock &A, const std::size_t k)
    {
      const HostBlock R = make_host_block(k, k);
      for (std::size_t j = 0; j < k; ++j)
        std::copy_n(&A(0, j), j + 1, &R(0, j));
      return R;
    }

    SVD
    singular_value_decomposition(const HostBlock &A)
    {
      const int n   = lapack_int(A.extent(0));
      const int lda = leading_dimension(A);
      SVD       svd{make_host_block(n, n),
              std::vector<double>(n),
              make_host_block(n, n)};
      if (n == 0)
        return svd;

      const int        ldu = leading_dimension(svd.U);
      std::vector<int> iwork(8 * std::size_t(n));
      int              info = 0;
      with_workspace([&](double *work, const int *length) {
        dgesdd_("A",
                &n,
                &n,
                A.data(),
                &lda,
                svd.s.data(),
                svd.U.data(),
                &ldu,
                svd.VT.data(),
                &ldu,
                work,
                length,
                iwork.data(),
                &info);
      });
      require(info == 0,
              "The singular value decomposition of a " + std::to_string(n) +
                " x " + std::to_string(n) + " matrix did not converge.");
      return svd;
    }
  } // namespace internal
} // namespace lsr
