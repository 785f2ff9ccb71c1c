// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/strong_residual.h>

#include <deal.II/fe/fe_values.h>
#include <deal.II/lac/full_matrix.h>

#include <cmath>
#include <string>

#include "fe/quadrature.h"

namespace lsr
{
  template <int dim>
  StrongForm<dim>::StrongForm(const AdvectionDiffusionReaction<dim> &equation,
                              const Discretization<dim> &discretization)
    : equation(equation)
    , a(equation.constant_diffusion())
  {
    check_boundary_conditions(discretization);
  }



  template <int dim>
  double
  StrongForm<dim>::evaluate(const dealii::Point<dim>              &x,
                            const dealii::ArrayView<const double> &jet,
                            const dealii::ArrayView<double>       &slopes) const
  {
    const dealii::ArrayView<const double> value_and_gradient(jet.data(),
                                                             1 + dim);
    double                                flux[1 + dim];
    equation.evaluate(x,
                      value_and_gradient,
                      dealii::ArrayView<double>(flux, 1 + dim));
    dealii::FullMatrix<double> jacobian(1 + dim);
    equation.jacobian(x, value_and_gradient, jacobian);
    for (unsigned int k = 0; k < 1 + dim; ++k)
      slopes[k] = jacobian(0, k);
    slopes[1 + dim] = -1.;
    return flux[0] - jet[1 + dim];
  }



  template <int dim>
  void
  StrongForm<dim>::check_boundary_conditions(
    const Discretization<dim> &discretization) const
  {
    const auto conditions    = equation.dirichlet_conditions();
    const auto has_condition = [&](const dealii::types::boundary_id id) {
      for (const unsigned int d : discretization.periodic_directions())
        if (id / 2 == d)
          return true;
      const auto given = conditions.find(id);
      const auto entry =
        given != conditions.end() ? given : conditions.find(all_boundaries);
      return entry != conditions.end() && entry->second != nullptr;
    };

    dealii::FEFaceValues<dim> face_values(
      discretization.mapping(),
      discretization.finite_element(),
      gauss_face_quadrature<dim>(
        discretization.finite_element().reference_cell(), 1),
      dealii::update_normal_vectors);
    for (const auto &cell :
         discretization.dof_handler().active_cell_iterators())
      for (const unsigned int f : cell->face_indices())
        if (cell->at_boundary(f) &&
            !has_condition(cell->face(f)->boundary_id()))
          {
            face_values.reinit(cell, f);
            const auto normal = face_values.normal_vector(0);
            for (unsigned int d = 0; d < dim; ++d)
              AssertThrow(a[d] * std::abs(normal[d]) < 1e-12,
                          dealii::ExcMessage(
                            "There is no Dirichlet condition for boundary id " +
                            std::to_string(cell->face(f)->boundary_id()) +
                            ". The strong form needs one wherever there is "
                            "diffusion through the boundary."));
          }
  }



  template class StrongForm<1>;
  template class StrongForm<2>;
  template class StrongForm<3>;
} // namespace lsr
