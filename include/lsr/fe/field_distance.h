// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_field_distance_h
#define lsr_fe_field_distance_h

#include <lsr/fe/refined_field.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/component_mask.h>
#include <deal.II/fe/fe.h>

#include <sstream>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * The integrals $w_i = \int \varphi_i$ of the shape functions of the locally
   * owned degrees of freedom, 0 for components that are not in @p mask: with
   * Lagrange elements, $\sum_i w_i u(x_i)$ is a quadrature formula of the order
   * of the element. $w$ also is the diagonal of a lumped mass matrix. For
   * elements all of whose shape functions have one component. Collective.
   */
  template <int dim, int spacedim>
  std::vector<double>
  nodal_weights(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                const dealii::ComponentMask             &mask = {});

  namespace internal
  {
    /// relative_distance() of the fields with these locally owned degrees of
    /// freedom.
    template <int dim, int spacedim>
    double
    relative_distance(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                      const std::vector<double>               &u,
                      const std::vector<double>               &v,
                      const dealii::ComponentMask             &mask,
                      const bool up_to_a_constant);
  } // namespace internal

  /**
   * $\| u - v \|_{L^2} / \| v \|_{L^2}$ of two fields in the components of
   * @p mask, for any finite elements, with the mapping that deal.II takes where
   * none is given. Where the constant of a single component is free, the
   * distance may be that @p up_to_a_constant. Vectors need no ghost entries and
   * may be of any types. Collective.
   */
  template <int dim,
            int spacedim,
            typename FirstVectorType,
            typename SecondVectorType>
  double
  relative_distance(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                    const FirstVectorType                   &u,
                    const SecondVectorType                  &v,
                    const dealii::ComponentMask             &mask = {},
                    const bool up_to_a_constant                   = false)
  {
    std::vector<double> owned_u, owned_v;
    for (const auto i : dof_handler.locally_owned_dofs())
      {
        owned_u.push_back(u(i));
        owned_v.push_back(v(i));
      }
    return internal::relative_distance(
      dof_handler, owned_u, owned_v, mask, up_to_a_constant);
  }

  /// Masks of the components of each base element: one for an element of equal
  /// components, velocity and pressure for those of flow problems.
  template <int dim, int spacedim>
  std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<dim, spacedim> &fe);



  /**
   * A few lines of text for each base element (base_element_masks()): how far
   * network and refined field are from the finite-element solution of the same
   * equations, a vector of any type. Collective.
   */
  template <int dim,
            int spacedim,
            typename VectorType,
            typename SolutionVectorType>
  std::string
  distance_table(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const RefinedField<VectorType>          &refined,
                 const SolutionVectorType                &solution)
  {
    std::ostringstream table;
    table.precision(2);
    table << std::scientific;
    for (const auto &mask : base_element_masks(dof_handler.get_fe(0)))
      {
        const bool is_free  = refined.check.has_free_constant(mask);
        const auto distance = [&](const VectorType &u) {
          return relative_distance(dof_handler, u, solution, mask, is_free);
        };
        table << "   Relative L2 distance to the finite-element solution";
        if (mask.n_selected_components() < mask.size())
          table << ", components " << mask;
        if (is_free)
          table << ", up to a constant";
        table << "\n     network:               "
              << distance(refined.network_values)
              << "\n     refined:               " << distance(refined.values)
              << "\n     refined as a function: "
              << distance(refined.function_values) << '\n';
      }
    return table.str();
  }
} // namespace lsr

#endif
