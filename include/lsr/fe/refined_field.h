// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_refined_field_h
#define lsr_fe_refined_field_h

#include <lsr/fe/callback_residual.h>
#include <lsr/fe/field_sampling.h>
#include <lsr/network/network.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/refinement.h>

#include <deal.II/fe/mapping.h>

#include <algorithm>
#include <optional>

namespace lsr
{
  /// A network refined by the residual of a program, in the vectors of that
  /// program.
  template <typename VectorType>
  struct RefinedField
  {
    /// The refined field, which obeys the constraints: it can take the place of
    /// the program's solution.
    VectorType values;

    /// Nodal values of the network, and of the refined network as a function,
    /// which obeys no constraints, but comes close to boundary values.
    VectorType network_values, function_values;

    /// The refined network, to be saved or to become a NetworkFunction.
    Network network;

    /// Where the network was sampled, and the result of refine(). As always,
    /// refinement.values obey no constraints.
    Sampling   sampling;
    Refinement refinement;
  };



  /**
   * Refine a network in a program that has a DoFHandler and a residual: make it
   * a field by field_sampling(), and call refine() with up to @p n_directions
   * structured directions, never more than there are degrees of freedom or
   * parameters.
   *
   * The network has an output for each component of the finite element, and as
   * inputs the coordinates, spacedim of them, followed by @p time if that is
   * given. Throws what field_sampling() and refine() throw. Collective.
   */
  template <int dim, int spacedim, typename VectorType>
  RefinedField<VectorType>
  refine(const Network                           &network,
         const dealii::Mapping<dim, spacedim>    &mapping,
         const dealii::DoFHandler<dim, spacedim> &dof_handler,
         CallbackResidual<VectorType>            &residual,
         const std::size_t                        n_directions,
         const std::optional<double>             &time       = std::nullopt,
         const RefinementParameters              &parameters = {})
  {
    const Sampling sampling =
      field_sampling(mapping, dof_handler, network.n_outputs(), time);
    const StructuredBasis basis(network,
                                std::min<std::size_t>({n_directions,
                                                       dof_handler.n_dofs(),
                                                       network.n_parameters()}),
                                0);
    const Refinement refinement = refine(basis, sampling, residual, parameters);
    return {residual.field(refinement.values),
            residual.to_vector(sampling.evaluate(network)),
            residual.to_vector(refinement.values),
            network.refined(refinement.correction),
            sampling,
            refinement};
  }

  /// The same with the mapping that deal.II takes where none is given.
  template <int dim, int spacedim, typename VectorType>
  RefinedField<VectorType>
  refine(const Network                           &network,
         const dealii::DoFHandler<dim, spacedim> &dof_handler,
         CallbackResidual<VectorType>            &residual,
         const std::size_t                        n_directions,
         const std::optional<double>             &time       = std::nullopt,
         const RefinementParameters              &parameters = {})
  {
    return refine(network,
                  dealii::get_default_linear_mapping(
                    dof_handler.get_triangulation()),
                  dof_handler,
                  residual,
                  n_directions,
                  time,
                  parameters);
  }

  /// Teach the network its refined field, so that the next refinement (on a
  /// finer mesh, at the next time) starts from there. Collective.
  template <typename VectorType>
  Alignment
  align(Network                        &network,
        const RefinedField<VectorType> &refined,
        CallbackResidual<VectorType>   &residual,
        const AlignmentParameters      &parameters = {})
  {
    const Column target = make_column(refined.refinement.values.size());
    Kokkos::deep_copy(target, refined.refinement.values);
    residual.distribute(target);
    return align(network, refined.sampling, target, residual, parameters);
  }
} // namespace lsr

#endif
