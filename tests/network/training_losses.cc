// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// A network of two outputs, with targets of which those of one point are
  /// far off.
  struct Problem
  {
    Problem()
      : targets(make_column_of(80, [](const std::size_t i) {
        return i < 2 ? 1000. : 1.;
      }))
    {
      layout.n_outputs = 2;
      layout.widths    = {10};
    }

    /// The values at the last point after training.
    std::vector<double>
    trained(const TrainingParameters &parameters) const
    {
      Network network = layout.build();
      train(network, points, targets, parameters);
      const Column values = make_column(2);
      network.evaluate(columns(points, 39, 40), values);
      return to_vector(values);
    }

    double
    parameter_norm(const TrainingParameters &parameters) const
    {
      Network network = layout.build();
      train(network, points, targets, parameters);
      return norm(network.parameters());
    }

    FullyConnected layout;
    const Block    points = random_points(2, 40);
    Column         targets;
  };
} // namespace

TEST(TrainingLosses, TheMeanNormBearsAnOutlier)
{
  const Problem      problem;
  TrainingParameters parameters;
  parameters.epochs        = 400;
  parameters.batch_size    = 40;
  parameters.learning_rate = 1e-2;
  const auto of_squares    = problem.trained(parameters);
  parameters.loss          = TrainingLoss::mean_norm;
  const auto of_norms      = problem.trained(parameters);
  for (unsigned int c = 0; c < 2; ++c)
    {
      EXPECT_NEAR(of_norms[c], 1., 0.2);
      EXPECT_GT(std::abs(of_squares[c] - 1), 0.5);
    }
}

TEST(TrainingLosses, WeightDecayMakesParametersSmaller)
{
  const Problem      problem;
  TrainingParameters parameters;
  parameters.epochs       = 50;
  parameters.loss         = TrainingLoss::mean_norm;
  const double without    = problem.parameter_norm(parameters);
  parameters.weight_decay = 100;
  EXPECT_LT(problem.parameter_norm(parameters), without);
}

TEST(TrainingLosses, TheLearningRateIsHalvedAgainAndAgain)
{
  // With all points in a batch and a gradient of constant sign, the steps of
  // Adam are as long as the learning rate: 10 of them of 1, 10 of 1/2, ...
  const Problem      problem;
  TrainingParameters parameters;
  parameters.batch_size           = 40;
  parameters.learning_rate        = 1e-4;
  parameters.schedule             = LearningRate::steps;
  parameters.learning_rate_epochs = 10;
  const auto change               = [&](const unsigned int epochs) {
    parameters.epochs  = epochs;
    Network    network = problem.layout.build();
    const auto before  = to_vector(network.parameters());
    train(network, problem.points, problem.targets, parameters);
    // The bias of the last layer.
    return to_vector(network.parameters()).back() - before.back();
  };
  EXPECT_NEAR(change(10), 1e-3, 2e-5);
  EXPECT_NEAR(change(20), 1.5e-3, 3e-5);
  EXPECT_NEAR(change(30), 1.75e-3, 4e-5);
}
