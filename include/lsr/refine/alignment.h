// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_alignment_h
#define lsr_refine_alignment_h

#include <lsr/network/network.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lsr
{
  /// Options of align().
  struct AlignmentParameters
  {
    enum class Method
    {
      levenberg_marquardt,
      lbfgs
    };

    Method method = Method::levenberg_marquardt;

    /**
     * $\Delta\tau$. 0 stands for the limit, a fit of the target alone, which
     * needs neither $f$ nor all rows at once.
     */
    double pseudo_time_step = 0;

    /// Steps of Levenberg-Marquardt, or iterations of L-BFGS, at most.
    unsigned int max_steps = 60;

    /// End when the norm of the objective has fallen by this factor.
    double reduction = 0.05;

    /// Levenberg-Marquardt: directions of the subspace of one step.
    std::size_t n_directions = 200;

    /**
     * A fit uses about this many points (of all ranks) at a time; automatic:
     * as many as have five values for each direction, and no less than a
     * thousand, in Levenberg-Marquardt, which takes other points in every
     * step, and all points in L-BFGS, which keeps them.
     */
    std::optional<std::size_t> n_points;

    /**
     * A fit sees only so many of the first outputs of the network; not given:
     * all.
     * Where these are jets (FullyConnected::build_jets()), 1 fits values and
     * leaves their derivatives alone.
     */
    std::optional<unsigned int> n_outputs;

    /// Seed of points and directions.
    std::uint64_t seed = 0;

    /// Called with a line of text now and then.
    std::function<void(const std::string &)> progress;
  };



  /// The result of align().
  struct Alignment
  {
    /// Steps that were tried; in Levenberg-Marquardt some may be rejected.
    unsigned int n_steps = 0;

    /// Norm of the objective before and after, divided by the root of its
    /// number of rows, as found on the points last used.
    double initial_norm = 0, final_norm = 0;
  };



  /**
   * Nonlinear alignment: change the parameters of @p network so that it comes
   * closer to the refined values @p target while its residual stays small, by
   * minimizing the pseudo-time residual
   * @f[
   *   \| M\,(q_\theta - q_\text{LSR}) + \Delta\tau\, f(q_\theta) \|
   * @f]
   * (paper, S2.4; see PseudoTimeResidual) over $\theta$. With $\Delta\tau = 0$
   * this is the misfit $\|q_\theta - q_\text{LSR}\|$.
   *
   * <h3>Levenberg-Marquardt in tangent subspaces</h3>
   * Every step draws new structured directions $V$ and, for a fit, new points,
   * and solves
   * @f[
   *   \min_y \| g + G y \|^2 + \lambda^2 \| y \|^2, \qquad G = A J V,
   * @f]
   * densely. Unlike the correction of refine(), the step $\theta + V y$ is
   * taken, so it has to be damped: $\lambda$ falls or rises with the ratio
   * of the actual to the predicted decrease, and a step that increases the
   * objective is taken back. To $y$ the second order of the path is added on
   * which the rows change in a straight line (geodesic acceleration: M. K.
   * Transtrum, J. P. Sethna, arXiv:1201.5885), where the residual has a
   * transposed Jacobian; there are fewer steps so. In a fit the actual decrease is that on the points
   * of the next step, which the present one does not know. Where it no longer
   * decreases, the number of points is doubled, up to four times as many.
   *
   * <h3>L-BFGS</h3>
   * The paper's choice, with the gradient $2 J^T A^T K^{-1} g$ and a line
   * search for the strong Wolfe conditions (minimize_by_lbfgs()).
   *
   * Which points belong to a sample depends on their coordinates and on the
   * seed alone, so that the result does not depend on the number of ranks, up
   * to rounding. Collective over residual.communicator().
   *
   * Throws lsr::Error if sizes do not fit, a parameter is out of range, or the
   * objective is not finite at the start.
   */
  Alignment
  align(Network                   &network,
        const Sampling            &sampling,
        const Column              &target,
        Residual                  &residual,
        const AlignmentParameters &parameters = {});
} // namespace lsr

#endif
