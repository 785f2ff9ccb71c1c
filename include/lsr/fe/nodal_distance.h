// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_nodal_distance_h
#define lsr_fe_nodal_distance_h

#include <lsr/base/communicator.h>
#include <lsr/fe/refined_field.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/component_mask.h>
#include <deal.II/fe/fe.h>

#include <cmath>
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
  template <int dim>
  std::vector<double>
  nodal_weights(const dealii::DoFHandler<dim> &dof_handler,
                const dealii::ComponentMask   &mask = {});

  /**
   * $\| u - v \|_{L^2} / \| v \|_{L^2}$ of two fields, by quadrature at the
   * nodes (nodal_weights()), on hypercubes or with linear elements: simplices
   * of higher degree have weights that are not positive. Vectors need no ghost
   * entries and may be of any type. Collective.
   */
  template <int dim, typename VectorType>
  double
  relative_distance(const dealii::DoFHandler<dim> &dof_handler,
                    const VectorType              &u,
                    const VectorType              &v,
                    const dealii::ComponentMask   &mask = {})
  {
    const std::vector<double> weights    = nodal_weights(dof_handler, mask);
    double                    difference = 0., norm = 0.;
    auto                      weight = weights.begin();
    for (const auto i : dof_handler.locally_owned_dofs())
      {
        const double v_i = v(i);
        difference += *weight * std::pow(u(i) - v_i, 2);
        norm += *weight++ * std::pow(v_i, 2);
      }
    const Communicator communicator(dof_handler.get_communicator());
    return std::sqrt(communicator.sum(difference) / communicator.sum(norm));
  }

  /// Masks of the components of each base element: one for an element of equal
  /// components, velocity and pressure for those of flow problems.
  template <int dim>
  std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<dim> &fe);

  /**
   * A few lines of text for each base element (base_element_masks()): how far
   * network and refined field are from the finite-element solution of the same
   * equations. Collective.
   */
  template <int dim, typename VectorType>
  std::string
  distance_table(const dealii::DoFHandler<dim>  &dof_handler,
                 const RefinedField<VectorType> &refined,
                 const VectorType               &solution)
  {
    std::ostringstream table;
    table.precision(2);
    table << std::scientific;
    for (const auto &mask : base_element_masks(dof_handler.get_fe()))
      {
        const auto distance = [&](const VectorType &u) {
          return relative_distance(dof_handler, u, solution, mask);
        };
        table << "   Relative L2 distance to the finite-element solution";
        if (mask.n_selected_components() < mask.size())
          table << ", components " << mask;
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
