// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/curved_mapping.h"

#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_fe_field.h>
#include <deal.II/grid/cell_id.h>
#include <deal.II/grid/reference_cell.h>

#include "ghosted.h"

namespace lsr
{
  namespace
  {
    template <int dim>
    std::unique_ptr<dealii::FiniteElement<dim>>
    quadratic_element(const dealii::ReferenceCell &kind)
    {
      if (kind.is_hyper_cube())
        return std::make_unique<dealii::FE_Q<dim>>(2);
      return std::make_unique<dealii::FE_SimplexP<dim>>(2);
    }



    /// Where the points of a cell's unit cell are in that of its coarse cell.
    template <int dim>
    std::vector<dealii::Point<dim>>
    in_coarse_cell(
      const typename dealii::Triangulation<dim>::cell_iterator &cell,
      const typename dealii::Triangulation<dim>::cell_iterator &coarse,
      std::vector<dealii::Point<dim>>                           points)
    {
      if (cell->reference_cell().is_hyper_cube())
        {
          const dealii::CellId id       = cell->id(); // which has the children
          const auto           children = id.get_child_indices();
          for (auto child = children.end(); child != children.begin();)
            {
              --child;
              for (auto &point : points)
                point =
                  dealii::GeometryInfo<dim>::child_to_cell_coordinates(point,
                                                                       *child);
            }
          return points;
        }
      // Straight simplices are images of each other by linear maps.
      const dealii::ReferenceCell shape = cell->reference_cell();
      const auto &map = shape.template get_default_linear_mapping<dim>();
      for (auto &point : points)
        point = map.transform_real_to_unit_cell(
          coarse, map.transform_unit_to_real_cell(cell, point));
      return points;
    }
  } // namespace



  template <int dim>
  CurvedMapping<dim>::CurvedMapping(
    const dealii::Triangulation<dim>                   &mesh,
    const std::vector<std::vector<dealii::Point<dim>>> &nodes)
    : dof_handler(mesh)
  {
    const auto element =
      quadratic_element<dim>(mesh.get_reference_cells().front());
    const dealii::FESystem<dim> fe(*element, dim);
    dof_handler.distribute_dofs(fe);
    positions = make_relevant_vector(dof_handler, mesh.get_communicator());

    const unsigned int                           n = element->n_dofs_per_cell();
    std::vector<dealii::types::global_dof_index> dofs(fe.n_dofs_per_cell());
    for (const auto &cell : dof_handler.active_cell_iterators())
      if (cell->is_locally_owned())
        {
          // Not the number in the cell's id, which is p4est's.
          typename dealii::Triangulation<dim>::cell_iterator coarse = cell;
          while (coarse->level() > 0)
            coarse = coarse->parent();
          const auto &of_coarse = nodes[coarse->index()];
          const auto  units =
            in_coarse_cell<dim>(cell,
                                coarse,
                                element->get_unit_support_points());
          std::vector<dealii::Point<dim>> points(n);
          for (unsigned int i = 0; i < n; ++i)
            for (unsigned int k = 0; k < n; ++k)
              points[i] += element->shape_value(k, units[i]) *
                           dealii::Tensor<1, dim>(of_coarse[k]);
          cell->get_dof_indices(dofs);
          for (unsigned int j = 0; j < dofs.size(); ++j)
            {
              const auto [d, i] = fe.system_to_component_index(j);
              if (positions.in_local_range(dofs[j]))
                positions(dofs[j]) = points[i][d];
            }
        }
    positions.update_ghost_values();
  }



  template <int dim>
  std::unique_ptr<dealii::Mapping<dim>>
  CurvedMapping<dim>::mapping() const
  {
    return std::make_unique<dealii::MappingFEField<dim, dim, FEVector>>(
      dof_handler, positions);
  }



  template class CurvedMapping<1>;
  template class CurvedMapping<2>;
  template class CurvedMapping<3>;
} // namespace lsr
