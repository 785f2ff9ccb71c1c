// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_solutions_h
#define lsr_studies_solutions_h

#include <array>
#include <complex>
#include <functional>
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



  /**
   * The characteristics of $s_t + u(x)\, s_x = 0$ on $[0, 1]$ with a velocity
   * $u > 0$, along which $s$ is constant: with the time $T(x) = \int_0^x 1/u$
   * from the left end to $x$, the one through $(x, t)$ begins at the left end
   * at the time $t - T(x)$, or at $(x_0, 0)$ with $T(x_0) = T(x) - t$.
   */
  class Characteristics
  {
  public:
    explicit Characteristics(std::function<double(double)> velocity);

    /// $(0, t_0)$ or $(x_0, 0)$, where the characteristic through @p x, @p t
    /// begins.
    std::array<double, 2>
    origin(double x, double t) const;

  private:
    /// $T(x)$, by Simpson's rule.
    double
    travel_time(double x) const;

    const std::function<double(double)> velocity;

    /// $T$ at equidistant points.
    std::vector<double> times;
  };



  /// Solutions of the equations of operator networks, as functions of the
  /// coordinates: training measures its test errors with them.
  using ReferenceSolution = std::function<double(const double *)>;

  /// $\int_0^x u$, term by term.
  ReferenceSolution
  integral_of(const FourierSeries &u);

  /**
   * $s_t = D s_{xx} + k s^2 + u(x)$ on the unit square, zero at first and at
   * both ends: finite differences of second order, implicit in the diffusion
   * (Crank-Nicolson), explicit in the reaction (Adams-Bashforth), on
   * @p n_cells $\times$ 2 @p n_cells cells, and linear in between.
   */
  ReferenceSolution
  diffusion_reaction_solution(const FourierSeries &u,
                              double               D,
                              double               k,
                              unsigned int         n_cells = 200);

  /// $s_t + u(x) s_x = 0$ with $s(x, 0) = \sin(\pi x)$ and $s(0, t) =
  /// \sin(\pi t / 2)$, along Characteristics. For $u > 0$.
  ReferenceSolution
  advection_solution(const FourierSeries &u);
} // namespace lsr_studies

#endif
