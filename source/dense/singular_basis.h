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
   * Directions with $\sigma_j \leq 10^{-15} \sigma_1$ are noise and are left
   * out, so that there can be fewer than @p r columns; for $B = 0$ there are
   * none.
   *
   * With the diagonal $D$ of the lengths of the rows of $B$ and the Cholesky
   * factor $D^{-1} B B^T D^{-1} = C^T C$, the triangle $R = C D$ is that of
   * $B^T = Q R$, accurate for small singular values also if rows differ much in
   * length. It holds $\sigma$ in its decomposition
   * $R = X \,\mathrm{diag}(\sigma)\, U^T$ and gives $V = B^T R^{-1} X$, which
   * a second Cholesky factorization makes orthonormal to rounding. Only if the
   * rows are nearly dependent even when scaled, the triangle is computed by
   * Householder reflections (AppendRowsQR), for several times the work.
   *
   * Besides @p B and the result there is no block with $m$ rows or columns.
   * Throws Error if $k > m$, $r > k$, or an entry is not finite.
   */
  SingularBasis
  right_singular_basis(const Block &B, std::size_t r);

  /**
   * The same for a matrix in single precision. All that follows from it is
   * computed in double precision, so that directions below the rounding of
   * @p B are those of its noise, but as orthonormal as the others.
   */
  SingularBasis
  right_singular_basis(const FloatBlock &B, std::size_t r);
} // namespace lsr

#endif
