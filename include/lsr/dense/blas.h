// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_blas_h
#define lsr_dense_blas_h

#include <lsr/base/types.h>

namespace lsr
{
  /**
   * Compute $C := \alpha\, \mathrm{op}(A)\, \mathrm{op}(B) + \beta\, C$,
   * where op is the identity for 'N' and the transpose for 'T'. With
   * @p beta = 0 the entries of @p C need not be initialized.
   *
   * \param [in] alpha factor of the product
   * \param [in] transpose_A 'N' or 'T'
   * \param [in] A op(A) is $m \times k$
   * \param [in] transpose_B 'N' or 'T'
   * \param [in] B op(B) is $k \times n$
   * \param [in] beta factor of the previous @p C
   * \param [in,out] C $m \times n$
   *
   * Throws Error if the extents do not fit. Any of them may be zero. Runs in
   * KokkosKernels, and there in the BLAS of the execution space.
   */
  void
  multiply(double       alpha,
           char         transpose_A,
           const Block &A,
           char         transpose_B,
           const Block &B,
           double       beta,
           const Block &C);

  /// Compute $y := \alpha\, \mathrm{op}(A)\, x + \beta\, y$.
  void
  multiply(double        alpha,
           char          transpose_A,
           const Block  &A,
           const Column &x,
           double        beta,
           const Column &y);

  /// $x^T y$ of this rank's entries.
  double
  dot(const Column &x, const Column &y);

  /// $\|x\|_2$ of this rank's entries.
  double
  norm(const Column &x);

  /**
   * Solve $R X = B$ in place.
   *
   * \param [in] R $r \times r$, only its upper triangle is read
   * \param [in,out] B $r \times n$, overwritten with $R^{-1} B$
   *
   * No test for singularity: a zero on the diagonal gives infinities.
   */
  void
  solve_upper_triangular(const Block &R, const Block &B);

  /// @copydoc solve_upper_triangular(const Block&, const Block&)
  void
  solve_upper_triangular(const Block &R, const Column &b);

  /**
   * Solve $X R = B$ in place: $B := B R^{-1}$.
   *
   * \param [in,out] B $n \times r$
   * \param [in] R $r \times r$, only its upper triangle is read
   */
  void
  divide_by_upper_triangular(const Block &B, const Block &R);
} // namespace lsr

#endif
