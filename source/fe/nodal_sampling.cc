// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/types.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/quadrature.h>
#include <deal.II/fe/fe_values.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

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



  template <int dim>
  Sampling
  nodal_sampling(const dealii::Mapping<dim>    &mapping,
                 const dealii::DoFHandler<dim> &dof_handler,
                 const unsigned int             n_outputs,
                 const std::optional<double>   &time)
  {
    const dealii::FiniteElement<dim> &fe = dof_handler.get_fe();
    AssertThrow(fe.has_support_points(),
                dealii::ExcMessage("The finite element " + fe.get_name() +
                                   " has no support points; expected a nodal "
                                   "element."));
    AssertThrow(fe.n_components() == n_outputs,
                dealii::ExcMessage(
                  "The network has " + std::to_string(n_outputs) +
                  " outputs, expected one for each of the " +
                  std::to_string(fe.n_components()) +
                  " components of the finite element " + fe.get_name() + "."));

    const dealii::IndexSet &owned    = dof_handler.locally_owned_dofs();
    const unsigned int      n_inputs = dim + (time ? 1 : 0);
    dealii::FEValues<dim>   fe_values(mapping,
                                    fe,
                                    dealii::Quadrature<dim>(
                                      fe.get_unit_support_points()),
                                    dealii::update_quadrature_points);

    Sampling                                       sampling;
    std::vector<std::vector<double>>               points;
    std::map<std::array<double, dim>, std::size_t> point_index;
    sampling.rows.resize(owned.n_elements());

    std::vector<dealii::types::global_dof_index> dofs(fe.n_dofs_per_cell());
    std::vector<bool> done(owned.n_elements(), false);
    for (const auto &cell : dof_handler.active_cell_iterators())
      {
        if (!cell->is_locally_owned())
          continue;
        fe_values.reinit(cell);
        cell->get_dof_indices(dofs);
        for (unsigned int i = 0; i < dofs.size(); ++i)
          {
            if (!owned.is_element(dofs[i]))
              continue;
            const auto row = owned.index_within_set(dofs[i]);
            if (done[row])
              continue;
            done[row] = true;

            const dealii::Point<dim> &point = fe_values.quadrature_point(i);
            std::array<double, dim>   key;
            for (unsigned int d = 0; d < dim; ++d)
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
              entry->second * n_outputs + fe.system_to_component_index(i).first;
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



  template Sampling
  nodal_sampling(const dealii::Mapping<1> &,
                 const dealii::DoFHandler<1> &,
                 const unsigned int,
                 const std::optional<double> &);
  template Sampling
  nodal_sampling(const dealii::Mapping<2> &,
                 const dealii::DoFHandler<2> &,
                 const unsigned int,
                 const std::optional<double> &);
  template Sampling
  nodal_sampling(const dealii::Mapping<3> &,
                 const dealii::DoFHandler<3> &,
                 const unsigned int,
                 const std::optional<double> &);
} // namespace lsr
