// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_random_fields_burgers_h
#define lsr_studies_random_fields_burgers_h

#include <complex>
#include <vector>

#include "applications/studies/random-fields/gaussian_field.h"

namespace lsr_studies
{
  /**
   * The solution of $u_t + u u_x = \nu u_{xx}$ with the period of the initial
   * value.
   *
   * With the mean $c$ of the initial value, $u(x,t) = c + v(x - c t, t)$, and
   * the transformation of Cole and Hopf, $v = -2 \nu \phi_x / \phi$, leads to
   * the heat equation for $\phi$ with $\phi(x, 0) = \exp(-\frac 1{2\nu} \int
   * (u_0 - c) \, dx)$, which is solved by its Fourier series. The
   * coefficients come from the trapezoidal rule with @p n_points points; both
   * converge exponentially.
   */
  class PeriodicBurgersSolution
  {
  public:
    PeriodicBurgersSolution(const FourierSeries &initial_value,
                            double               viscosity,
                            unsigned int         n_points = 256);

    double
    operator()(double x, double t) const;

  private:
    double period, mean, viscosity;

    /// Coefficients of $e^{2 \pi i j x / P}$, $j \ge 0$, of the real
    /// $\phi(x, 0)$.
    std::vector<std::complex<double>> coefficients;
  };
} // namespace lsr_studies

#endif
