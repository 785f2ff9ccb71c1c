// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// An equation that is registered as NAME, in three dimensions alone.

#include <lsr/fe/equation_registry.h>

#ifdef WITH_MISSING_SYMBOL
double
defined_nowhere(const double x);
#endif

template <int dim>
class Identity : public lsr::WeakForm<dim>
{
public:
  void
  evaluate(const dealii::Point<dim> & /*x*/,
           const dealii::ArrayView<const double> &jet,
           const dealii::ArrayView<double>       &flux) const override
  {
    for (unsigned int i = 0; i < jet.size(); ++i)
      flux[i] = jet[i];
#ifdef WITH_MISSING_SYMBOL
    flux[0] += defined_nowhere(jet[0]);
#endif
  }

  void
  jacobian(const dealii::Point<dim> & /*x*/,
           const dealii::ArrayView<const double> & /*jet*/,
           dealii::FullMatrix<double> &jacobian) const override
  {
    jacobian = 0.;
    for (unsigned int i = 0; i < jacobian.m(); ++i)
      jacobian(i, i) = 1.;
  }
};

LSR_REGISTER_EQUATION(Identity,
                      NAME,
                      "u - div(grad u) = 0",
                      lsr::Dimensions<3>())
