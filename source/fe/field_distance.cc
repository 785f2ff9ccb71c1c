// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/communicator.h>
#include <lsr/fe/field_distance.h>

#include <deal.II/dofs/dof_tools.h>
#include <deal.II/hp/fe_values.h>
#include <deal.II/hp/q_collection.h>
#include <deal.II/lac/la_parallel_vector.h>

#include <algorithm>
#include <cmath>

#include "fe/instantiate.h"

namespace lsr
{
  namespace
  {
    using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;

    template <int dim, int spacedim>
    ParallelVector
    vector_with_ghosts(const dealii::DoFHandler<dim, spacedim> &dof_handler)
    {
      dealii::IndexSet relevant;
      dealii::DoFTools::extract_locally_relevant_dofs(dof_handler, relevant);
      return ParallelVector(dof_handler.locally_owned_dofs(),
                            relevant,
                            dof_handler.get_communicator());
    }



    /// Call @p action for every locally owned cell, with its FEValues at the
    /// points of a formula that is exact for products of shape functions, and
    /// its degrees of freedom.
    template <int dim, int spacedim, typename Action>
    void
    for_each_cell(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                  const Action                            &action)
    {
      dealii::hp::QCollection<dim> quadratures;
      for (unsigned int i = 0; i < dof_handler.get_fe_collection().size(); ++i)
        {
          const auto &fe = dof_handler.get_fe(i);
          quadratures.push_back(
            fe.reference_cell().template get_gauss_type_quadrature<dim>(
              fe.degree + 1));
        }
      const dealii::hp::MappingCollection<dim, spacedim> mappings(
        dealii::get_default_linear_mapping(dof_handler.get_triangulation()));
      dealii::hp::FEValues<dim, spacedim> fe_values(
        mappings,
        dof_handler.get_fe_collection(),
        quadratures,
        dealii::update_values | dealii::update_JxW_values);
      std::vector<dealii::types::global_dof_index> dofs;
      for (const auto &cell : dof_handler.active_cell_iterators())
        if (cell->is_locally_owned() && cell->get_fe().n_dofs_per_cell() > 0)
          {
            fe_values.reinit(cell);
            dofs.resize(cell->get_fe().n_dofs_per_cell());
            cell->get_dof_indices(dofs);
            action(fe_values.get_present_fe_values(), dofs);
          }
    }
  } // namespace



  template <int dim, int spacedim>
  std::vector<double>
  nodal_weights(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                const dealii::ComponentMask             &mask)
  {
    ParallelVector integrals = vector_with_ghosts(dof_handler);
    for_each_cell(dof_handler, [&](const auto &fe_values, const auto &dofs) {
      const auto &fe = fe_values.get_fe();
      AssertThrow(fe.is_primitive(),
                  dealii::ExcMessage("nodal_weights(): the finite element " +
                                     fe.get_name() +
                                     " has shape functions of several "
                                     "components, expected a nodal element."));
      for (unsigned int i = 0; i < dofs.size(); ++i)
        if (mask[fe.system_to_component_index(i).first])
          for (const unsigned int p : fe_values.quadrature_point_indices())
            integrals(dofs[i]) +=
              fe_values.shape_value(i, p) * fe_values.JxW(p);
    });
    integrals.compress(dealii::VectorOperation::add);
    return {integrals.begin(), integrals.end()};
  }



  template <int dim, int spacedim>
  double
  internal::relative_distance(
    const dealii::DoFHandler<dim, spacedim> &dof_handler,
    const std::vector<double>               &u,
    const std::vector<double>               &v,
    const dealii::ComponentMask             &mask,
    const bool                               up_to_a_constant)
  {
    ParallelVector difference = vector_with_ghosts(dof_handler),
                   reference  = difference;
    std::copy(v.begin(), v.end(), reference.begin());
    std::transform(
      u.begin(), u.end(), v.begin(), difference.begin(), std::minus<>());
    difference.update_ghost_values();
    reference.update_ghost_values();

    double squares[2] = {0., 0.}, mean = 0., area = 0.;
    for_each_cell(dof_handler, [&](const auto &fe_values, const auto &dofs) {
      for (const unsigned int p : fe_values.quadrature_point_indices())
        for (unsigned int c = 0; c < fe_values.get_fe().n_components(); ++c)
          if (mask[c])
            {
              double values[2] = {0., 0.};
              for (unsigned int i = 0; i < dofs.size(); ++i)
                {
                  const double shape = fe_values.shape_value_component(i, p, c);
                  values[0] += difference(dofs[i]) * shape;
                  values[1] += reference(dofs[i]) * shape;
                }
              mean += values[0] * fe_values.JxW(p);
              area += fe_values.JxW(p);
              for (unsigned int k = 0; k < 2; ++k)
                squares[k] += values[k] * values[k] * fe_values.JxW(p);
            }
    });
    const Communicator communicator(dof_handler.get_communicator());
    const double       norm_of_difference = communicator.sum(squares[0]),
                 norm                     = communicator.sum(squares[1]);
    mean                                  = communicator.sum(mean);
    area                                  = communicator.sum(area);
    const double of_constant = up_to_a_constant ? mean * mean / area : 0.;
    return std::sqrt(std::max(0., norm_of_difference - of_constant) / norm);
  }



  template <int dim, int spacedim>
  std::vector<dealii::ComponentMask>
  base_element_masks(const dealii::FiniteElement<dim, spacedim> &fe)
  {
    std::vector<std::vector<bool>> selected(fe.n_base_elements(),
                                            std::vector<bool>(fe.n_components(),
                                                              false));
    for (unsigned int c = 0; c < fe.n_components(); ++c)
      selected[fe.component_to_base_index(c).first][c] = true;
    return {selected.begin(), selected.end()};
  }



#define INSTANTIATE(dim, spacedim)                                             \
  template std::vector<double> nodal_weights(                                  \
    const dealii::DoFHandler<dim, spacedim> &, const dealii::ComponentMask &); \
  template double internal::relative_distance(                                 \
    const dealii::DoFHandler<dim, spacedim> &,                                 \
    const std::vector<double> &,                                               \
    const std::vector<double> &,                                               \
    const dealii::ComponentMask &,                                             \
    const bool);                                                               \
  template std::vector<dealii::ComponentMask> base_element_masks(              \
    const dealii::FiniteElement<dim, spacedim> &);
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
