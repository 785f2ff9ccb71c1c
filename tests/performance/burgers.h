// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_burgers_h
#define lsr_tests_performance_burgers_h

#include <complex>
#include <random>
#include <vector>

namespace lsr
{
  namespace performance
  {
    /// $g(x) = \text{mean} + \sum_{k \ge 1} a_k \cos(\pi k x) + b_k \sin(\pi k
    /// x)$ with $a_k$ = cosine[k - 1], $b_k$ = sine[k - 1]; period 2.
    struct FourierSeries
    {
      double              mean = 0;
      std::vector<double> cosine, sine;

      double
      operator()(double x) const;
    };

    /**
     * A draw from the Gaussian process on $[-1,1]$, periodic, with the
     * Karhunen-Loeve expansion in $1/\sqrt 2$, $\cos(\pi k x)$, $\sin(\pi k x)$
     * and the standard deviations
     * $\frac 12 \left(\frac{12.25}{(\pi k)^2 + 12.25}\right)^2$.
     */
    FourierSeries
    random_initial_value(std::mt19937_64 &generator);

    /**
     * The solution of $u_t + u u_x = \nu u_{xx}$, periodic on $[-1,1]$.
     *
     * With the mean $c$ of the initial value, $u(x,t) = c + v(x - c t, t)$, and
     * the transformation of Cole and Hopf, $v = -2 \nu \phi_x / \phi$, leads to
     * the heat equation for $\phi$ with $\phi(x, 0) = \exp(-\frac 1{2\nu} \int
     * (u_0 - c) \, dx)$, which is solved by its Fourier series. The
     * coefficients come from the trapezoidal rule with @p n_points points; both
     * converge exponentially.
     */
    class BurgersSolution
    {
    public:
      BurgersSolution(const FourierSeries &initial_value,
                      double               viscosity,
                      unsigned int         n_points = 256);

      double
      operator()(double x, double t) const;

    private:
      double mean, viscosity;

      /// Coefficients of $e^{i \pi j x}$, $j \ge 0$, of the real $\phi(x, 0)$.
      std::vector<std::complex<double>> coefficients;
    };
  } // namespace performance
} // namespace lsr

#endif
