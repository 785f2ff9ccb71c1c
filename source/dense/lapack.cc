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
      int              info      = 0;
      const auto       decompose = [&](double *work, const int lwork) {
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
                &lwork,
                iwork.data(),
                &info);
      };
      double size = 0;
      decompose(&size, -1);
      std::vector<double> work(static_cast<std::size_t>(size));
      decompose(work.data(), lapack_int(work.size()));
      require(info == 0,
              "The singular value decomposition of a " + std::to_string(n) +
                " x " + std::to_string(n) + " matrix did not converge.");
      return svd;
    }

    namespace
    {
      // Enough for LAPACK's blocks of 32 or 64 columns.
      std::vector<double>
      qr_workspace(const int n)
      {
        return std::vector<double>(66 * (std::size_t(n) + 1) + 64 * 65);
      }
    } // namespace

    PivotedQR
    pivoted_qr(const HostBlock &A)
    {
      const int n   = lapack_int(A.extent(0));
      const int lda = leading_dimension(A);
      PivotedQR qr{A, std::vector<double>(n), std::vector<int>(n, 0)};
      auto      work  = qr_workspace(n);
      const int lwork = lapack_int(work.size());
      int       info  = 0;
      dgeqp3_(&n,
              &n,
              A.data(),
              &lda,
              qr.pivots.data(),
              qr.tau.data(),
              work.data(),
              &lwork,
              &info);
      for (int &pivot : qr.pivots)
        --pivot;
      return qr;
    }

    void
    PivotedQR::apply_transposed(const HostColumn &b) const
    {
      const int n = lapack_int(b.extent(0)), one = 1;
      if (n == 0)
        return;
      const int lda   = leading_dimension(factors);
      auto      work  = qr_workspace(n);
      const int lwork = lapack_int(work.size());
      int       info  = 0;
      dormqr_("L",
              "T",
              &n,
              &one,
              &n,
              factors.data(),
              &lda,
              tau.data(),
              b.data(),
              &n,
              work.data(),
              &lwork,
              &info);
    }
  } // namespace internal
} // namespace lsr
