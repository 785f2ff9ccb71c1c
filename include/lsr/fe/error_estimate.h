// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_error_estimate_h
#define lsr_fe_error_estimate_h

#include <cmath>
#include <limits>

namespace lsr
{
  /// What a residual says about the error of a field; see estimate_error().
  template <typename VectorType>
  struct ErrorEstimate
  {
    /// $f(u)$
    VectorType residual;

    /**
     * $e = A^{-1} f(u)$, to first order the field minus the finite-element
     * solution: exactly, if the problem is linear. $u - e$ is one Newton step
     * further.
     */
    VectorType error;

    /// $\sqrt{f \cdot e} = \sqrt{e^T A e}$, for symmetric positive definite
    /// problems the energy norm of the error; NaN where the product is
    /// negative.
    double energy_norm = std::numeric_limits<double>::quiet_NaN();

    /**
     * The error of a linear functional, $J(u) - J(u_h) = j \cdot e = z \cdot
     * f(u)$, with the solution $z$ of the adjoint problem $A^T z = j$ (dual
     * weighted residual; R. Becker and R. Rannacher, Acta Numerica 10, 2001).
     * For many fields $z$ is computed once, and no linear system is solved for
     * each of them.
     */
    double
    goal_error(const VectorType &adjoint) const
    {
      return adjoint * residual;
    }
  };



  /**
   * Estimate the error of a field @p u, whatever has predicted it, by the
   * residual of a program: `residual(u, f)` computes $f(u)$, and `inverse(f,
   * e)` solves $A e = f$ with its Jacobian at $u$. The field has to obey the
   * constraints of the program, and constrained entries of $f$ are zero.
   *
   * @code
   *   const auto estimate = lsr::estimate_error(
   *     field,
   *     [&](const auto &u, auto &f) { matrix.residual(f, u, rhs); f *= -1.; },
   *     [&](const auto &f, auto &e) { cg.solve(matrix, e, f, preconditioner);
   * }); field -= estimate.error; // the finite-element solution
   * @endcode
   *
   * The estimate is as exact as the solve. With conjugate gradients, which
   * begin at zero, energies approach that of the error from below, and some
   * steps with multigrid give it to a few per cent.
   */
  template <typename VectorType, typename Residual, typename Inverse>
  ErrorEstimate<VectorType>
  estimate_error(const VectorType &u,
                 const Residual   &residual,
                 const Inverse    &inverse)
  {
    ErrorEstimate<VectorType> estimate{u, u};
    residual(u, estimate.residual);
    estimate.error = 0.;
    inverse(estimate.residual, estimate.error);
    estimate.energy_norm = std::sqrt(estimate.error * estimate.residual);
    return estimate;
  }
} // namespace lsr

#endif
