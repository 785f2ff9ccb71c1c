// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/discretization.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/tensor.h>

#include <cmath>
#include <sstream>

namespace lsr
{
  template <int dim>
  Grading<dim>::Grading(const std::string &text, const std::string &location)
    : text(text)
  {
    for (const std::string &coordinate : split_expressions(text))
      coordinates.emplace_back(coordinate, location);
    AssertThrow(coordinates.size() == dim,
                dealii::ExcMessage(
                  "The grading \"" + text + "\" in <" + location + "> has " +
                  std::to_string(coordinates.size()) +
                  " components. Expected were " + std::to_string(dim) + "."));
  }



  template <int dim>
  dealii::Point<dim>
  Grading<dim>::operator()(const dealii::Point<dim> &xi) const
  {
    dealii::Point<dim> x;
    for (unsigned int d = 0; d < dim; ++d)
      x[d] = coordinates[d].value(xi);
    return x;
  }



  template <int dim>
  Expression<dim>
  Grading<dim>::derivative(const unsigned int d, const unsigned int e) const
  {
    return coordinates[d].derivative(e);
  }



  template <int dim>
  InverseGrading<dim>::InverseGrading(const Grading<dim> &grading)
    : grading(grading)
  {
    for (unsigned int d = 0; d < dim; ++d)
      for (unsigned int e = 0; e < dim; ++e)
        derivatives.push_back(grading.derivative(d, e));
  }



  template <int dim>
  dealii::Point<dim>
  InverseGrading<dim>::operator()(const dealii::Point<dim> &x,
                                  const dealii::Point<dim> &guess) const
  {
    constexpr unsigned int max_steps = 50;

    dealii::Point<dim> xi = guess;
    for (unsigned int i = 0; i < max_steps; ++i)
      {
        dealii::Tensor<2, dim> J;
        for (unsigned int d = 0; d < dim; ++d)
          for (unsigned int e = 0; e < dim; ++e)
            J[d][e] = derivatives[d * dim + e].value(xi);
        const dealii::Tensor<1, dim> step =
          dealii::invert(J) * (x - grading(xi));
        xi += step;
        if (std::isfinite(step.norm()) &&
            step.norm() <= 1e-13 * (1. + xi.norm()))
          return xi;
      }
    std::ostringstream point;
    point << x;
    AssertThrow(false,
                dealii::ExcMessage("The grading \"" + grading.text +
                                   "\" cannot be inverted at (" + point.str() +
                                   "). Expected was a smooth map."));
    return xi;
  }



  template class Grading<1>;
  template class Grading<2>;
  template class Grading<3>;
  template class InverseGrading<1>;
  template class InverseGrading<2>;
  template class InverseGrading<3>;
} // namespace lsr
