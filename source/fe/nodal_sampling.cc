// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/types.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/quadrature.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/hp/fe_values.h>
#include <deal.II/hp/mapping_collection.h>
#include <deal.II/hp/q_collection.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "fe/instantiate.h"

namespace lsr
{
  namespace
  {
    Block
    to_block(const std::vector<std::vector<double>> &points,
             const unsigned int                      n_inputs)
    {
      const Block block = make_block(n_inputs, points.size());
      const auto  host  = Kokkos::create_mirror_view(block);
      for (std::size_t i = 0; i < points.size(); ++i)
        for (unsigned int d = 0; d < n_inputs; ++d)
          host(d, i) = points[i][d];
      Kokkos::deep_copy(block, host);
      return block;
    }
  } // namespace



  template <int dim, int spacedim>
  Sampling
  nodal_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time)
  {
    dealii::hp::QCollection<dim> support_points;
    for (unsigned int i = 0; i < dof_handler.get_fe_collection().size(); ++i)
      {
        const auto &fe = dof_handler.get_fe(i);
        AssertThrow(fe.has_support_points(),
                    dealii::ExcMessage("The finite element " + fe.get_name() +
                                       " has no support points; expected a "
                                       "nodal element, or "
                                       "projected_sampling()."));
        AssertThrow(fe.n_components() == n_outputs,
                    dealii::ExcMessage(
                      "The network has " + std::to_string(n_outputs) +
                      " outputs, expected one for each of the " +
                      std::to_string(fe.n_components()) +
                      " components of the finite element " + fe.get_name() +
                      "."));
        support_points.push_back(
          dealii::Quadrature<dim>(fe.get_unit_support_points()));
      }

    const dealii::IndexSet &owned    = dof_handler.locally_owned_dofs();
    const unsigned int      n_inputs = spacedim + (time ? 1 : 0);
    const dealii::hp::MappingCollection<dim, spacedim> mappings(mapping);
    dealii::hp::FEValues<dim, spacedim>                fe_values(
      mappings,
      dof_handler.get_fe_collection(),
      support_points,
      dealii::update_quadrature_points);

    Sampling                                            sampling;
    std::vector<std::vector<double>>                    points;
    std::map<std::array<double, spacedim>, std::size_t> point_index;
    sampling.rows.resize(owned.n_elements());

    std::vector<dealii::types::global_dof_index> dofs;
    std::vector<bool> done(owned.n_elements(), false);
    for (const auto &cell : dof_handler.active_cell_iterators())
      {
        if (!cell->is_locally_owned() || cell->get_fe().n_dofs_per_cell() == 0)
          continue;
        fe_values.reinit(cell);
        dofs.resize(cell->get_fe().n_dofs_per_cell());
        cell->get_dof_indices(dofs);
        for (unsigned int i = 0; i < dofs.size(); ++i)
          {
            if (!owned.is_element(dofs[i]))
              continue;
            const auto row = owned.index_within_set(dofs[i]);
            if (done[row])
              continue;
            done[row] = true;

            const dealii::Point<spacedim> &point =
              fe_values.get_present_fe_values().quadrature_point(i);
            std::array<double, spacedim> key;
            for (unsigned int d = 0; d < spacedim; ++d)
              key[d] = point[d];
            const auto [entry, is_new] =
              point_index.emplace(key, points.size());
            if (is_new)
              {
                points.emplace_back(key.begin(), key.end());
                if (time)
                  points.back().push_back(*time);
              }
            sampling.rows[row] =
              entry->second * n_outputs +
              cell->get_fe().system_to_component_index(i).first;
          }
      }

    // One component: let points be in the order of the degrees of freedom.
    if (n_outputs == 1 && points.size() == sampling.rows.size())
      {
        std::vector<std::vector<double>> ordered(points.size());
        for (std::size_t row = 0; row < points.size(); ++row)
          ordered[row] = points[sampling.rows[row]];
        points.swap(ordered);
        sampling.rows.clear();
      }
    sampling.points = to_block(points, n_inputs);
    return sampling;
  }



#define INSTANTIATE(dim, spacedim)                                            \
  template Sampling nodal_sampling(const dealii::Mapping<dim, spacedim> &,    \
                                   const dealii::DoFHandler<dim, spacedim> &, \
                                   const unsigned int,                        \
                                   const std::optional<double> &);
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
