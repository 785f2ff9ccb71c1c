// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-loss.h"
// After LibTorch.
#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>

#include <gtest/gtest.h>

#include <cmath>

#include "applications/studies/random-fields/solutions.h"
#include "applications/studies/training/soap.h"
#include "applications/studies/training/taylor_mode.h"
#include "support/models.h"

using namespace lsr_studies;
using namespace lsr::test;

namespace
{
  /// An equation with small networks.
  TrainingEquation
  small_equation(const std::string &name)
  {
    TrainingEquation equation = make_training_equation(name);
    for (FullyConnected *layout : {&equation.branch, &equation.trunk})
      {
        layout->widths    = {12, 12};
        layout->n_outputs = 10;
      }
    equation.trunk.seed = 1;
    return equation;
  }

  /// A copy.
  torch::Tensor
  as_tensor(const Column &theta)
  {
    const HostColumn host = to_host(theta);
    return torch::from_blob(host.data(), {long(host.size())}, torch::kDouble)
      .clone();
  }

  /// Parameters, moved along a direction that is normalized.
  Column
  moved(const Column &theta, const Column &direction, const double distance)
  {
    const Column result = make_column(theta.size());
    Kokkos::deep_copy(result, theta);
    add(distance / norm(direction), direction, result);
    return result;
  }
} // namespace



TEST(TaylorMode, EqualsTheNetworkOfJetsAndItsTransposedJacobian)
{
  const auto compare = [](const FullyConnected      &layout,
                          const std::vector<double> &a,
                          const unsigned int         expected_size) {
    // All entries of the jets, from LibTorch.
    const unsigned int d = layout.n_inputs;
    const Network      network =
      layout.build_jets(a.empty() ? std::vector<double>(d, 0.) : a);
    const Block       points = random_points(d, 7, -1., 1.);
    const std::size_t n      = 7 * layout.n_outputs;
    const Column      q      = make_column(n * (d + 2));
    network.evaluate(points, q);
    const HostColumn jets = to_host(q);

    const torch::Tensor theta =
      as_tensor(network.parameters()).requires_grad_();
    const HostBlock     x     = to_host(points);
    const torch::Tensor found = lsr_studies::jets(
      layout, a, theta, torch::from_blob(x.data(), {7, d}, torch::kDouble));
    const long size = found.size(0);
    ASSERT_EQ(size, expected_size);
    const torch::Tensor slopes = torch::randn_like(found);
    const HostColumn    u("u", jets.size());
    for (unsigned int k = 0; k < size; ++k)
      for (std::size_t i = 0; i < n; ++i)
        {
          EXPECT_NEAR(found.data_ptr<double>()[k * n + i],
                      jets(i * (d + 2) + k),
                      1e-12);
          u(i * (d + 2) + k) = slopes.data_ptr<double>()[k * n + i];
        }
    const torch::Tensor gradient =
      torch::autograd::grad({found}, {theta}, {slopes})[0];
    const Block expected = make_block(theta.size(0), 1);
    network.transposed_jacobian_times(points,
                                      as_block(to_memory_space(u)),
                                      expected);
    EXPECT_LT(relative_difference(as_block(to_memory_space(
                                    HostColumn(gradient.data_ptr<double>(),
                                               theta.size(0)))),
                                  expected),
              1e-12);
  };
  for (const std::string architecture : {"plain", "modified"})
    {
      SCOPED_TRACE(architecture);
      FullyConnected layout;
      layout.n_inputs     = 2;
      layout.n_outputs    = 3;
      layout.widths       = {6, 6, 6};
      layout.architecture = architecture;
      compare(layout, {}, 1);
      compare(layout, {0., 0.}, 3);
      compare(layout, {0.7, 1.3}, 4);
      compare(layout, {0.7, 0.}, 4);
    }
}



TEST(OperatorTraining, GradientOfTheLossAgreesWithDifferences)
{
  for (const std::string &name : training_equations())
    {
      SCOPED_TRACE(name);
      const TrainingEquation equation = small_equation(name);
      std::mt19937_64        generator(5);
      const FunctionBatch    functions(draw_functions(equation, 4, generator));
      const TrainingPoints   points = draw_points(equation, 9, generator);

      const Column b  = equation.branch.build().parameters(),
                   t  = equation.trunk.build().parameters();
      const Column db = make_column(b.size()), dt = make_column(t.size());
      const auto   loss = [&](const Column &b,
                            const Column &t,
                            const Column &db,
                            const Column &dt) {
        return operator_loss(equation, b, t, functions, points, db, dt);
      };
      EXPECT_GT(loss(b, t, db, dt), 0.);

      // In the direction of the gradient its derivative is its norm.
      const double h          = 1e-5;
      const Column no_matter  = make_column(b.size()),
                   either     = make_column(t.size());
      const auto along_branch = [&](const double s) {
        return loss(moved(b, db, s), t, no_matter, either);
      };
      const auto along_trunk = [&](const double s) {
        return loss(b, moved(t, dt, s), no_matter, either);
      };
      const auto difference = [h](const auto &f) {
        return (8. * (f(h) - f(-h)) - (f(2. * h) - f(-2. * h))) / (12. * h);
      };
      EXPECT_NEAR(difference(along_branch) / norm(db), 1., 1e-6);
      EXPECT_NEAR(difference(along_trunk) / norm(dt), 1., 1e-6);
    }
}



TEST(OperatorTraining, ReducesTheErrorOfTheAntiderivative)
{
  const TrainingEquation equation = small_equation("antiderivative");
  const OperatorTest     test(equation, 20, 1000);
  const Column           b = equation.branch.build().parameters(),
               t           = equation.trunk.build().parameters(),
               db = make_column(b.size()), dt = make_column(t.size());
  Soap branch_optimizer(equation.branch), trunk_optimizer(equation.trunk);
  std::mt19937_64 generator(1);

  const double before  = test.mean_error(b, t);
  const int    n_steps = 400;
  for (int i = 0; i < n_steps; ++i)
    {
      const FunctionBatch functions(draw_functions(equation, 20, generator));
      operator_loss(equation,
                    b,
                    t,
                    functions,
                    draw_points(equation, 20, generator),
                    db,
                    dt);
      const double rate = 1e-2 * (1. - double(i) / n_steps);
      branch_optimizer.step(b, db, rate);
      trunk_optimizer.step(t, dt, rate);
    }
  EXPECT_GT(before, 0.8);
  EXPECT_LT(test.mean_error(b, t), 0.2 * before);
}



TEST(OperatorTraining, PointsLieWhereTheyBelong)
{
  std::mt19937_64 generator(1);
  for (const std::string &name : training_equations())
    {
      SCOPED_TRACE(name);
      const TrainingEquation equation = make_training_equation(name);
      const TrainingPoints   points   = draw_points(equation, 50, generator);
      const auto             y        = points.y.accessor<double, 2>();
      for (const auto &[kind, range] : points.ranges)
        for (long j = range.first; j < range.first + range.size; ++j)
          {
            const double x = y[j][0];
            EXPECT_TRUE(x >= 0. && x <= 1.);
            if (kind == PointKind::initial)
              EXPECT_EQ(y[j][1], 0.);
            if (kind == PointKind::inflow || kind == PointKind::start)
              EXPECT_EQ(x, 0.);
            if (kind == PointKind::walls)
              EXPECT_TRUE(x == 0. || x == 1.);
            if (kind == PointKind::period)
              {
                const long other = points.n + j - range.first;
                EXPECT_EQ(x, 0.);
                EXPECT_EQ(y[other][0], 1.);
                EXPECT_EQ(y[other][1], y[j][1]);
              }
          }
    }
  EXPECT_THROW(make_training_equation("heat"), Error);
}



TEST(OperatorTraining, SolutionsSatisfyTheConditions)
{
  // The residuals of the reference solutions, with jets by differences.
  const double h = 1e-3;
  for (const std::string &name : training_equations())
    {
      SCOPED_TRACE(name);
      const TrainingEquation equation = make_training_equation(name);
      const unsigned int     dim      = equation.trunk.n_inputs;
      std::mt19937_64        generator(2);
      const FourierSeries    u        = equation.sample(generator);
      const auto             solution = name == "diffusion-reaction" ?
                                          diffusion_reaction_solution(u, 0.01, 0.01, 1000) :
                                          equation.solve(u);
      const auto residual = [&](const Condition &condition, const double *y) {
        const auto at = [&](const double dx, const double dt) {
          const double moved[] = {y[0] + dx, dim == 2 ? y[1] + dt : 0.};
          return solution(moved);
        };
        std::vector<double> jet = {at(0, 0), 0., 0., 0.};
        if (condition.points == PointKind::interior)
          {
            jet[1] = (at(h, 0) - at(-h, 0)) / (2 * h);
            jet[2] = (at(0, h) - at(0, -h)) / (2 * h);
            jet[3] = (at(h, 0) - 2 * at(0, 0) + at(-h, 0)) / (h * h);
          }
        return condition
          .residual(torch::tensor(u(y[0])),
                    torch::tensor({{y[0], y[1]}}),
                    torch::tensor(jet))
          .item<double>();
      };
      for (const Condition &condition : equation.conditions)
        if (condition.points != PointKind::period)
          for (const double a : {0.112, 0.468, 0.904})
            {
              double y[] = {a, 0.57};
              if (condition.points == PointKind::initial)
                y[1] = 0.;
              if (condition.points == PointKind::inflow ||
                  condition.points == PointKind::start ||
                  condition.points == PointKind::walls)
                {
                  y[0] = 0.;
                  y[1] = a;
                }
              EXPECT_NEAR(residual(condition, y), 0., 2e-3)
                << a << ' ' << int(condition.points);
            }
    }
}



TEST(Soap, FindsTheLeastSquaresSolutionOfABadlyScaledLayer)
{
  // q = W x + b with inputs of very different size, without noise.
  FullyConnected layout;
  layout.n_inputs         = 3;
  layout.n_outputs        = 2;
  layout.widths           = {};
  Network         network = layout.build();
  const HostBlock random  = to_host(random_points(3, 40, -1., 1.));
  const Block     x =
    make_block_of(3, 40, [&](const std::size_t d, const std::size_t i) {
      return d == 0 ? random(0, i) :
             d == 1 ? 0.1 * random(1, i) :
                      random(0, i) + 0.1 * random(2, i);
    });
  const Column solution = random_column(network.n_parameters());
  network.set_parameters(solution);
  const Column targets = make_column(80), values = make_column(80),
               theta    = make_column(solution.size()),
               gradient = make_column(solution.size());
  network.evaluate(x, targets);

  Soap      optimizer(layout);
  const int n_steps = 2000;
  for (int i = 0; i < n_steps; ++i)
    {
      network.set_parameters(theta);
      network.evaluate(x, values);
      add(-1., targets, values);
      network.transposed_jacobian_times(x,
                                        as_block(values),
                                        as_block(gradient));
      optimizer.step(theta, gradient, 0.03 * (1. - double(i) / n_steps));
    }
  EXPECT_LT(relative_difference(theta, solution), 1e-3);
}
