// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_random_fields_characteristics_h
#define lsr_studies_random_fields_characteristics_h

#include <array>
#include <functional>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
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
} // namespace lsr_studies

#endif
