// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/singular_basis.h>

#include <string>
#include <vector>

#include "lapack.h"
#include "passes.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2>>;

    void
    transpose(const Block &A, const Block &B)
    {
      Kokkos::parallel_for(
        "lsr::transpose",
        Policy({0, 0},
               {static_cast<long>(A.extent(0)), static_cast<long>(A.extent(1))},
               {32, 32}),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          B(j, i) = A(i, j);
        });
      Kokkos::fence();
    }

    // The triangle of the QR factorization of the transpose.
    HostBlock
    triangle_of_transpose(const Block &B)
    {
      constexpr std::size_t n_buffer_rows = 4096;
      const std::size_t     k = B.extent(0), m = B.extent(1);
      AppendRowsQR          qr(k);
      const Block           buffer = make_block(std::min(m, n_buffer_rows), k);
      for (std::size_t j = 0; j < m; j += n_buffer_rows)
        {
          const std::size_t end = std::min(j + n_buffer_rows, m);
          const Block       rows =
            Kokkos::subview(buffer,
                            Kokkos::make_pair(std::size_t(0), end - j),
                            Kokkos::ALL());
          transpose(columns(B, j, end), rows);
          qr.append(rows);
        }
      const HostBlock R = to_host(qr.R());
      require_finite(R, "right_singular_basis: the matrix");
      return R;
    }

    // How many of the singular values, largest first, are not noise.
    std::size_t
    count_significant(const std::vector<double> &sigma)
    {
      std::size_t n = 0;
      while (n < sigma.size() && sigma[n] > 1e-14 * sigma[0])
        ++n;
      return n;
    }
  } // namespace

  SingularBasis
  right_singular_basis(const Block &B, const std::size_t r)
  {
    const std::size_t k = B.extent(0), m = B.extent(1);
    require(k <= m && r <= k,
            "right_singular_basis: r <= k <= m expected for a k x m matrix, "
            "found r = " +
              std::to_string(r) + ", k = " + std::to_string(k) +
              ", m = " + std::to_string(m) + ".");

    // The left singular vectors of B are the right ones of the triangle.
    const SVD svd = singular_value_decomposition(triangle_of_transpose(B));
    const std::size_t rank = std::min(r, count_significant(svd.s));
    const HostBlock   U    = make_host_block(k, rank);
    const HostColumn  sigma("lsr::HostColumn", rank);
    for (std::size_t j = 0; j < rank; ++j)
      {
        sigma(j) = svd.s[j];
        for (std::size_t i = 0; i < k; ++i)
          U(i, j) = svd.VT(j, i) / svd.s[j];
      }

    const Block V = make_block(m, rank);
    multiply(1., 'T', B, 'N', to_memory_space(U), 0., V);
    restore_orthonormality(V, Communicator(), [](const Block &) {});
    return {V, to_memory_space(sigma)};
  }
} // namespace lsr
