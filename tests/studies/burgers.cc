// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <gtest/gtest.h>

#include <cmath>

#include "applications/studies/random-fields/solutions.h"

using namespace lsr_studies;

namespace
{
  /// An equation and its random initial values.
  struct Case
  {
    double        viscosity;
    GaussianField field;
  };

  const std::vector<Case> cases = {
    {0.1 / M_PI, rational_field(0.5 * 12.25 * 12.25, 3.5, 2, true)},
    {0.01, rational_field(M_SQRT2 * 625, 5, 1, false)}};

  /// Call @p test for some initial values with their viscosity.
  template <typename Test>
  void
  for_each_initial_value(const Test &test)
  {
    for (const Case &problem : cases)
      {
        std::mt19937_64 generator(3);
        for (unsigned int i = 0; i < 10; ++i)
          test(problem.field.sample(generator), problem.viscosity);
      }
  }
} // namespace

TEST(PeriodicBurgersSolution, BeginsWithTheInitialValue)
{
  for_each_initial_value([](const FourierSeries &u0, const double nu) {
    const PeriodicBurgersSolution u(u0, nu);
    for (double x = -1; x <= 1; x += 0.1)
      EXPECT_NEAR(u(x, 0), u0(x), 1e-8);
  });
}

TEST(PeriodicBurgersSolution, ConvergesInTheQuadrature)
{
  for_each_initial_value([](const FourierSeries &u0, const double nu) {
    const PeriodicBurgersSolution u(u0, nu, 256), finer(u0, nu, 512);
    for (double x = -1; x <= 1; x += 0.1)
      EXPECT_NEAR(u(x, 1), finer(x, 1), 1e-9);
  });
}

TEST(PeriodicBurgersSolution, SolvesTheEquation)
{
  const double h = 1e-3;
  for_each_initial_value([&](const FourierSeries &u0, const double nu) {
    const PeriodicBurgersSolution u(u0, nu, 512);
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
        EXPECT_NEAR(first(in_t) + in_x(0) * first(in_x), nu * u_xx, 1e-6);
      }
  });
}

TEST(PeriodicBurgersSolution, HasThePeriodOfTheInitialValue)
{
  for_each_initial_value([](const FourierSeries &u0, const double nu) {
    const PeriodicBurgersSolution u(u0, nu);
    EXPECT_NEAR(u(-1, 1), u(-1 + u0.period, 1), 1e-11);
  });
}
