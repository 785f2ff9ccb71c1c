// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/fit.h>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "applications/studies/function-approximation/approximation.h"
#include "support/models.h"

using namespace lsr_studies;
using namespace lsr::test;

namespace
{
  /// Some points, a small network, and its linearization.
  struct FunctionApproximation : public testing::Test
  {
    const ApproximationProblem problem{60, 20, 3};
    const Network              network = problem.make_network({9, 7}, 4);
    const LinearizedProblem    linearized{network, problem.train};
  };

  /// The mean square of f + J v by forward-mode differentiation.
  double
  true_loss(const Network &network, const DataSet &data, const Column &v)
  {
    return mean_square(errors(network, data, v));
  }

  /// The loss after each product.
  struct Record
  {
    std::vector<double> losses;

    ProgressOfSolver
    note()
    {
      return [this](const unsigned int n_products, const double mse) {
        EXPECT_EQ(n_products, losses.size());
        losses.push_back(mse);
      };
    }
  };
} // namespace



TEST_F(FunctionApproximation, PointsAreInTheSquareAndTargetsThoseOfTheFunction)
{
  ASSERT_EQ(problem.train.n_points(), 60U);
  ASSERT_EQ(problem.test.n_points(), 20U);
  ASSERT_EQ(problem.lattice.n_points(), 10000U);
  for (const DataSet *data : {&problem.train, &problem.test, &problem.lattice})
    {
      const HostBlock  points  = to_host(data->points);
      const HostColumn targets = to_host(data->targets);
      for (std::size_t i = 0; i < data->n_points(); ++i)
        {
          const double x = points(0, i), y = points(1, i);
          EXPECT_LE(std::max(std::abs(x), std::abs(y)), 1.);
          EXPECT_NEAR(targets(i),
                      std::sin(M_PI * x) * std::sin(M_PI * y),
                      1e-15);
        }
    }
  const HostBlock lattice = to_host(problem.lattice.points);
  EXPECT_EQ(lattice(0, 99), 1.);
  EXPECT_EQ(lattice(1, 99), -1.);
}



TEST_F(FunctionApproximation, PointsDependOnTheSeedAlone)
{
  const ApproximationProblem same(60, 20, 3), other(60, 20, 4);
  EXPECT_EQ(relative_difference(same.train.points, problem.train.points), 0.);
  EXPECT_EQ(relative_difference(same.test.points, problem.test.points), 0.);
  EXPECT_GT(relative_difference(other.train.points, problem.train.points), 0.1);
  EXPECT_GT(relative_difference(problem.test.points,
                                columns(problem.train.points, 0, 20)),
            0.1);
}



TEST_F(FunctionApproximation, NoPointsAreRefused)
{
  EXPECT_THROW(ApproximationProblem(1, 20, 0), Error);
  EXPECT_THROW(ApproximationProblem(60, 0, 0), Error);
}



TEST_F(FunctionApproximation, ProductsEqualThoseOfAutomaticDifferentiation)
{
  const Column v  = random_column(network.n_parameters());
  const Block  Jv = make_block(60, 1);
  network.jacobian_times(problem.train.points, as_block(v), Jv);
  EXPECT_LT(relative_difference(as_block(linearized.times(v)), Jv), 1e-13);

  const Column u   = random_column(60);
  const Block  JTu = make_block(network.n_parameters(), 1);
  network.transposed_jacobian_times(problem.train.points, as_block(u), JTu);
  EXPECT_LT(relative_difference(as_block(linearized.transposed_times(u)), JTu),
            1e-13);
}



TEST_F(FunctionApproximation, TheGradientOfTheLossIsItsDerivative)
{
  const Column v        = random_column(network.n_parameters(), 1);
  const Column d        = random_column(network.n_parameters(), 2);
  const Column gradient = make_column(network.n_parameters()),
               unused   = make_column(network.n_parameters());
  const double loss     = linearized.loss(v, gradient);
  EXPECT_NEAR(loss, true_loss(network, problem.train, v), 1e-12 * loss);
  // A quadratic function: central differences are exact.
  const double difference =
    linearized.loss(combination(1., v, 0.5, d), unused) -
    linearized.loss(combination(1., v, -0.5, d), unused);
  EXPECT_NEAR(dot(gradient, d), difference, 1e-11 * std::abs(difference));
}



TEST_F(FunctionApproximation, KrylovSolversAgreeAndReachTheMinimum)
{
  constexpr unsigned int n = 30;

  Record       cgls, lsqr;
  const Column x = IterativeSolver{"cgls", n}.solve(linearized, cgls.note());
  const Column y = IterativeSolver{"lsqr", n}.solve(linearized, lsqr.note());
  ASSERT_EQ(cgls.losses.size(), n + 1);
  ASSERT_EQ(lsqr.losses.size(), n + 1);
  for (unsigned int i = 1; i <= n; ++i)
    {
      EXPECT_LT(cgls.losses[i], cgls.losses[i - 1]);
      EXPECT_LT(lsqr.losses[i], lsqr.losses[i - 1]);
    }
  // The same iterates, until rounding makes directions dependent.
  for (unsigned int i = 0; i <= 5; ++i)
    EXPECT_NEAR(lsqr.losses[i], cgls.losses[i], 1e-8 * cgls.losses[i]);
  // The losses they report are true.
  EXPECT_NEAR(true_loss(network, problem.train, x),
              cgls.losses.back(),
              1e-8 * cgls.losses.back());
  EXPECT_NEAR(true_loss(network, problem.train, y),
              lsqr.losses.back(),
              1e-8 * lsqr.losses.back());

  // At the minimum the residual is orthogonal to the Jacobian.
  const Column none     = make_column(network.n_parameters()),
               gradient = make_column(network.n_parameters());
  linearized.loss(none, gradient);
  const double initial = norm(gradient);
  for (const char *method : {"cgls", "lsqr"})
    {
      const IterativeSolver solver{method, 3000};
      linearized.loss(solver.solve(linearized, [](unsigned int, double) {}),
                      gradient);
      EXPECT_LT(norm(gradient), 1e-5 * initial) << method;
    }
}



TEST_F(FunctionApproximation, OptimizersDescendAndStayAboveTheDirectSolution)
{
  const double          initial = mean_square(linearized.residual());
  const StructuredBasis basis(network, 50, 1);
  const Fit             direct = fit(basis, DataStream(problem.train));
  const double minimum = true_loss(network, problem.train, direct.correction);
  EXPECT_LT(minimum, 1e-2 * initial);

  Record       adam;
  const Column a =
    IterativeSolver{"adam", 300, 1e-2}.solve(linearized, adam.note());
  ASSERT_EQ(adam.losses.size(), 301U);
  EXPECT_EQ(adam.losses.front(), initial);
  EXPECT_NEAR(true_loss(network, problem.train, a),
              adam.losses.back(),
              1e-10 * initial);

  unsigned int last_products = 0;
  double       last_loss     = initial;
  const Column b             = IterativeSolver{"lbfgs", 100, 0., 20}.solve(
    linearized, [&](const unsigned int n_products, const double mse) {
      EXPECT_GE(n_products, last_products);
      EXPECT_LE(mse, last_loss);
      last_products = n_products;
      last_loss     = mse;
    });
  EXPECT_GE(last_products, 100U);
  EXPECT_NEAR(true_loss(network, problem.train, b), last_loss, 1e-10 * initial);
  for (const double loss : {adam.losses.back(), last_loss})
    {
      EXPECT_LT(loss, 0.5 * initial);
      EXPECT_GT(loss, minimum);
    }
  EXPECT_LT(last_loss, adam.losses.back());
}
