// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_nodal_distance_h
#define lsr_fe_nodal_distance_h

#include <lsr/fe/field_distance.h>
#include <lsr/fe/refined_field.h>

#include <sstream>
#include <string>

namespace lsr
{
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
