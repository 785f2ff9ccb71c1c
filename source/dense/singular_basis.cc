// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/singular_basis.h"

#include <lsr/base/device.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>

#include <cmath>
#include <string>
#include <vector>

#include "by_columns.h"
#include "factorization.h"
#include "lapack.h"
#include "passes.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2>>;

    // Rows and columns that are transposed together: on a GPU, by one block of
    // threads, which have to share its registers.
    constexpr long tile = blocks_on_host ? 32 : 16;

    // Columns of the matrix that are treated at a time: enough for fast
    // products, few enough for cache.
    constexpr std::size_t n_buffer_columns = 2048;

    template <typename Matrix>
    void
    transpose(const Matrix &A, const Block &B)
    {
      Kokkos::parallel_for(
        "lsr::transpose",
        Policy({0, 0},
               {static_cast<long>(A.extent(0)), static_cast<long>(A.extent(1))},
               {tile, tile}),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          B(j, i) = A(i, j);
        });
      Kokkos::fence();
    }

    // Call visit(piece, first, last) for pieces of some columns, in double
    // precision.
    template <typename Visit>
    void
    for_each_piece(const Block &B, const Visit &visit)
    {
      for (std::size_t j = 0; j < B.extent(1); j += n_buffer_columns)
        {
          const std::size_t end = std::min(j + n_buffer_columns, B.extent(1));
          visit(columns(B, j, end), j, end);
        }
    }

    template <typename Visit>
    void
    for_each_piece(const FloatBlock &B, const Visit &visit)
    {
      const Block buffer =
        make_block(B.extent(0), std::min(n_buffer_columns, B.extent(1)));
      for (std::size_t j = 0; j < B.extent(1); j += n_buffer_columns)
        {
          const std::size_t end   = std::min(j + n_buffer_columns, B.extent(1));
          const Block       piece = columns(buffer, 0, end - j);
          Kokkos::deep_copy(piece,
                            Kokkos::subview(B,
                                            Kokkos::ALL(),
                                            Kokkos::make_pair(j, end)));
          visit(piece, j, end);
        }
    }

    // The upper triangle of B B^T, by blocks of columns so that little of the
    // lower one is computed.
    template <typename Matrix>
    HostBlock
    gram_matrix(const Matrix &B)
    {
      constexpr std::size_t width = 256;
      const std::size_t     k     = B.extent(0);
      const Block           N     = make_zero_block(k, k);
      for_each_piece(
        B, [&](const Block &piece, const std::size_t, const std::size_t) {
          for (std::size_t j = 0; j < k; j += width)
            {
              const std::size_t end = std::min(j + width, k);
              multiply(1.,
                       'N',
                       rows(piece, 0, end),
                       'T',
                       rows(piece, j, end),
                       1.,
                       columns(rows(N, 0, end), j, end));
            }
        });
      require_finite(upper_triangle_of(N, k),
                     "right_singular_basis: the matrix");
      return to_host(N);
    }

    // The triangle R of B^T = Q R by a Cholesky factorization of the Gram
    // matrix of the scaled rows; empty where these are nearly dependent.
    HostBlock
    cholesky_triangle(const HostBlock &gram)
    {
      const std::size_t   k = gram.extent(0);
      std::vector<double> length(k);
      for (std::size_t j = 0; j < k; ++j)
        {
          length[j] = std::sqrt(gram(j, j));
          if (length[j] == 0)
            return {};
        }
      const HostBlock C = upper_triangle(gram, k);
      for (std::size_t j = 0; j < k; ++j)
        for (std::size_t i = 0; i <= j; ++i)
          C(i, j) = C(i, j) / length[i] / length[j];
      const int n    = lapack_int(k);
      const int ldc  = leading_dimension(C);
      int       info = 0;
      dpotrf_("U", &n, C.data(), &ldc, &info);

      // The diagonal is at most 1, and its square the part of a row that is
      // orthogonal to those above.
      constexpr double smallest = 1e-5;
      for (std::size_t j = 0; j < k; ++j)
        if (info != 0 || !(C(j, j) > smallest))
          return {};
      for (std::size_t j = 0; j < k; ++j)
        for (std::size_t i = 0; i <= j; ++i)
          C(i, j) *= length[j];
      return C;
    }

    // The same triangle by Householder reflections.
    template <typename Matrix>
    HostBlock
    householder_triangle(const Matrix &B)
    {
      AppendRowsQR qr(B.extent(0));
      const Block  buffer =
        make_block(std::min(B.extent(1), n_buffer_columns), B.extent(0));
      for_each_piece(B,
                     [&](const Block      &piece,
                         const std::size_t first,
                         const std::size_t last) {
                       const Block some = rows(buffer, 0, last - first);
                       transpose(piece, some);
                       qr.append(some);
                     });
      return to_host(qr.R());
    }

    // How many of the singular values, largest first, are not zero to rounding.
    std::size_t
    count_significant(const std::vector<double> &sigma)
    {
      std::size_t n = 0;
      while (n < sigma.size() && sigma[n] > 1e-15 * sigma[0])
        ++n;
      return n;
    }

    template <typename Matrix>
    SingularBasis
    compute(const Matrix &B, const std::size_t r)
    {
      const std::size_t k = B.extent(0), m = B.extent(1);
      require(k <= m && r <= k,
              "right_singular_basis: r <= k <= m expected for a k x m matrix, "
              "found r = " +
                std::to_string(r) + ", k = " + std::to_string(k) +
                ", m = " + std::to_string(m) + ".");

      HostBlock  R           = cholesky_triangle(gram_matrix(B));
      const bool independent = R.extent(0) == k;
      if (!independent)
        R = householder_triangle(B);
      const HostBlock copy = make_host_block(k, k);
      Kokkos::deep_copy(copy, R);
      const SVD         svd  = singular_value_decomposition(copy);
      const std::size_t rank = std::min(r, count_significant(svd.s));

      // V = B^T W. Where R cannot be inverted, W comes from the left singular
      // vectors of B, the right ones of R.
      const HostBlock  W = make_host_block(k, rank);
      const HostColumn sigma("lsr::HostColumn", rank);
      for (std::size_t j = 0; j < rank; ++j)
        {
          sigma(j) = svd.s[j];
          for (std::size_t i = 0; i < k; ++i)
            W(i, j) = independent ? svd.U(i, j) : svd.VT(j, i) / svd.s[j];
        }
      const Block weights = to_memory_space(W);
      if (independent)
        solve_upper_triangular(to_memory_space(R), weights);

      Block V = make_block(m, rank);
      for_each_piece(
        B,
        [&](const Block      &piece,
            const std::size_t first,
            const std::size_t last) {
          multiply(1., 'T', piece, 'N', weights, 0., rows(V, first, last));
        });
      restore_orthonormality(V, Communicator(), [](const Block &) {});
      return {V,
              Kokkos::subview(to_memory_space(sigma),
                              Kokkos::make_pair(std::size_t(0), V.extent(1)))};
    }
  } // namespace

  SingularBasis
  right_singular_basis(const Block &B, const std::size_t r)
  {
    return compute(B, r);
  }

  SingularBasis
  right_singular_basis(const FloatBlock &B, const std::size_t r)
  {
    return compute(B, r);
  }
} // namespace lsr
