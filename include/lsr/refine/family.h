// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_family_h
#define lsr_refine_family_h

#include <lsr/base/communicator.h>
#include <lsr/network/network.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/reduced_problem.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// A member of a family of problems: one set of parameters, or one input
  /// function. The points of @p sampling have them among their coordinates.
  struct FamilyMember
  {
    Sampling                  sampling;
    std::shared_ptr<Residual> residual;
  };



  /**
   * A family of problems $f_\mu(q_\mu) = 0$ that one network
   * $q_\mu(x) = q(x, \mu)$ is to solve.
   *
   * Members are made when they are needed and given up before the next one is
   * made: they may share a mesh, a matrix, or an equation whose coefficients
   * change. The size of a residual is taken relative to that of the field which
   * is zero wherever constraints do not determine it,
   * @f[
   *   \frac{\|f_\mu(q_\mu)\|}{\|f_\mu(0)\|},
   * @f]
   * in the inner product of the residual, so that all members count alike. In
   * the dual norm of a problem that is linear, symmetric and positive definite,
   * with homogeneous constraints, this is the relative error in the energy
   * norm.
   *
   * @code
   *   const Family family{1000, [&](const std::size_t i) {
   *     return FamilyMember{nodes_with(mu[i]), residual_of(mu[i])};
   *   }};
   *   const StructuredBasis  basis(network, 3000, 0);
   *   const FamilyRefinement result = refine(basis, family, fitted, held_out);
   *   network.save("refined.pt", result.fit.correction);
   * @endcode
   */
  struct Family
  {
    std::size_t n_members = 0;

    /// Make a member. Its residual has all of its rows on this rank.
    std::function<FamilyMember(const std::size_t i)> member;

    /// The ranks that share the members: each takes care of some of them.
    Communicator communicator = Communicator();
  };



  /**
   * The relative residuals of some @p members of a family for several networks:
   * members $\times$ networks. Collective over the communicator of the family.
   */
  HostBlock
  relative_residuals(const std::vector<Network>     &networks,
                     const Family                   &family,
                     const std::vector<std::size_t> &members);



  /**
   * The rows of a member, about the network of @p basis and to first order in
   * the reduced coefficients $y$: $\|f + G y\|$, now the Euclidean norm, is the
   * relative residual of $q_\mu + J_\mu V y$ in the inner product of the
   * member.
   *
   * There are few of them: with orthonormal columns $Q$ that span the range of
   * $J_\mu V$, everything that $y$ can do to the norm is in the least-squares
   * problem for the coefficients of $Q$ (see ReducedProblem), and one more row
   * has the rest. $Q$ is made of @p n_columns random combinations of the
   * columns of $J_\mu V$; where these have more dimensions, the smallest ones
   * are not seen. No condition number of $J_\mu V$ is squared.
   *
   * Throws lsr::Error if the values do not belong to the residual, or if the
   * residual of zero is zero or not finite.
   */
  LinearRows
  relative_rows(const TangentBasis &basis,
                const FamilyMember &member,
                const std::size_t   n_columns);



  /// Options of refine() for a family.
  struct FamilyParameters
  {
    /// The columns that relative_rows() keeps for each member, at most.
    std::size_t n_columns = 500;

    /// Members that are fitted, at most; not given: all.
    std::optional<std::size_t> n_at_most;

    /**
     * Members that are fitted at first; not given: all at once. Then the
     * correction is found, and as many members as there are already are added
     * where the residual of the refined network is largest.
     */
    std::optional<std::size_t> n_at_first;

    /// How rank and damping are chosen, by the plateau if no members are held
    /// out, and progress.
    FitParameters fit;
  };



  /// The result of refine() for a family.
  struct FamilyRefinement
  {
    /// The correction, one for all members, and how it was chosen.
    Fit fit;

    /// The members that were fitted, in the order in which they were taken.
    std::vector<std::size_t> members;
  };



  /**
   * One correction $\Delta\theta = V y$ for all members of a family: minimize
   * the sum of the squares of the relative residuals of $q_\mu + J_\mu
   * \Delta\theta$ over some of them, linearized at the network. Members that
   * are @p held_out choose rank and damping, as validation rows do in fit().
   *
   * The rows of one member after the other stream into an AppendRowsQR, so that
   * memory is that of one member and of a few triangles of $r^2$ numbers,
   * whatever the number of members. The result does not depend on their order,
   * up to rounding.
   *
   * Collective over the communicator of the family. Throws lsr::Error as fit()
   * and relative_rows() do, and if there is no member to be fitted.
   */
  FamilyRefinement
  refine(const TangentBasis             &basis,
         const Family                   &family,
         const std::vector<std::size_t> &members,
         const std::vector<std::size_t> &held_out   = {},
         const FamilyParameters         &parameters = {});



  /// Options of align() for a family.
  struct FamilyAlignmentParameters
  {
    /// Steps that are tried.
    unsigned int n_steps = 30;

    /// Structured directions of a step, drawn anew in each.
    std::size_t n_directions = 1000;

    /// Members of a step, drawn anew in each; not given: all.
    std::optional<std::size_t> n_members;

    /// See FamilyParameters::n_columns.
    std::size_t n_columns = 500;

    /// Seed of members and directions.
    std::uint64_t seed = 0;

    /// Called with a line of text now and then.
    std::function<void(const std::string &)> progress;
  };



  /**
   * Make the relative residuals of a family smaller by changing the parameters
   * of @p network, which stays a plain one: damped Gauss-Newton steps
   * $\theta + V y$ with
   * @f[
   *   \min_y \sum_\mu \| f_\mu + A_\mu J_\mu V y \|^2 + \lambda^2 \|y\|^2 .
   * @f]
   * Steps are accelerated as in align() for one network. Of three values of
   * $\lambda$ that one is taken with which the residuals of
   * the members of the next step, which the present one does not know, become
   * smallest; a step that makes them larger is not taken. Afterwards the
   * tangent space is a richer one, and refine() has less to do.
   *
   * Norms in the result are root mean squares of relative residuals. Collective
   * over the communicator of the family. Throws as refine() does.
   */
  Alignment
  align(Network                         &network,
        const Family                    &family,
        const std::vector<std::size_t>  &members,
        const FamilyAlignmentParameters &parameters = {});
} // namespace lsr

#endif
