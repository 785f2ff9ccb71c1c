// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_geodesic_acceleration_h
#define lsr_refine_geodesic_acceleration_h

#include <lsr/network/network.h>
#include <lsr/refine/reduced_problem.h>
#include <lsr/refine/tangent_basis.h>

#include "refine/alignment_objective.h"

namespace lsr
{
  /**
   * The second order of a damped Gauss-Newton step $y$: with the second
   * derivative $g''$ of the rows $g(\theta + \epsilon V y)$ along it,
   * @f[
   *   y_2 = -\tfrac12 (G^T K^{-1} G + \lambda^2 I)^{-1} G^T K^{-1} g'' ,
   * @f]
   * so that $\theta + V (y + y_2)$ follows the path on which the rows change
   * in a straight line. The parameters of a network bend much more than its
   * values do, and $\lambda$ may be several times smaller for it (M. K.
   * Transtrum, J. P. Sethna, arXiv:1201.5885).
   *
   * $g''$ is a second difference, and $G^T = V^T J^T A^T$ by reverse mode: two
   * evaluations and one gradient, whatever the number of directions.
   */
  class GeodesicAcceleration
  {
  public:
    /// For the step $V y$ from the parameters of the network of @p basis.
    GeodesicAcceleration(const TangentBasis &basis, const Column &y);

    /// Add the rows of @p objective, times @p scale, whose residual has been
    /// linearized there. Those of a residual without a transposed Jacobian are
    /// left out.
    void
    add(const AlignmentObjective &objective, const double scale);

    /// $y + y_2$, or $y$ where $y_2$ is not small beside it: the second order
    /// says little then. Collective.
    Column
    step(const ReducedProblem &problem,
         const double          lambda,
         const Communicator   &communicator) const;

  private:
    const TangentBasis &basis;
    const Column        y;
    Network             ahead, behind;
    /// The sum of $J^T A^T K^{-1} g''$.
    const Column gradient;
  };
} // namespace lsr

#endif
