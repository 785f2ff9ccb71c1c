// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/dense/sparse_matrix.h>

#include <KokkosSparse_CrsMatrix.hpp>
#include <KokkosSparse_spmv.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/to_view.h"
#include "operands.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    using Matrix =
      KokkosSparse::CrsMatrix<double, int, Block::device_type, void, int>;

    /// On the host KokkosKernels goes through all columns for every entry of
    /// the matrix, and has forgotten the first ones when it comes back. Few
    /// columns stay in the cache.
    std::size_t
    columns_at_a_time(const std::size_t n_columns)
    {
      return blocks_on_host ? 16 : n_columns;
    }
  } // namespace



  void
  CompressedRows::check(const std::string &name) const
  {
    require(!starts.empty() && starts.front() == 0 &&
              std::is_sorted(starts.begin(), starts.end()),
            name +
              ": starts of rows that begin with 0 and never fall expected");
    require(static_cast<std::size_t>(starts.back()) == columns.size() &&
              columns.size() == values.size(),
            name + ": as many columns and values as the " +
              std::to_string(starts.back()) +
              " entries of all rows expected, found " +
              std::to_string(columns.size()) + " and " +
              std::to_string(values.size()));
    const auto outside = std::find_if(
      columns.begin(), columns.end(), [this](const std::int64_t column) {
        return column < 0 || static_cast<std::size_t>(column) >= n_columns;
      });
    if (outside != columns.end())
      throw Error(name + ": columns from 0 to below " +
                  std::to_string(n_columns) + " expected, found " +
                  std::to_string(*outside));
    require(std::all_of(values.begin(),
                        values.end(),
                        [](const double x) { return std::isfinite(x); }),
            name + ": finite entries expected, found one that is not");
  }



  struct SparseMatrix::Implementation
  {
    Matrix matrix;
  };



  SparseMatrix::SparseMatrix(const CompressedRows &rows)
  {
    rows.check("SparseMatrix");
    constexpr std::size_t largest = std::numeric_limits<int>::max();
    require(std::max({rows.n_rows(), rows.n_columns, rows.values.size()}) <
              largest,
            "SparseMatrix: less than " + std::to_string(largest) +
              " rows, columns and entries expected, found " +
              extents(rows.n_rows(), rows.n_columns) + " and " +
              std::to_string(rows.values.size()));
    using Starts   = Matrix::row_map_type::non_const_type;
    implementation = std::make_shared<Implementation>(
      Implementation{Matrix("lsr::SparseMatrix",
                            rows.n_rows(),
                            rows.n_columns,
                            rows.values.size(),
                            to_view<Matrix::values_type>(rows.values),
                            to_view<Starts>(rows.starts),
                            to_view<Matrix::index_type>(rows.columns))});
  }



  std::size_t
  SparseMatrix::n_rows() const
  {
    return implementation->matrix.numRows();
  }



  std::size_t
  SparseMatrix::n_columns() const
  {
    return implementation->matrix.numCols();
  }



  void
  multiply(const double        alpha,
           const char          transpose_A,
           const SparseMatrix &A,
           const Block        &X,
           const double        beta,
           const Block        &Y)
  {
    const bool A_t = is_transposed(transpose_A);
    require(X.extent(0) == (A_t ? A.n_rows() : A.n_columns()) &&
              Y.extent(0) == (A_t ? A.n_columns() : A.n_rows()) &&
              X.extent(1) == Y.extent(1),
            std::string("multiply: op(A) X = Y expected, found A ") +
              extents(A.n_rows(), A.n_columns()) + " (" + transpose_A +
              "), X " + extents(X) + ", Y " + extents(Y) + ".");
    if (Y.size() == 0)
      return;
    const Matrix &matrix = A.implementation->matrix;
    if (matrix.nnz() == 0)
      {
        scale(beta, Y);
        return;
      }
    // Some versions of KokkosKernels read what they overwrite, and keep what is
    // not a number.
    if (beta == 0)
      Kokkos::deep_copy(Y, 0.);
    const std::size_t n = columns_at_a_time(X.extent(1));
    for (std::size_t first = 0; first < X.extent(1); first += n)
      {
        const std::size_t last = std::min(first + n, X.extent(1));
        KokkosSparse::spmv(A_t ? "T" : "N",
                           alpha,
                           matrix,
                           columns(X, first, last),
                           beta,
                           columns(Y, first, last));
      }
  }



  void
  multiply(const double        alpha,
           const char          transpose_A,
           const SparseMatrix &A,
           const Column       &x,
           const double        beta,
           const Column       &y)
  {
    multiply(alpha, transpose_A, A, as_block(x), beta, as_block(y));
  }
} // namespace lsr
