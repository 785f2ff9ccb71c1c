// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <gtest/gtest.h>

#include <cmath>

#include "performance/burgers.h"

using namespace lsr::performance;

namespace
{
  constexpr double viscosity = 0.1 / M_PI;

  std::vector<FourierSeries>
  initial_values()
  {
    std::mt19937_64            generator(3);
    std::vector<FourierSeries> values;
    for (unsigned int i = 0; i < 20; ++i)
      values.push_back(random_initial_value(generator));
    return values;
  }
} // namespace

TEST(BurgersSolution, BeginsWithTheInitialValue)
{
  for (const FourierSeries &u0 : initial_values())
    {
      const BurgersSolution u(u0, viscosity);
      for (double x = -1; x <= 1; x += 0.1)
        EXPECT_NEAR(u(x, 0), u0(x), 1e-10);
    }
}

TEST(BurgersSolution, ConvergesInTheQuadrature)
{
  for (const FourierSeries &u0 : initial_values())
    {
      const BurgersSolution u(u0, viscosity, 256), finer(u0, viscosity, 512);
      for (double x = -1; x <= 1; x += 0.1)
        EXPECT_NEAR(u(x, 1), finer(x, 1), 1e-10);
    }
}

TEST(BurgersSolution, SolvesTheEquation)
{
  const double h = 1e-3;
  for (const FourierSeries &u0 : initial_values())
    {
      const BurgersSolution u(u0, viscosity);
      for (double x = -1; x <= 1; x += 0.25)
        {
          // Central differences of fourth order.
          const auto first = [h](auto f) {
            return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
          };
          const auto   in_x = [&](double s) { return u(x + s, 0.5); };
          const auto   in_t = [&](double s) { return u(x, 0.5 + s); };
          const double u_xx = (16 * (in_x(h) + in_x(-h)) -
                               (in_x(2 * h) + in_x(-2 * h)) - 30 * in_x(0)) /
                              (12 * h * h);
          EXPECT_NEAR(first(in_t) + in_x(0) * first(in_x),
                      viscosity * u_xx,
                      1e-8);
        }
    }
}

TEST(BurgersSolution, HasThePeriodOfTheInterval)
{
  for (const FourierSeries &u0 : initial_values())
    EXPECT_NEAR(BurgersSolution(u0, viscosity)(-1, 1),
                BurgersSolution(u0, viscosity)(1, 1),
                1e-12);
}
