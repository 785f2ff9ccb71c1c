// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_sparse_matrix_h
#define lsr_dense_sparse_matrix_h

#include <lsr/base/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A sparse matrix row by row (CSR) in host memory, as it is assembled or
   * stands in a file: the entries of row $i$ are number starts[i] to
   * starts[i + 1] - 1 of @p columns and @p values.
   */
  struct CompressedRows
  {
    std::size_t n_columns = 0;

    /// One more than there are rows; the first is 0.
    std::vector<std::int64_t> starts = {0};

    std::vector<std::int64_t> columns;
    std::vector<double>       values;

    std::size_t
    n_rows() const
    {
      return starts.empty() ? 0 : starts.size() - 1;
    }

    /// Append an entry to the last row, which end_row() ends.
    void
    add(const std::size_t column, const double value)
    {
      columns.push_back(static_cast<std::int64_t>(column));
      values.push_back(value);
    }

    /// End the last row; what is added from now on belongs to a new one.
    void
    end_row()
    {
      starts.push_back(static_cast<std::int64_t>(columns.size()));
    }

    /// Throw lsr::Error, with @p name for the matrix, unless the starts rise
    /// from 0 to the number of entries, every entry has a column below
    /// n_columns, and all values are finite.
    void
    check(const std::string &name) const;
  };



  /**
   * A sparse matrix where Block lives, on the host or on a GPU, for products
   * with blocks. It does not change; copies share the entries.
   */
  class SparseMatrix
  {
  public:
    /// Throws lsr::Error as CompressedRows::check() does, and if there are more
    /// rows, columns or entries than an int can count.
    explicit SparseMatrix(const CompressedRows &rows = {});

    std::size_t
    n_rows() const;

    std::size_t
    n_columns() const;

  private:
    struct Implementation;
    std::shared_ptr<const Implementation> implementation;

    friend void
    multiply(double              alpha,
             char                transpose_A,
             const SparseMatrix &A,
             const Block        &X,
             double              beta,
             const Block        &Y);
  };



  /**
   * Compute $Y := \alpha\, \mathrm{op}(A)\, X + \beta\, Y$, where op is the
   * identity for 'N' and the transpose for 'T'. With @p beta = 0 the entries of
   * @p Y need not be initialized.
   *
   * \param [in] alpha factor of the product
   * \param [in] transpose_A 'N' or 'T'
   * \param [in] A op(A) is $m \times k$
   * \param [in] X $k \times n$
   * \param [in] beta factor of the previous @p Y
   * \param [in,out] Y $m \times n$
   *
   * Throws lsr::Error if the extents do not fit. Any of them may be zero. Runs
   * in KokkosKernels (cuSPARSE on a GPU).
   */
  void
  multiply(double              alpha,
           char                transpose_A,
           const SparseMatrix &A,
           const Block        &X,
           double              beta,
           const Block        &Y);

  /// The same for a vector.
  void
  multiply(double              alpha,
           char                transpose_A,
           const SparseMatrix &A,
           const Column       &x,
           double              beta,
           const Column       &y);
} // namespace lsr

#endif
