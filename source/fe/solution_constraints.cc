// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/solution_constraints.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/numerics/vector_tools_boundary.h>

#include <algorithm>
#include <string>

#include "fe/instantiate.h"

namespace lsr
{
  namespace
  {
    template <int dim, int spacedim>
    std::map<dealii::types::global_dof_index, double>
    interpolate(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                const dealii::Function<spacedim>        &function)
    {
      const unsigned int n_components =
        dof_handler.get_fe_collection().n_components();
      AssertThrow(function.n_components == n_components,
                  dealii::ExcMessage(
                    "Boundary values have " +
                    std::to_string(function.n_components) +
                    " components, expected those of the finite element: " +
                    std::to_string(n_components) +
                    ". For some components or parts of the boundary alone, "
                    "give the map of VectorTools::"
                    "interpolate_boundary_values() instead."));
      for (unsigned int i = 0; i < dof_handler.get_fe_collection().size(); ++i)
        AssertThrow(dof_handler.get_fe(i).has_support_points() ||
                      dof_handler.get_fe(i).n_dofs_per_face() == 0,
                    dealii::ExcMessage(
                      "Boundary values cannot be interpolated in " +
                      dof_handler.get_fe(i).get_name() +
                      ", which has no support points; expected "
                      "AffineConstraints that contain them."));
      std::map<dealii::types::boundary_id, const dealii::Function<spacedim> *>
        on_boundary;
      for (const auto id : dof_handler.get_triangulation().get_boundary_ids())
        on_boundary[id] = &function;
      std::map<dealii::types::global_dof_index, double> values;
      if (!on_boundary.empty())
        dealii::VectorTools::interpolate_boundary_values(dof_handler,
                                                         on_boundary,
                                                         values);
      return values;
    }
  } // namespace



  template <int spacedim>
  template <int dim>
  std::shared_ptr<const dealii::AffineConstraints<double>>
  SolutionConstraints<spacedim>::combine(
    const dealii::DoFHandler<dim, spacedim> &dof_handler) const
  {
    if (!values && !function)
      return constraints;

    const auto  combined = constraints ?
                             std::make_shared<Constraints>(*constraints) :
                             std::make_shared<Constraints>();
    Constraints on_boundary(combined->get_local_lines());
    for (const auto &[dof, value] :
         function ? interpolate(dof_handler, *function) : *values)
      {
        on_boundary.add_line(dof);
        on_boundary.set_inhomogeneity(dof, value);
      }
    on_boundary.close();
    combined->merge(on_boundary, Constraints::left_object_wins);
    combined->close();
    return combined;
  }



  template <int spacedim>
  template <int dim>
  SolutionConstraints<spacedim>
  SolutionConstraints<spacedim>::lifted_by(
    const dealii::DoFHandler<dim, spacedim> &dof_handler,
    const std::vector<double>               &owned) const
  {
    const auto     combined     = combine(dof_handler);
    const MPI_Comm communicator = dof_handler.get_communicator();
    if (dealii::Utilities::MPI::max(combined->has_inhomogeneities() ? 1 : 0,
                                    communicator) > 0)
      return combined;

    // The solution where constraints need it.
    dealii::IndexSet needed(dof_handler.n_dofs());
    for (const auto &line : combined->get_lines())
      {
        needed.add_index(line.index);
        for (const auto &entry : line.entries)
          needed.add_index(entry.first);
      }
    dealii::LinearAlgebra::distributed::Vector<double> solution(
      dof_handler.locally_owned_dofs(), needed, communicator);
    std::copy(owned.begin(), owned.end(), solution.begin());
    solution.update_ghost_values();

    const auto lifted = std::make_shared<Constraints>(*combined);
    for (const auto &line : combined->get_lines())
      {
        double value = solution(line.index);
        for (const auto &[dof, weight] : line.entries)
          value -= weight * solution(dof);
        lifted->set_inhomogeneity(line.index, value);
      }
    return std::shared_ptr<const Constraints>(lifted);
  }



#define INSTANTIATE(dim, spacedim)                                          \
  template std::shared_ptr<const dealii::AffineConstraints<double>>         \
  SolutionConstraints<spacedim>::combine(                                   \
    const dealii::DoFHandler<dim, spacedim> &) const;                       \
  template SolutionConstraints<spacedim>                                    \
  SolutionConstraints<spacedim>::lifted_by(                                 \
    const dealii::DoFHandler<dim, spacedim> &, const std::vector<double> &) \
    const;
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
