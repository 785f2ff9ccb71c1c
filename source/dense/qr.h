// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_qr_h
#define lsr_dense_qr_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>
#include <lsr/dense/orthonormalization.h>

#include <optional>
#include <vector>

namespace lsr
{
  /**
   * The triangle $R$ of $X = Q R$ by Householder reflections (geqrf of LAPACK,
   * on a GPU of cuSOLVER), zeros below the diagonal.
   *
   * \param [in,out] X $m \times n$ with $m \geq n$; overwritten
   * \return $R$, $n \times n$
   *
   * Throws Error if there are more columns than rows.
   */
  Block
  householder_qr(const Block &X);



  /**
   * $S X$ with a random sparse matrix $S$ of @p n_rows rows: with twice as many
   * of them as columns, lengths of combinations of columns remain what they
   * were up to a factor between 0.3 and 1.7.
   *
   * Every row of @p X goes with random signs into 8 rows of the sketch, which
   * are those of its label. The same on all ranks, and up to rounding the same
   * however rows are ordered and distributed. Collective. Deterministic.
   */
  Block
  sketch(const Block        &X,
         const RowLabels    &labels,
         std::size_t         n_rows,
         const Communicator &communicator);



  /**
   * The triangle $R$ of $X = Q R$ by a randomized Cholesky QR factorization,
   * which consists of products and triangular solves of large blocks where
   * Householder reflections go column by column: the faster way on a GPU.
   *
   * A sketch $S X$ of twice as many rows as @p X has columns, sums of rows of
   * @p X with random signs, has a triangle $R_s$ (of Householder reflections)
   * that makes the columns of $Y = X R_s^{-1}$ nearly orthonormal whatever the
   * condition of @p X is, and with the Cholesky factor $Y^T Y = C^T C$,
   * $R = C R_s$. The error is that of Householder reflections, a small multiple
   * of rounding times the length of each column.
   *
   * \param [in,out] X $m \times n$; overwritten
   * \return $R$, $n \times n$, zeros below the diagonal, or nothing
   *
   * Nothing is returned where this is not safe: if $Y$ is far from orthonormal
   * or not finite, as it may be where columns are dependent to rounding, or if
   * there are fewer than $4 n$ rows, too few for the sketch to pay.
   * Deterministic.
   *
   * Source: O. Balabanov, Randomized Cholesky QR factorizations,
   * arXiv 2210.09953; A. Higgins, D. Szyld, E. Boman, I. Yamazaki, Analysis of
   * Randomized Householder-Cholesky QR Factorization with Multisketching,
   * arXiv 2309.05868.
   */
  std::optional<Block>
  cholesky_qr(const Block &X);



  /// $X P = Q R$: column $j$ of $Q R$ is column pivots[j] of $X$.
  struct PivotedQR
  {
    /// $n \times n$, zeros below the diagonal.
    Block R;

    std::vector<int> pivots;
  };

  /**
   * A QR factorization with column pivoting, which moves columns that depend on
   * others to the end, in products of blocks where LAPACK's geqp3 reads all of
   * the matrix for every column.
   *
   * For 64 columns at a time: random signs times what remains of the matrix
   * below the rows already factored give a sketch with 8 rows more than columns
   * to be picked; an LU factorization with row pivoting of the transposed
   * sketch picks some more columns than needed, of which a pivoted QR of their
   * part of the sketch keeps and sorts the best; Householder reflections
   * follow. The diagonal of $R$ decreases, but for a small factor between
   * neighbours.
   *
   * \param [in,out] X $m \times n$ with $m \geq n$; overwritten
   * \param [in,out] B right hand sides, $m \times k$ or empty; overwritten with
   *   $Q^T B$
   *
   * Throws Error if there are more columns than rows, or right hand sides of
   * another number of rows. Deterministic.
   *
   * Source: P.-G. Martinsson, G. Quintana-Orti, N. Heavner, R. van de Geijn,
   * Householder QR factorization with randomization for column pivoting
   * (HQRRP), SIAM J. Sci. Comput. 39 (2017); for pivots from an LU
   * factorization M. Melnichenko et al., Anatomy of high-performance
   * column-pivoted QR decomposition, arXiv 2507.00976.
   */
  PivotedQR
  pivoted_qr(const Block &X, const Block &B = Block());
} // namespace lsr

#endif
