// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_polynomial_h
#define lsr_tests_polynomial_h

#include <deal.II/base/function.h>

/// Component c is (c + 1) (1 + x + 2 y^2 + 3 z), times a factor; in 1D 1 + x.
template <int dim>
class Polynomial : public dealii::Function<dim>
{
public:
  explicit Polynomial(const unsigned int n_components = 1,
                      const double       factor       = 1)
    : dealii::Function<dim>(n_components)
    , factor(factor)
  {}

  double
  value(const dealii::Point<dim> &p, const unsigned int c = 0) const override
  {
    return factor * (c + 1) *
           (1 + p[0] + (dim > 1 ? 2 * p[1 % dim] * p[1 % dim] : 0) +
            (dim > 2 ? 3 * p[2 % dim] : 0));
  }

  dealii::Tensor<1, dim>
  gradient(const dealii::Point<dim> &p, const unsigned int c = 0) const override
  {
    dealii::Tensor<1, dim> result;
    result[0] = 1;
    if (dim > 1)
      result[1 % dim] = 4 * p[1 % dim];
    if (dim > 2)
      result[2 % dim] = 3;
    return factor * (c + 1) * result;
  }

private:
  const double factor;
};

#endif
