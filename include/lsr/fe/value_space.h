// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_value_space_h
#define lsr_fe_value_space_h

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>
#include <deal.II/lac/affine_constraints.h>

#include <vector>

namespace lsr
{
  /// What a finite-element space says about its locally owned degrees of
  /// freedom, entry by entry.
  struct ValueSpace
  {
    /// An entry of @p component for shape functions that are no values of one
    /// component.
    static constexpr unsigned int none = static_cast<unsigned int>(-1);

    /// The diagonal of the mass matrix.
    std::vector<double> mass;

    /// The integrals of shape functions.
    std::vector<double> integral;

    /// The component of a nodal value.
    std::vector<unsigned int> component;

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
} // namespace lsr

#endif
