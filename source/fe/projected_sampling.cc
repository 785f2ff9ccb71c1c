// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/cell_id.h>
#include <deal.II/grid/reference_cell.h>
#include <deal.II/lac/full_matrix.h>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

namespace lsr
{
  namespace
  {
    /// For each owned degree of freedom that has not been seen on a cell before
    /// this one in the order of CellId, the place in the cell.
    template <int dim>
    struct CellOfDegreesOfFreedom
    {
      typename dealii::DoFHandler<dim>::active_cell_iterator cell;

      /// Degrees of freedom among the owned ones, and on the cell.
      std::vector<std::pair<std::size_t, unsigned int>> places;
    };



    template <int dim>
    std::vector<CellOfDegreesOfFreedom<dim>>
    distribute_to_cells(const dealii::DoFHandler<dim> &dof_handler)
    {
      // Of ghost cells, too: all ranks agree on the first cell.
      std::map<dealii::CellId,
               typename dealii::DoFHandler<dim>::active_cell_iterator>
        cells;
      for (const auto &cell : dof_handler.active_cell_iterators())
        if (!cell->is_artificial())
          cells.emplace(cell->id(), cell);

      const dealii::IndexSet &owned = dof_handler.locally_owned_dofs();
      std::vector<bool>       done(owned.n_elements(), false);
      std::vector<dealii::types::global_dof_index> dofs(
        dof_handler.get_fe().n_dofs_per_cell());
      std::vector<CellOfDegreesOfFreedom<dim>> result;
      for (const auto &[id, cell] : cells)
        {
          CellOfDegreesOfFreedom<dim> here{cell, {}};
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
    template <int dim>
    dealii::FullMatrix<double>
    project_on_cell(const dealii::FEValues<dim> &fe_values)
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
  } // namespace



  template <int dim>
  Sampling
  projected_sampling(const dealii::Mapping<dim>    &mapping,
                     const dealii::DoFHandler<dim> &dof_handler)
  {
    const auto &fe = dof_handler.get_fe();
    const auto  quadrature =
      fe.reference_cell().template get_gauss_type_quadrature<dim>(fe.degree +
                                                                  1);
    const auto            cells    = distribute_to_cells(dof_handler);
    const unsigned int    n_values = quadrature.size() * fe.n_components();
    dealii::FEValues<dim> fe_values(mapping,
                                    fe,
                                    quadrature,
                                    dealii::update_values |
                                      dealii::update_quadrature_points |
                                      dealii::update_JxW_values);

    const HostBlock points("lsr::points",
                           dim,
                           cells.size() * quadrature.size());
    const auto      n_rows = dof_handler.locally_owned_dofs().n_elements();
    CompressedRows  rows;
    rows.n_columns = cells.size() * n_values;
    rows.columns.resize(n_rows * n_values);
    rows.values.resize(n_rows * n_values);
    for (std::size_t row = 0; row < n_rows; ++row)
      rows.starts.push_back((row + 1) * n_values);

    for (std::size_t k = 0; k < cells.size(); ++k)
      {
        fe_values.reinit(cells[k].cell);
        for (unsigned int p = 0; p < quadrature.size(); ++p)
          for (unsigned int d = 0; d < dim; ++d)
            points(d, k * quadrature.size() + p) =
              fe_values.quadrature_point(p)[d];
        const dealii::FullMatrix<double> on_cell = project_on_cell(fe_values);
        for (const auto &[row, i] : cells[k].places)
          for (unsigned int v = 0; v < n_values; ++v)
            {
              rows.values[row * n_values + v]  = on_cell(i, v);
              rows.columns[row * n_values + v] = k * n_values + v;
            }
      }
    return Sampling::projected(to_memory_space(points), rows);
  }



  template Sampling
  projected_sampling(const dealii::Mapping<1> &, const dealii::DoFHandler<1> &);
  template Sampling
  projected_sampling(const dealii::Mapping<2> &, const dealii::DoFHandler<2> &);
  template Sampling
  projected_sampling(const dealii::Mapping<3> &, const dealii::DoFHandler<3> &);
} // namespace lsr
