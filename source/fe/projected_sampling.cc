// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/cell_id.h>
#include <deal.II/grid/reference_cell.h>
#include <deal.II/hp/fe_values.h>
#include <deal.II/hp/mapping_collection.h>
#include <deal.II/hp/q_collection.h>
#include <deal.II/lac/full_matrix.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "fe/instantiate.h"
#include "fe/nodal_element.h"

namespace lsr
{
  namespace
  {
    /// For each owned degree of freedom that has not been seen on a cell before
    /// this one in the order of CellId, the place in the cell.
    template <int dim, int spacedim>
    struct CellOfDegreesOfFreedom
    {
      typename dealii::DoFHandler<dim, spacedim>::active_cell_iterator cell;

      /// Degrees of freedom among the owned ones, and on the cell.
      std::vector<std::pair<std::size_t, unsigned int>> places;
    };



    template <int dim, int spacedim>
    std::vector<CellOfDegreesOfFreedom<dim, spacedim>>
    distribute_to_cells(const dealii::DoFHandler<dim, spacedim> &dof_handler)
    {
      // Of ghost cells, too: all ranks agree on the first cell.
      std::map<dealii::CellId,
               typename dealii::DoFHandler<dim, spacedim>::active_cell_iterator>
        cells;
      for (const auto &cell : dof_handler.active_cell_iterators())
        if (!cell->is_artificial())
          cells.emplace(cell->id(), cell);

      const dealii::IndexSet &owned = dof_handler.locally_owned_dofs();
      std::vector<bool>       done(owned.n_elements(), false);
      std::vector<dealii::types::global_dof_index>       dofs;
      std::vector<CellOfDegreesOfFreedom<dim, spacedim>> result;
      for (const auto &[id, cell] : cells)
        {
          CellOfDegreesOfFreedom<dim, spacedim> here{cell, {}};
          dofs.resize(cell->get_fe().n_dofs_per_cell());
          cell->get_dof_indices(dofs);
          for (unsigned int i = 0; i < dofs.size(); ++i)
            if (owned.is_element(dofs[i]))
              {
                const std::size_t row = owned.index_within_set(dofs[i]);
                if (!done[row])
                  here.places.emplace_back(row, i);
                done[row] = true;
              }
          if (!here.places.empty())
            result.push_back(std::move(here));
        }
      return result;
    }



    /// The matrix of the $L_2$ projection on a cell: its degrees of freedom
    /// $\times$ values of all components at each quadrature point.
    template <int dim, int spacedim>
    dealii::FullMatrix<double>
    project_on_cell(const dealii::FEValues<dim, spacedim> &fe_values)
    {
      const unsigned int n_dofs       = fe_values.dofs_per_cell,
                         n_points     = fe_values.n_quadrature_points,
                         n_components = fe_values.get_fe().n_components();
      dealii::FullMatrix<double> B(n_dofs, n_points * n_components),
        M(n_dofs, n_dofs), P(n_dofs, n_points * n_components);
      for (unsigned int i = 0; i < n_dofs; ++i)
        for (unsigned int p = 0; p < n_points; ++p)
          for (unsigned int c = 0; c < n_components; ++c)
            {
              const double v = fe_values.shape_value_component(i, p, c);
              B(i, p * n_components + c) = v * fe_values.JxW(p);
              for (unsigned int j = 0; j < n_dofs && v != 0.; ++j)
                M(i, j) += v * fe_values.shape_value_component(j, p, c) *
                           fe_values.JxW(p);
            }
      M.gauss_jordan();
      M.mmult(P, B);
      require(std::isfinite(P.frobenius_norm()),
              "projected_sampling(): the shape functions of " +
                fe_values.get_fe().get_name() +
                " are not independent on a cell; expected an element that is "
                "determined by its values in cells");
      return P;
    }



    /// The support points on the unit cell of the degrees of freedom of @p fe
    /// that are values of the network there: those of base elements that are
    /// continuous and nodal.
    template <int dim, int spacedim>
    std::vector<std::optional<dealii::Point<dim>>>
    nodes(const dealii::FiniteElement<dim, spacedim> &fe)
    {
      std::vector<std::optional<dealii::Point<dim>>> result(
        fe.n_dofs_per_cell());
      for (unsigned int b = 0; b < fe.n_base_elements(); ++b)
        if (internal::is_continuous_and_nodal(fe.base_element(b)))
          for (unsigned int i = 0; i < result.size(); ++i)
            if (const auto &[copy, j] = fe.system_to_base_index(i);
                copy.first == b)
              result[i] = fe.base_element(b).unit_support_point(j);
      return result;
    }
  } // namespace



  template <int dim, int spacedim>
  Sampling
  projected_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                     const dealii::DoFHandler<dim, spacedim> &dof_handler,
                     const std::optional<double>             &time)
  {
    dealii::hp::QCollection<dim> quadratures;
    for (unsigned int i = 0; i < dof_handler.get_fe_collection().size(); ++i)
      {
        const auto &fe = dof_handler.get_fe(i);
        quadratures.push_back(
          fe.reference_cell().template get_gauss_type_quadrature<dim>(
            fe.degree + 1));
      }
    const dealii::hp::MappingCollection<dim, spacedim> mappings(mapping);
    dealii::hp::FEValues<dim, spacedim>                hp_fe_values(
      mappings,
      dof_handler.get_fe_collection(),
      quadratures,
      dealii::update_values | dealii::update_quadrature_points |
        dealii::update_JxW_values);

    std::vector<std::vector<std::optional<dealii::Point<dim>>>> node_of;
    for (unsigned int i = 0; i < dof_handler.get_fe_collection().size(); ++i)
      node_of.push_back(nodes(dof_handler.get_fe(i)));

    // Rows of P, one for each owned degree of freedom, and inputs, point by
    // point.
    struct Row
    {
      std::size_t         first_column = 0;
      std::vector<double> values;
    };
    std::vector<Row>    rows(dof_handler.locally_owned_dofs().n_elements());
    std::vector<double> inputs;
    std::size_t         n_columns = 0;

    const auto add_point = [&](const dealii::Point<spacedim> &point) {
      for (unsigned int d = 0; d < spacedim; ++d)
        inputs.push_back(point[d]);
      if (time)
        inputs.push_back(*time);
      n_columns += dof_handler.get_fe_collection().n_components();
    };
    for (const auto &here : distribute_to_cells(dof_handler))
      {
        hp_fe_values.reinit(here.cell);
        const auto &fe_values = hp_fe_values.get_present_fe_values();
        const auto &node      = node_of[here.cell->active_fe_index()];
        const dealii::FullMatrix<double> on_cell = project_on_cell(fe_values);
        const std::size_t                first_column = n_columns;
        for (const auto &point : fe_values.get_quadrature_points())
          add_point(point);
        for (const auto &[row, i] : here.places)
          if (!node[i])
            {
              rows[row].first_column = first_column;
              for (unsigned int v = 0; v < on_cell.n(); ++v)
                rows[row].values.push_back(on_cell(i, v));
            }
          else
            {
              rows[row].first_column =
                n_columns +
                fe_values.get_fe().system_to_component_index(i).first;
              rows[row].values = {1.};
              add_point(
                mapping.transform_unit_to_real_cell(here.cell, *node[i]));
            }
      }

    CompressedRows P;
    P.n_columns = n_columns;
    for (const Row &row : rows)
      {
        for (std::size_t v = 0; v < row.values.size(); ++v)
          P.add(row.first_column + v, row.values[v]);
        P.end_row();
      }
    ensure_kokkos_initialized();
    const unsigned int n_inputs = spacedim + (time ? 1 : 0);
    const HostBlock points("lsr::points", n_inputs, inputs.size() / n_inputs);
    std::copy(inputs.begin(), inputs.end(), points.data());
    return Sampling::projected(to_memory_space(points), P);
  }



#define INSTANTIATE(dim, spacedim)             \
  template Sampling projected_sampling(        \
    const dealii::Mapping<dim, spacedim> &,    \
    const dealii::DoFHandler<dim, spacedim> &, \
    const std::optional<double> &);
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
