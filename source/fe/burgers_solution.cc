// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/equation_registry.h>

#include <deal.II/base/function.h>
#include <deal.II/base/numbers.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace lsr
{
  namespace
  {
    constexpr double pi = dealii::numbers::PI;


    /**
     * The solution of Burgers' equation
     * @f[
     *   u_t + u\, u_x = \nu\, u_{xx}, \qquad u(x, 0) = -\sin(\pi x),
     * @f]
     * as a function of the point $(x, t)$, by the transformation of Cole and
     * Hopf,
     * @f[
     *   u(x, t) = - \frac{\int \sin(\pi y)\, w(y)\, dy}{\int w(y)\, dy},
     *   \qquad
     *   w(y) = \exp\Bigl( - \frac{\cos \pi y}{2 \pi \nu}
     *                     - \frac{(x - y)^2}{4 \nu t} \Bigr).
     * @f]
     * The integrals are computed by the trapezoidal rule, which converges
     * exponentially here; the result is accurate to about ten digits and more.
     */
    class BurgersSolution : public dealii::Function<2>
    {
    public:
      /// Throws unless @p numbers are the viscosity, which is positive.
      explicit BurgersSolution(const std::vector<double> &numbers);

      double
      value(const dealii::Point<2> &point,
            const unsigned int      component = 0) const override;

      dealii::Tensor<1, 2>
      gradient(const dealii::Point<2> &point,
               const unsigned int      component = 0) const override;

    private:
      /// $u$, $u_x$, $u_{xx}$ at a point.
      struct Jet
      {
        double u, u_x, u_xx;
      };

      Jet
      jet(const dealii::Point<2> &point) const;

      const double viscosity;
    };
  } // namespace



  BurgersSolution::BurgersSolution(const std::vector<double> &numbers)
    : dealii::Function<2>(1)
    , viscosity(numbers.size() == 1 ? numbers[0] : 0.)
  {
    require(viscosity > 0.,
            "expected the viscosity of Burgers' equation, a positive number");
  }



  BurgersSolution::Jet
  BurgersSolution::jet(const dealii::Point<2> &point) const
  {
    const double x = point[0], t = point[1], nu = viscosity;
    if (t <= 0.)
      return {-std::sin(pi * x),
              -pi * std::cos(pi * x),
              pi * pi * std::sin(pi * x)};

    // The exponent grows by at most 1 / (pi nu) from y = x; beyond the radius
    // the weight is below rounding.
    const double radius   = std::sqrt(4. * nu * t * (40. + 1. / (pi * nu)));
    const auto   exponent = [&](const double y) {
      return -std::cos(pi * y) / (2. * pi * nu) -
             (x - y) * (x - y) / (4. * nu * t);
    };
    // The width of the narrowest feature of the weight, sampled six times.
    const double width = 1. / std::sqrt(1. / (2. * nu * t) + pi / (2. * nu));
    const int    n     = std::ceil(radius / (width / 6.));
    const double step  = radius / n;

    std::vector<double> exponents(2 * n + 1);
    for (int i = -n; i <= n; ++i)
      exponents[i + n] = exponent(x + i * step);
    const double largest =
      *std::max_element(exponents.begin(), exponents.end());

    // The integrals of h w with h = -sin(pi y) and h = 1. Their derivatives
    // with respect to x are those of L h w and L^2 h w with L h = h' + s h,
    // s = sin(pi y) / (2 nu).
    double N = 0., N_x = 0., N_xx = 0., D = 0., D_x = 0., D_xx = 0.;
    for (int i = -n; i <= n; ++i)
      {
        const double difference = exponents[i + n] - largest;
        if (difference < -40.) // below rounding
          continue;
        const double y      = x + i * step;
        const double weight = std::exp(difference);
        const double sine = std::sin(pi * y), cosine = std::cos(pi * y);
        const double s  = sine / (2. * nu);
        const double ds = pi * cosine / (2. * nu);
        N -= sine * weight;
        N_x -= (pi * cosine + s * sine) * weight;
        N_xx -= (-pi * pi * sine + 2. * pi * cosine * s + sine * (ds + s * s)) *
                weight;
        D += weight;
        D_x += s * weight;
        D_xx += (ds + s * s) * weight;
      }
    Jet result;
    result.u    = N / D;
    result.u_x  = (N_x - result.u * D_x) / D;
    result.u_xx = (N_xx - 2. * result.u_x * D_x - result.u * D_xx) / D;
    return result;
  }



  double
  BurgersSolution::value(const dealii::Point<2> &point,
                         const unsigned int /*component*/) const
  {
    return jet(point).u;
  }



  dealii::Tensor<1, 2>
  BurgersSolution::gradient(const dealii::Point<2> &point,
                            const unsigned int /*component*/) const
  {
    const Jet            at = jet(point);
    dealii::Tensor<1, 2> gradient;
    gradient[0] = at.u_x;
    gradient[1] = viscosity * at.u_xx - at.u * at.u_x;
    return gradient;
  }



  LSR_REGISTER_REFERENCE_SOLUTION(
    BurgersSolution,
    "burgers",
    "with the viscosity nu, \"burgers: nu\": u_t + u u_x = nu u_xx with "
    "u(x, 0) = -sin(pi x), by the Cole-Hopf transformation")
} // namespace lsr
