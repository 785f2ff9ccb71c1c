// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_refinement_h
#define lsr_refine_refinement_h

#include <lsr/dense/least_squares.h>
#include <lsr/network/network.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <functional>
#include <map>
#include <string>

namespace lsr
{
  /// Options of refine().
  struct RefinementParameters
  {
    /**
     * Number of columns of the basis (in its order, or in the order of the
     * pivots if it has none) that are used; 0: the smallest number whose
     * residual norm is within @p rank_slack of the best.
     */
    std::size_t rank = 0;

    double rank_slack = 1e-2;

    /**
     * A column of $J V$ is dropped if its part orthogonal to the others is
     * smaller than this, relative to the largest.
     */
    double drop_tolerance = 1e-12;

    /**
     * How often the residual and its tangent are evaluated anew at the refined
     * values, with $J V$ fixed. 1 is the single linear step of the paper;
     * problems that are linear need no more, and stop there by themselves.
     */
    unsigned int max_linearizations = 20;

    /// Stop as soon as the norm of the residual is below this times that of the
    /// network's.
    double tolerance = 0;

    /// Called with a line of text when a stage begins or ends.
    std::function<void(const std::string &)> progress;
  };



  /// What refine() found.
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

    /// Wall time of the stages `reduce` (J V and its orthonormalization, where
    /// it was not there before), `tangent` (A J V), and `solve`.
    std::map<std::string, double> seconds;
  };



  /**
   * Linearized subspace refinement: minimize $\| f(q + J V y) \|$ over the
   * reduced coefficients $y$ (paper, Algorithm 1, steps 7-9).
   *
   * $J V$ is computed once and orthonormalized by a rank-revealing
   * factorization over all ranks, $J V = Q R$. Then Gauss-Newton steps in the
   * coefficients of $Q$, each a dense least-squares problem of the matrix $A
   * Q$ with a line search, re-evaluate $f$ and $A$ at $q + J V y$. Where $f$
   * is affine in $q$ this is one step, and the paper's method.
   *
   * For a Euclidean norm the least-squares problem is solved by Householder
   * factorizations; for a dual norm the columns of $Q$, which are orthonormal,
   * make the normal equations as well conditioned as the problem itself.
   *
   * The result is never worse than the network: a step that does not make the
   * residual smaller is not taken. Collective over residual.communicator().
   *
   * Throws lsr::Error if the requested rank exceeds the columns or the rows, or
   * if the residual of the network is not finite.
   */
  Refinement
  refine(const Network              &network,
         const TangentBasis         &basis,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters = {});
} // namespace lsr

#endif
