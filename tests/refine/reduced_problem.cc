// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/refine/reduced_problem.h>
#include <lsr/refine/residual.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "support/matrices.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;



TEST(ReducedProblem, NormalEquationsAreCorrectedToTheAccuracyOfRows)
{
  // Columns of condition 3e6, and a right-hand side that they reach to 1e-9.
  const std::size_t n = 80, r = 20;
  const Block       X = with_singular_values(n, r, decay(r, 3e-7), 5);
  const Column      f = lsr::random_column(n, 3);
  KokkosBlas::scal(f, 1e-9, f);
  multiply(1., 'N', X, lsr::random_column(r, 4), 1., f);
  const auto left = [&](const Column &y) { return std::sqrt(loss(X, f, y)); };

  DataMisfit   residual(make_column(n));
  const double least =
    left(ReducedProblem(X, f, residual).least_squares().solve());

  residual.set_inner_product(
    std::make_shared<DualNorm>([](const std::size_t) { return 1.; }));
  const ReducedProblem problem(X, f, residual);
  const LeastSquares   once = problem.least_squares();
  EXPECT_GT(left(once.solve()), 2. * least);
  EXPECT_LT(left(problem.minimizer(once, r)), 1.001 * least);
  EXPECT_NEAR(std::sqrt(once.losses().back()), least, 1e-3 * least);

  // Fewer columns, and another origin of the coefficients.
  const Column y = problem.minimizer(once, r / 2);
  for (std::size_t k = r / 2; k < r; ++k)
    EXPECT_EQ(to_host(y)(k), 0.);
  const ReducedProblem moved = problem.about(y);
  const Column         twice = moved.minimizer(moved.least_squares(), r / 2);
  KokkosBlas::axpy(-1., y, twice);
  EXPECT_NEAR(left(twice), left(y), 1e-6 * left(y));
}
