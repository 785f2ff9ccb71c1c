// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_append_rows_qr_h
#define lsr_dense_append_rows_qr_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <cstddef>
#include <vector>

namespace lsr
{
  /**
   * The triangle of a Householder QR factorization whose rows arrive in blocks.
   *
   * For a matrix $G$ ($n \times r$) and a right hand side $b$ ($n$), neither
   * of which is ever held at once, the class keeps only
   * @f[
   *   \begin{pmatrix} R & z \\ 0 & \rho \end{pmatrix}
   *   = Q^T \begin{pmatrix} G & b \end{pmatrix},
   * @f]
   * $R$ upper triangular ($r \times r$), $z = Q^T b$, and $\rho$ the norm of
   * the part of $b$ that is orthogonal to the columns of $G$. Thus
   * $\min_y \|G y - b\| = \rho$, attained where $R y = z$; LeastSquares takes
   * it from there. $\rho$ is a sum of squares, never a difference, and so
   * remains accurate when it is many orders below $\|b\|$.
   *
   * @code
   * AppendRowsQR qr(r);
   * for (const auto &[rows, rhs] : blocks)
   *   qr.append(rows, rhs);
   * qr.reduce(communicator);
   * const LeastSquares least_squares(qr);
   * @endcode
   *
   * The factorization is that of LAPACK's tpqrt: Householder reflections that
   * combine the triangle so far with the new rows, at the cost
   * $2 n r^2$ of an ordinary QR. On a GPU it is cholesky_qr() of both together,
   * or cuSOLVER's Householder reflections where that is not safe; there rows
   * should come in few large blocks. The signs of the rows of $R$ are
   * arbitrary.
   */
  class AppendRowsQR
  {
  public:
    /// Start with no rows: $R$, $z$ and $\rho$ are zero.
    explicit AppendRowsQR(std::size_t n_columns);

    /**
     * Append rows.
     *
     * \param [in,out] rows $m \times r$, any $m \geq 0$; overwritten
     * \param [in,out] rhs the $m$ entries of $b$; overwritten
     *
     * Throws Error if the extents do not fit.
     */
    void
    append(const Block &rows, const Column &rhs);

    /// Append rows where there is no right hand side: $b = 0$.
    void
    append(const Block &rows);

    /// Append the rows that @p other has seen, at the cost of $r$ rows. Throws
    /// Error if it has other columns.
    void
    append(const AppendRowsQR &other);

    /**
     * Combine the triangles of all ranks into that of all rows. Afterwards all
     * ranks hold the same bits. Collective; sends $O(r^2)$ numbers.
     */
    void
    reduce(const Communicator &communicator);

    std::size_t
    n_columns() const;

    /// Number of rows so far; after reduce(), of all ranks.
    std::size_t
    n_rows() const;

    /// The triangle $R$ ($r \times r$, zeros below the diagonal).
    Block
    R() const;

    /// $z = Q^T b$ ($r$).
    Column
    z() const;

    /// $\rho^2$, the squared norm of the part of $b$ outside of the columns.
    double
    rho2() const;

    /// The loss $\|G y - b\|^2 = \|R y - z\|^2 + \rho^2$ of coefficients
    /// @p y.
    double
    loss(const Column &y) const;

  private:
    /// $R$, $z$ and $\rho$ as one triangle of extent $r + 1$.
    Block triangle;

    std::size_t row_count = 0;
  };



  /// The factorization of all rows that some others, at least one, have seen.
  AppendRowsQR
  sum(const std::vector<AppendRowsQR> &parts);
} // namespace lsr

#endif
