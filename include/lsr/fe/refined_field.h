// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_refined_field_h
#define lsr_fe_refined_field_h

#include <lsr/fe/callback_residual.h>
#include <lsr/fe/checked_refinement.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/network.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/refinement.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/fe/mapping.h>

#include <cstddef>
#include <optional>
#include <string>

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

    /// How the refinement went; see refine_and_check().
    CheckedRefinement check;

    /// Whether the refined field is closer to the solution than the network.
    /// Otherwise it is the network.
    bool
    accepted() const
    {
      return check.accepted;
    }

    /// What was minimized, by how much, how far from the solution that is, and
    /// what to try next: a few lines.
    std::string
    report() const
    {
      return check.report();
    }
  };



  /**
   * Refine a network in a program that has a DoFHandler and a residual: make
   * it a field by field_sampling(), and refine_and_check(), which chooses norm
   * and number of directions unless @p parameters or @p residual say something
   * else.
   *
   * The network has an output for each component of the finite element, and as
   * inputs the coordinates, spacedim of them, followed by FieldParameters::time
   * if that is given. Throws what field_sampling() and refine() throw.
   * Collective.
   */
  template <int dim, int spacedim, typename VectorType>
  RefinedField<VectorType>
  refine(const Network                           &network,
         const dealii::Mapping<dim, spacedim>    &mapping,
         const dealii::DoFHandler<dim, spacedim> &dof_handler,
         CallbackResidual<VectorType>            &residual,
         const FieldParameters                   &parameters = {})
  {
    AssertThrow(network.n_inputs() == spacedim + (parameters.time ? 1u : 0u),
                dealii::ExcMessage(
                  "The network has " + std::to_string(network.n_inputs()) +
                  " inputs, expected the " + std::to_string(spacedim) +
                  " coordinates of a point" +
                  (parameters.time ? " and the time." :
                                     "; if the last one is the time, set "
                                     "FieldParameters::time.")));
    const Sampling          sampling = field_sampling(mapping,
                                             dof_handler,
                                             network.n_outputs(),
                                             parameters.time);
    const CheckedRefinement checked  = refine_and_check(
      network,
      sampling,
      residual,
      value_space(mapping, dof_handler, residual.affine_constraints()),
      parameters);
    const Refinement &refinement = checked.refinement;
    return {residual.field(refinement.values),
            residual.to_vector(sampling.evaluate(network)),
            residual.to_vector(
              sampling.evaluate(network, refinement.correction)),
            network.refined(refinement.correction),
            sampling,
            refinement,
            checked};
  }

  /// The same with the mapping that deal.II takes where none is given.
  template <int dim, int spacedim, typename VectorType>
  RefinedField<VectorType>
  refine(const Network                           &network,
         const dealii::DoFHandler<dim, spacedim> &dof_handler,
         CallbackResidual<VectorType>            &residual,
         const FieldParameters                   &parameters = {})
  {
    return refine(network,
                  dealii::get_default_linear_mapping(
                    dof_handler.get_triangulation()),
                  dof_handler,
                  residual,
                  parameters);
  }

  /// The same with a number of directions, fewer where there are not as many
  /// degrees of freedom or parameters.
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
    FieldParameters all;
    static_cast<RefinementParameters &>(all) = parameters;
    all.n_directions                         = n_directions;
    all.time                                 = time;
    return refine(network, mapping, dof_handler, residual, all);
  }

  /// @copydoc refine(const Network&, const dealii::Mapping<dim>&, const
  /// dealii::DoFHandler<dim>&, CallbackResidual<VectorType>&, const
  /// std::size_t, const std::optional<double>&, const RefinementParameters&)
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



  namespace internal
  {
    /// The dimension of space of a DoFHandler or a Mapping.
    template <int dim, int spacedim>
    std::integral_constant<int, spacedim>
    space_of(const dealii::DoFHandler<dim, spacedim> &);

    template <int dim, int spacedim>
    std::integral_constant<int, spacedim>
    space_of(const dealii::Mapping<dim, spacedim> &);

    template <typename VectorType>
    std::true_type
    test_residual(CallbackResidual<VectorType> *);

    std::false_type
    test_residual(const void *);

    /// Whether refine() can take a reference to this type as the residual.
    template <typename ResidualType>
    constexpr bool is_residual =
      decltype(test_residual(std::declval<ResidualType *>()))::value;
  } // namespace internal



  /// refine() with the network of @p function, the same arguments, and the same
  /// result.
  template <int spacedim, typename SpaceType, typename... Arguments>
  auto
  refine(const NetworkFunction<spacedim> &function,
         const SpaceType                 &mapping_or_dof_handler,
         Arguments &&...arguments)
  {
    static_assert(decltype(internal::space_of(mapping_or_dof_handler))::value ==
                    spacedim,
                  "lsr: the network function has another dimension than the "
                  "mapping or DoFHandler after it: NetworkFunction<spacedim> "
                  "expected.");
    return refine(function.network(),
                  mapping_or_dof_handler,
                  std::forward<Arguments>(arguments)...);
  }



  /// align() with the network of @p function, which sees the new parameters.
  template <int spacedim, typename VectorType>
  Alignment
  align(const NetworkFunction<spacedim> &function,
        const RefinedField<VectorType>  &refined,
        CallbackResidual<VectorType>    &residual,
        const AlignmentParameters       &parameters = {})
  {
    Network network = function.network();
    return align(network, refined, residual, parameters);
  }



  // What refine() cannot take, in one sentence.

  template <typename... Arguments>
  void
  refine(const std::string &, Arguments &&...)
  {
    static_assert(sizeof...(Arguments) == 0,
                  "lsr: refine() needs a network, not the name of a file: "
                  "NetworkFunction<spacedim>(\"network.pt\") reads one.");
  }

  template <int dim,
            int spacedim,
            typename ResidualType,
            typename... Arguments,
            std::enable_if_t<!internal::is_residual<ResidualType>, int> = 0>
  void
  refine(const Network &,
         const dealii::DoFHandler<dim, spacedim> &,
         ResidualType &,
         Arguments &&...)
  {
    static_assert(internal::is_residual<ResidualType>,
                  "lsr: refine() needs a LinearResidual, NewtonResidual or "
                  "CallbackResidual after the DoFHandler, and one that is not "
                  "const.");
  }

  template <int dim,
            int spacedim,
            int mapping_dim,
            int mapping_spacedim,
            typename ResidualType,
            typename... Arguments,
            std::enable_if_t<dim != mapping_dim || spacedim != mapping_spacedim,
                             int> = 0>
  void
  refine(const Network &,
         const dealii::Mapping<mapping_dim, mapping_spacedim> &,
         const dealii::DoFHandler<dim, spacedim> &,
         ResidualType &,
         Arguments &&...)
  {
    static_assert(dim == mapping_dim && spacedim == mapping_spacedim,
                  "lsr: the mapping and the DoFHandler have different "
                  "dimensions.");
  }
} // namespace lsr

#endif
