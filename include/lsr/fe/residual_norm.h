// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_residual_norm_h
#define lsr_fe_residual_norm_h

#include <string>

namespace lsr
{
  /**
   * How the size of an assembled residual $f$ is measured. For the Poisson
   * problem of the documentation the refined field ends up about 4, 2 and 1.6
   * times as far from the finite-element solution as the best field of the
   * tangent space.
   */
  enum class ResidualNorm
  {
    /// $f^T f$. Depends on the mesh: small cells count less.
    l2,
    /// $f^T M^{-1} f$ with the lumped mass matrix $M$: like the $L_2$ norm of a
    /// strong residual, whatever the mesh.
    mass,
    /// $f^T K^{-1} f$ with the symmetric positive definite part $K$ of the
    /// tangent: the $H^{-1}$ norm. For symmetric positive definite problems
    /// this is the error in the energy norm.
    dual,
    /// $f^T (M + c L)^{-1} f$ with mass matrix $M$ and Laplace matrix $L$ of
    /// the test functions (Assembler::sobolev_matrix()): the $H^{-1}$ norm
    /// whatever the equation is. For evolutions, with test functions that are
    /// discontinuous in time, that in space, summed over time.
    sobolev
  };

  /// The name in parameter files: l2, mass, dual or sobolev.
  std::string
  to_string(const ResidualNorm norm);

  /// The norm with this name; throws for any other name.
  ResidualNorm
  residual_norm(const std::string &name);
} // namespace lsr

#endif
