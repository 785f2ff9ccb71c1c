// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_singular_basis_h
#define lsr_dense_singular_basis_h

#include <lsr/base/types.h>

#include <cstddef>

namespace lsr
{
  /// The leading right singular vectors of a matrix, see
  /// right_singular_basis().
  struct SingularBasis
  {
    /// Orthonormal columns ($m \times r$).
    Block V;
    /// The singular values ($r$), largest first.
    Column sigma;
  };

  /**
   * The @p r leading right singular vectors and singular values of a wide
   * matrix, $B = U \,\mathrm{diag}(\sigma)\, V^T$.
   *
   * \param [in] B $k \times m$ with $k \leq m$
   * \param [in] r how many, at most $k$
   *
   * Directions with $\sigma_j \leq 10^{-14} \sigma_1$ are noise and are left
   * out, so that there can be fewer than @p r columns; for $B = 0$ there are
   * none.
   *
   * The rows of $B^T$ stream through AppendRowsQR, $B^T = Q R$; the singular
   * value decomposition $R^T = U \,\mathrm{diag}(\sigma)\, X^T$ gives
   * $V = B^T U \,\mathrm{diag}(\sigma)^{-1}$, which a Cholesky factorization
   * of $V^T V$ makes orthonormal to rounding. Besides @p B and the result there
   * is no block with $m$ rows or columns. Throws Error if $k > m$, $r > k$, or
   * an entry is not finite.
   */
  SingularBasis
  right_singular_basis(const Block &B, std::size_t r);
} // namespace lsr

#endif
