// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_refinement_h
#define lsr_refine_refinement_h

#include <lsr/base/timer.h>
#include <lsr/dense/least_squares.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace lsr
{
  /// Options of refine().
  struct RefinementParameters
  {
    /**
     * Number of columns of the basis (in its order, or in the order of the
     * pivots if it has none) that are used; automatic: the smallest number
     * whose residual norm is within @p rank_slack of the best.
     */
    std::optional<std::size_t> rank;

    double rank_slack = 1e-2;

    /**
     * A column of $J V$ is dropped if its part orthogonal to the others is
     * smaller than this, relative to the largest.
     */
    double drop_tolerance = 1e-12;

    /**
     * How often the residual and its Jacobian are evaluated anew at the refined
     * values, with $J V$ fixed. 1 is the single linear step of the paper;
     * problems that are linear need no more, and stop there by themselves.
     */
    unsigned int max_linearizations = 20;

    /// Stop as soon as the norm of the residual is below this times that of the
    /// network's.
    double tolerance = 0;

    /**
     * Galerkin's method in the tangent space: solve $Q^T f(q + B z) = 0$ with
     * orthonormal columns $Q$ that span what its basis $B$ does, by Newton's
     * method, instead of minimizing the norm of $f$. Norms are then those of
     * $Q^T f$.
     *
     * Where $A$ is symmetric and positive definite the result is that of the
     * dual norm with $K = A$, the best in the energy, without a linear system
     * of the size of the mesh. The columns see only a part of the residual: a
     * refined norm of zero says nothing about the error. Set a @p tolerance, so
     * that the iteration ends before it meets rounding. Not for problems that
     * are far from symmetric, such as evolutions in space and time. Needs a
     * row of the residual for each value.
     */
    bool galerkin = false;

    /// Called with a line of text when a stage begins or ends.
    std::function<void(const std::string &)> progress;
  };



  /// The result of refine().
  struct Refinement
  {
    /// The correction $\Delta\theta$ of the parameters.
    Column correction;

    /// Rows of the refined prediction $q + J \Delta\theta$ on this rank.
    Column values;

    /// Norm of the residual of the network, and of the values above.
    double initial_norm = 0, refined_norm = 0;

    /// Columns that the correction uses; columns that are independent.
    std::size_t rank = 0, numerical_rank = 0;

    /// How often $f$ and $A$ were taken.
    unsigned int n_linearizations = 0;

    /**
     * Loss, condition estimate of $A J V$ and norm of the reduced coefficients
     * for every number of columns, all from the factorization at the last
     * linearization.
     */
    RankProfile profile;

    /// Wall time of the stages `reduce` (J V and its basis, where it was not
    /// there before), `jacobian` (A J V), and `solve`.
    Timer timer;
  };



  /**
   * Linearized subspace refinement: minimize $\| f(q + J V y) \|$ over the
   * reduced coefficients $y$ (paper, Algorithm 1, steps 7-9), in the inner
   * product of the residual.
   *
   * $J V$ is computed once, and with it a well-conditioned basis by a
   * rank-revealing factorization over all ranks, $J V = B R$ (see
   * TangentSpace). Then Gauss-Newton steps in the coefficients of $B$, each a
   * ReducedProblem of the matrix $A B$ with a line search, re-evaluate $f$ and
   * $A$ at $q + J V y$. Where $f$ is affine in $q$ this is one step, and the
   * paper's method.
   *
   * The result is never worse than the network: a step that does not make the
   * residual smaller is not taken. Collective over residual.communicator().
   *
   * Throws lsr::Error if the requested rank is 0 or exceeds the columns or the
   * rows, or if the residual of the network is not finite.
   */
  Refinement
  refine(const TangentBasis         &basis,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters = {});
} // namespace lsr

#endif
