// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_refine_arguments_h
#define lsr_fe_refine_arguments_h

#include <lsr/fe/network_function.h>
#include <lsr/fe/refined_field.h>

#include <type_traits>
#include <utility>

namespace lsr
{
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
                  "lsr: the network function and the DoFHandler have different "
                  "dimensions: NetworkFunction<spacedim> expected.");
    return refine(function.network(),
                  mapping_or_dof_handler,
                  std::forward<Arguments>(arguments)...);
  }



  // What refine() cannot take, in one sentence.

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
