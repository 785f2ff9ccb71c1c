// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_orthonormalization_h
#define lsr_dense_orthonormalization_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <vector>

namespace lsr
{
  /// The order in which a factorization takes the columns of a matrix.
  enum class Pivoting
  {
    /// As they come. The right choice where columns are sorted by importance.
    none,
    /// Next is one with nearly the longest part orthogonal to those taken.
    columns
  };



  /**
   * How the orthonormal columns $Q$ that orthonormalize() made are related to
   * the columns $W$ it was given. With $P$ the matrix that permutes columns
   * into the order of @p pivots and $k$ = @p n_columns,
   * @f[
   *   W P_{1:k} = Q R, \qquad Q = W T .
   * @f]
   */
  struct Orthonormalization
  {
    /// $r \times k$; the zero rows are those of columns that were dropped.
    Block T;
    /// $k \times k$, upper triangular.
    Block R;
    /// The columns of $W$: first the $k$ that were kept, then the others.
    std::vector<int> pivots;
    /// $k$, how many columns there are in $Q$.
    unsigned int n_columns;
  };

  /**
   * Replace the columns of @p W by orthonormal ones that span the same space.
   *
   * A column is dropped when its part orthogonal to those kept is shorter than
   * @p drop_tolerance times the longest column of @p W. With Pivoting::columns
   * the next is one with nearly the longest such part (pivoted_qr()); with
   * Pivoting::none columns keep their order, which matters for bases that are
   * sorted by importance.
   *
   * The columns are orthonormal to rounding no matter how dependent those of
   * @p W were: the triangle of a Householder QR (AppendRowsQR) tells which
   * columns to keep, $Q = W P R^{-1}$ by a triangular solve is orthonormal up
   * to rounding times the condition of $R$, and a second pass with the Cholesky
   * factor of $Q^T Q$ removes the rest. For ill-conditioned columns $Q = W T$
   * holds up to rounding times
   * $\|W\| \|T\|$, whereas $W P_{1:k} = Q R$ always holds to rounding.
   *
   * \param [in,out] W this rank's rows ($n \times r$), overwritten with the
   *   rows of $Q$ ($n \times k$, a slice of the same memory)
   * \param [in] drop_tolerance between 0 and 1; the least that is honoured is
   *   a few times the machine precision
   * \param [in] pivoting the order in which columns are taken
   * \param [in] communicator the ranks that share the rows
   *
   * Collective; every rank gets the same bits in $T$ and $R$. Needs memory
   * for a few $r \times r$ blocks besides @p W. Throws Error if @p W has
   * entries that are not finite.
   */
  Orthonormalization
  orthonormalize(Block              &W,
                 double              drop_tolerance,
                 Pivoting            pivoting,
                 const Communicator &communicator);
} // namespace lsr

#endif
