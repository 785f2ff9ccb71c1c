// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_orthonormalization_h
#define lsr_dense_orthonormalization_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <cstdint>
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
   * How the columns $B$ that orthonormalize() or well_conditioned_basis() made
   * are related to the columns $W$ they were given. With $P$ the matrix that
   * permutes columns into the order of @p pivots and $k$ = @p n_columns,
   * $W P_{1:k} = B R$.
   */
  struct ChangeOfBasis
  {
    /// $k \times k$, upper triangular.
    Block R;
    /// The columns of $W$: first the $k$ that were kept, then the others.
    std::vector<int> pivots;
    /// $k$, how many columns there are in $B$.
    unsigned int n_columns;

    /// $y$ of $W y = B z$: as many entries as $W$ has columns, zero for those
    /// that were dropped.
    Column
    coefficients(const Column &z) const;
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
   * factor of $Q^T Q$ removes the rest. $W P_{1:k} = Q R$ always holds to
   * rounding; for ill-conditioned columns $Q z = W y$ with the coefficients $y$
   * of $z$ holds up to rounding times $\|W\| \|y\|$.
   *
   * \param [in,out] W this rank's rows ($n \times r$), overwritten with the
   *   rows of $Q$ ($n \times k$, a slice of the same memory)
   * \param [in] drop_tolerance between 0 and 1; the least that is honoured is
   *   a few times the machine precision
   * \param [in] pivoting the order in which columns are taken
   * \param [in] communicator the ranks that share the rows
   *
   * Collective; every rank gets the same bits in $R$. Needs memory
   * for a few $r \times r$ blocks besides @p W. Throws Error if @p W has
   * entries that are not finite.
   */
  ChangeOfBasis
  orthonormalize(Block              &W,
                 double              drop_tolerance,
                 Pivoting            pivoting,
                 const Communicator &communicator);

  /// A number for each row of a matrix on this rank, by which it is known in
  /// whatever order and on whatever rank it comes. Different rows may have the
  /// same where these are nearly equal.
  using RowLabels = std::vector<std::uint64_t>;

  /**
   * Replace the columns of @p W by well-conditioned ones $B$ that span the same
   * space: their condition number is 6 or so, which is all that a
   * least-squares problem asks for, and they cost a quarter of orthonormal
   * ones, $n r^2$ operations for $n$ rows.
   *
   * Parameters, and what is dropped, are those of orthonormalize(), with
   * lengths that are known up to a factor between 0.3 and 1.7: they are those
   * of a sketch, sums of rows of @p W with random signs that are twice as many
   * as there are columns. Signs are those of the @p labels. Its pivoted QR
   * factorization gives $R$, and a triangular solve $B = W P R^{-1}$. The
   * leading columns span what those of orthonormalize() span. Where the sketch
   * does not serve, as for fewer than $4 r$ rows or tolerances near rounding,
   * the columns are orthonormal.
   *
   * Collective; every rank gets the same bits in $R$, and up to rounding the
   * same on any number of ranks. Throws Error as orthonormalize() does, and if
   * there are not as many labels as rows.
   *
   * Source: O. Balabanov, L. Grigori, Randomized Gram-Schmidt process with
   * application to GMRES, SIAM J. Sci. Comput. 44 (2022); V. Rokhlin,
   * M. Tygert, A fast randomized algorithm for overdetermined linear
   * least-squares regression, PNAS 105 (2008).
   */
  ChangeOfBasis
  well_conditioned_basis(Block              &W,
                         const RowLabels    &labels,
                         double              drop_tolerance,
                         Pivoting            pivoting,
                         const Communicator &communicator);
} // namespace lsr

#endif
