// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/checked_refinement.h>

#include <deal.II/base/quadrature.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe.h>
#include <deal.II/grid/reference_cell.h>
#include <deal.II/hp/fe_values.h>
#include <deal.II/lac/la_parallel_vector.h>

#include <cmath>
#include <utility>

#include "fe/instantiate.h"

namespace lsr
{
  using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;

  namespace
  {
    template <int dim, int spacedim>
    dealii::hp::QCollection<dim>
    gauss_formulas(const dealii::hp::FECollection<dim, spacedim> &elements)
    {
      dealii::hp::QCollection<dim> formulas;
      for (unsigned int i = 0; i < elements.size(); ++i)
        formulas.push_back(
          elements[i].reference_cell().template get_gauss_type_quadrature<dim>(
            elements[i].degree + 1));
      return formulas;
    }



    /// The integrals of a shape function, and of its square.
    template <int dim, int spacedim>
    std::pair<double, double>
    integrate(const dealii::FEValues<dim, spacedim> &values,
              const unsigned int                     i)
    {
      const auto &nonzero  = values.get_fe().get_nonzero_components(i);
      double      integral = 0., square = 0.;
      for (unsigned int c = 0; c < nonzero.size(); ++c)
        if (nonzero[c])
          for (const unsigned int q : values.quadrature_point_indices())
            {
              const double value = values.shape_value_component(i, q, c);
              integral += value * values.JxW(q);
              square += value * value * values.JxW(q);
            }
      return {integral, square};
    }



    /// Let the degrees of freedom that others depend on have what these have,
    /// times a power of the coefficient.
    void
    condense(const dealii::IndexSet                  &owned,
             const dealii::AffineConstraints<double> &constraints,
             const int                                power,
             ParallelVector                          &numbers)
    {
      ParallelVector moved;
      moved.reinit(numbers);
      for (const auto i : owned)
        if (constraints.is_constrained(i))
          for (const auto &[j, weight] : *constraints.get_constraint_entries(i))
            if (moved.get_partitioner()->in_local_range(j) ||
                moved.get_partitioner()->is_ghost_entry(j))
              moved(j) += std::pow(weight, power) * numbers(i);
      moved.compress(dealii::VectorOperation::add);
      numbers += moved;
    }
  } // namespace



  template <int dim, int spacedim>
  ValueSpace
  value_space(const dealii::Mapping<dim, spacedim>    &mapping,
              const dealii::DoFHandler<dim, spacedim> &dof_handler,
              const dealii::AffineConstraints<double> &constraints)
  {
    const auto             &elements = dof_handler.get_fe_collection();
    const dealii::IndexSet &owned    = dof_handler.locally_owned_dofs();
    dealii::IndexSet        relevant;
    dealii::DoFTools::extract_locally_relevant_dofs(dof_handler, relevant);
    ParallelVector mass(owned, relevant, dof_handler.get_communicator());
    ParallelVector integral(mass);

    ValueSpace space;
    space.n_components    = elements.n_components();
    space.n_base_elements = dof_handler.get_fe(0).n_base_elements();
    space.component.resize(owned.n_elements());
    space.base_element.resize(owned.n_elements(), 0);

    // hp::FEValues refers to it.
    const dealii::hp::MappingCollection<dim, spacedim> mappings(mapping);
    dealii::hp::FEValues<dim, spacedim>                hp_values(mappings,
                                                  elements,
                                                  gauss_formulas(elements),
                                                  dealii::update_values |
                                                    dealii::update_JxW_values);
    std::vector<dealii::types::global_dof_index>       dofs;
    for (const auto &cell : dof_handler.active_cell_iterators())
      {
        if (cell->is_artificial() || cell->get_fe().n_dofs_per_cell() == 0)
          continue;
        const auto &fe = cell->get_fe();
        dofs.resize(fe.n_dofs_per_cell());
        cell->get_dof_indices(dofs);
        for (unsigned int i = 0; i < dofs.size(); ++i)
          if (owned.is_element(dofs[i]))
            {
              const auto         row  = owned.index_within_set(dofs[i]);
              const unsigned int base = fe.system_to_base_index(i).first.first;
              space.base_element[row] = base;
              if (fe.is_primitive(i) &&
                  fe.base_element(base).has_support_points())
                space.component[row] = fe.system_to_component_index(i).first;
            }
        if (!cell->is_locally_owned())
          continue;
        hp_values.reinit(cell);
        for (unsigned int i = 0; i < dofs.size(); ++i)
          {
            const auto [of_one, of_square] =
              integrate(hp_values.get_present_fe_values(), i);
            integral(dofs[i]) += of_one;
            mass(dofs[i]) += of_square;
          }
      }
    mass.compress(dealii::VectorOperation::add);
    integral.compress(dealii::VectorOperation::add);
    condense(owned, constraints, 2, mass);
    condense(owned, constraints, 1, integral);

    for (const auto i : owned)
      {
        space.mass.push_back(mass(i));
        space.integral.push_back(integral(i));
      }
    return space;
  }



#define INSTANTIATE(dim, spacedim)                                           \
  template ValueSpace value_space(const dealii::Mapping<dim, spacedim> &,    \
                                  const dealii::DoFHandler<dim, spacedim> &, \
                                  const dealii::AffineConstraints<double> &);
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
