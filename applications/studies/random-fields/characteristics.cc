// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/random-fields/characteristics.h"

#include <algorithm>
#include <cmath>

namespace lsr_studies
{
  namespace
  {
    constexpr unsigned int n_cells = 400;
  }



  Characteristics::Characteristics(std::function<double(double)> velocity)
    : velocity(std::move(velocity))
    , times(n_cells + 1)
  {
    for (unsigned int i = 0; i < n_cells; ++i)
      {
        const double h = 1. / n_cells;
        times[i + 1]   = times[i] + h / 6. *
                                    (1. / this->velocity(i * h) +
                                     4. / this->velocity((i + 0.5) * h) +
                                     1. / this->velocity((i + 1) * h));
      }
  }



  double
  Characteristics::travel_time(const double x) const
  {
    // From the point on the left.
    const unsigned int i =
      std::min<unsigned int>(std::max(x, 0.) * n_cells, n_cells);
    const double start = double(i) / n_cells, h = x - start;
    return times[i] + h / 6. *
                        (1. / velocity(start) + 4. / velocity(start + 0.5 * h) +
                         1. / velocity(x));
  }



  std::array<double, 2>
  Characteristics::origin(const double x, const double t) const
  {
    const double T = travel_time(x);
    if (t >= T)
      return {0., t - T};
    // Newton's method within bounds.
    double lower = 0., upper = x, x_0 = x;
    for (unsigned int i = 0; i < 60 && upper - lower > 1e-14; ++i)
      {
        const double excess = travel_time(x_0) - (T - t);
        if (std::abs(excess) < 1e-13)
          break;
        (excess > 0. ? upper : lower) = x_0;
        x_0 -= excess * velocity(x_0);
        if (x_0 <= lower || x_0 >= upper)
          x_0 = 0.5 * (lower + upper);
      }
    return {x_0, 0.};
  }
} // namespace lsr_studies
