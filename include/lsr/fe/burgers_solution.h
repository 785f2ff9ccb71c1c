// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_burgers_solution_h
#define lsr_fe_burgers_solution_h

#include <deal.II/base/function.h>

namespace lsr
{
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
    /// Throws unless the viscosity is positive.
    explicit BurgersSolution(const double viscosity);

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
} // namespace lsr

#endif
