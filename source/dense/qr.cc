// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/qr.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/sparse_matrix.h>

#include <cstdint>
#include <numeric>
#include <string>

#include "factorization.h"
#include "passes.h"
#include "random_bits.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    // Rows that go into how many rows of a sketch.
    constexpr std::uint64_t n_terms = 8;

    /// The matrix $S$ of a sketch.
    SparseMatrix
    random_signs(const RowLabels &labels, const std::size_t n_rows)
    {
      const auto for_each_entry = [&](const auto &function) {
        for (std::size_t column = 0; column < labels.size(); ++column)
          for (std::uint64_t term = 0; term < n_terms; ++term)
            {
              const std::uint64_t bits =
                random_bits(random_bits(labels[column]) + term);
              function((bits >> 1) % n_rows, column, bits & 1 ? 1. : -1.);
            }
      };
      CompressedRows S;
      S.n_columns = labels.size();
      S.starts.assign(n_rows + 1, 0);
      for_each_entry([&](const std::size_t row, std::size_t, double) {
        ++S.starts[row + 1];
      });
      std::partial_sum(S.starts.begin(), S.starts.end(), S.starts.begin());
      S.columns.resize(S.starts.back());
      S.values.resize(S.starts.back());
      std::vector<std::int64_t> next = S.starts;
      for_each_entry([&](const std::size_t row,
                         const std::size_t column,
                         const double      sign) {
        S.columns[next[row]]  = column;
        S.values[next[row]++] = sign;
      });
      return SparseMatrix(S);
    }

    /// Whether the diagonal of the Cholesky factor @p C of a Gram matrix is
    /// near 1, as it is for columns that a sketch has made nearly orthonormal,
    /// and hardly is for others.
    bool
    has_diagonal_near_one(const Block &C)
    {
      std::size_t n_bad = 0;
      Kokkos::parallel_reduce(
        "lsr::has_diagonal_near_one",
        Kokkos::RangePolicy<ExecutionSpace>(0, C.extent(0)),
        KOKKOS_LAMBDA(const std::size_t j, std::size_t &n) {
          // Also true for what is not a number.
          if (!(C(j, j) > 0.05 && C(j, j) < 20.))
            ++n;
        },
        n_bad);
      return n_bad == 0;
    }
  } // namespace



  Block
  sketch(const Block        &X,
         const RowLabels    &labels,
         const std::size_t   n_rows,
         const Communicator &communicator)
  {
    const Block SX = make_block(n_rows, X.extent(1));
    if (SX.size() == 0)
      return SX;
    multiply(1., 'N', random_signs(labels, n_rows), X, 0., SX);
    communicator.sum(SX);
    return broadcast(SX, communicator);
  }



  Block
  householder_qr(const Block &X)
  {
    require(X.extent(0) >= X.extent(1),
            "householder_qr: no more columns than rows expected, found " +
              std::to_string(X.extent(0)) + " x " +
              std::to_string(X.extent(1)) + ".");
    geqrf(X);
    return upper_triangle_of(X, X.extent(1));
  }



  std::optional<Block>
  cholesky_qr(const Block &X)
  {
    const std::size_t n = X.extent(1);
    if (n == 0 || X.extent(0) < 4 * n)
      return {};
    RowLabels labels(X.extent(0));
    std::iota(labels.begin(), labels.end(), 0);
    const Block R = householder_qr(sketch(X, labels, 2 * n, Communicator()));
    divide_by_upper_triangular(X, R);
    const Block C = product_triangle(X, X);
    if (cholesky(C) < n || !has_diagonal_near_one(C))
      return {};
    return product_of_triangles(C, R);
  }
} // namespace lsr
