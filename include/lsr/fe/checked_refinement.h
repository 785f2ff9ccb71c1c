// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_checked_refinement_h
#define lsr_fe_checked_refinement_h

#include <lsr/fe/callback_residual.h>
#include <lsr/network/network.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/sampling.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/component_mask.h>
#include <deal.II/fe/mapping.h>
#include <deal.II/lac/affine_constraints.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// What a finite-element space says about its locally owned degrees of
  /// freedom, entry by entry.
  struct ValueSpace
  {
    /// The diagonal of the mass matrix.
    std::vector<double> mass;

    /// The integrals of shape functions.
    std::vector<double> integral;

    /// The component of a nodal value; none for shape functions that are no
    /// values of one component.
    std::vector<std::optional<unsigned int>> component;

    /// The base element: velocity and pressure, say.
    std::vector<unsigned int> base_element;

    unsigned int n_components = 0, n_base_elements = 0;
  };

  /**
   * The ValueSpace of @p dof_handler. With hanging nodes the diagonal of the
   * mass matrix is that of $\sum_i C_{ij}^2 M_{ii}$ over the degrees of freedom
   * $i$ that @p constraints let depend on $j$, itself included; so are
   * integrals,
   * $\sum_i C_{ij} \int \varphi_i$. Works for all
   * elements, those of an hp space too. Collective.
   */
  template <int dim, int spacedim>
  ValueSpace
  value_space(const dealii::Mapping<dim, spacedim>    &mapping,
              const dealii::DoFHandler<dim, spacedim> &dof_handler,
              const dealii::AffineConstraints<double> &constraints);



  /// Options of refine() in a program. None of them has to be set.
  struct FieldParameters : RefinementParameters
  {
    /**
     * Number of directions; automatic: as many as are needed, that is, it is
     * doubled until the residual is small (@p reduction), further directions
     * add nothing, or a budget is used up. It never exceeds the parameters of
     * the network or the degrees of freedom that are free.
     */
    std::optional<std::size_t> n_directions;

    /// Enough is a norm of the residual below this times that of the network's.
    double reduction = 1e-4;

    /// The budget: directions, wall time in seconds, and bytes on a rank. No
    /// refinement begins that is expected to exceed it; the first one always
    /// does begin.
    std::size_t max_directions = 4096;
    double      max_seconds    = 600;
    double      max_memory     = 4e9;

    /// The last input of the network, where it is a function of time.
    std::optional<double> time;

    /// Seed of the directions.
    std::uint64_t seed = 0;

    /// Where the first rank writes one line about the result; a null pointer:
    /// nowhere.
    std::ostream *out = &std::cout;
  };



  /// The result of refine_and_check().
  struct CheckedRefinement
  {
    /// What came out; if it was not accepted, the network as it was.
    Refinement refinement;

    /// Whether the refined values are closer to the solution than the network.
    bool accepted = false;

    /// What was minimized, in words.
    std::string objective;

    /// Directions that were tried last, and whether the residual still fell at
    /// the last of them.
    std::size_t n_directions = 0;
    bool        still_falls  = false;

    /// Estimates of the distances to the solution in $L_2$, relative to it, of
    /// the base element where the refinement did least; NaN: no estimate.
    double network_distance = std::numeric_limits<double>::quiet_NaN(),
           refined_distance = std::numeric_limits<double>::quiet_NaN();

    /// Components whose constants the equation does not determine; the
    /// refinement leaves those of the network.
    std::vector<unsigned int> free_constants;

    /// What a user should know, and what to try next: a sentence each.
    std::vector<std::string> notes;

    double seconds = 0;

    /// Whether @p mask selects one component, whose constant is free.
    bool
    has_free_constant(const dealii::ComponentMask &mask) const;

    /// One line: norms, rank, linearizations, time.
    std::string
    summary() const;

    /// All of it, in a few lines.
    std::string
    report() const;
  };



  /**
   * Refine a network by the residual of a program, such that the result is not
   * further from the solution than the network.
   *
   * <h3>What is minimized</h3>
   * What the user has set (ProgramResidual::objective()). Otherwise, random
   * vectors and columns of $J V$ tell whether the Jacobian $A$ is symmetric and
   * definite. Then it is the energy of the error, $f^T A^{-1} f$, with norms by
   * conjugate gradients. If it is not, it is $f^T M^{-1} f$ with the diagonal
   * of the mass matrix. Where $A$ does not see the constants of a component,
   * they are kept as they are.
   *
   * <h3>How many directions</h3>
   * See FieldParameters.
   *
   * <h3>Whether it is accepted</h3>
   * Conjugate gradients (for the energy) or GMRES approximate the solution
   * $u \approx \tilde q - A^{-1} f(\tilde q)$, beginning from the refined field
   * $\tilde q$; where $f$ is not affine, as Newton's method. The preconditioner
   * is the inverse that the user gave; a factorization where the Jacobian is a
   * SparseMatrix or BlockSparseMatrix of moderate size; otherwise a diagonal.
   * If the method converges, the distances of network and refined field to $u$
   * are known, and the refined field is accepted if it is closer in all base
   * elements. If it is not ten times closer, the correction that is closest to
   * $u$ takes its place, where that is twice as close. If the method does not
   * converge, it begins once more from the network, and both have to find the
   * refined field closer. Otherwise the network remains.
   *
   * Collective over residual.communicator().
   */
  CheckedRefinement
  refine_and_check(const Network         &network,
                   const Sampling        &sampling,
                   ProgramResidual       &residual,
                   const ValueSpace      &space,
                   const FieldParameters &parameters = {});
} // namespace lsr

#endif
