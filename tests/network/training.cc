// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 40;

  /// A small network and the values of a smooth function.
  struct Training : public testing::Test
  {
    Training()
    {
      FullyConnected layout;
      layout.widths     = {8, 8};
      network           = std::make_unique<Network>(layout.build());
      points            = random_points(2, n_points);
      const HostBlock x = to_host(points);
      targets           = make_column_of(n_points, [&](const std::size_t i) {
        return std::sin(3 * x(0, i)) * x(1, i);
      });
      parameters.epochs = 12;
      parameters.batch_size = 16;
    }

    double
    mean_squared_error() const
    {
      const Column q = make_column(n_points);
      network->evaluate(points, q);
      return std::pow(test::distance(q, targets), 2) / n_points;
    }

    /// How far the parameters are from @p theta.
    double
    distance(const Column &theta) const
    {
      return test::distance(network->parameters(), theta);
    }

    std::unique_ptr<Network> network;
    Block                    points;
    Column                   targets;
    TrainingParameters       parameters;
  };
} // namespace



TEST_F(Training, ProgressSeesTheNetworkOfTheMoment)
{
  parameters.lbfgs_iterations = 20;
  std::vector<std::string> stages;
  const double             mse =
    train(*network,
          points,
          targets,
          parameters,
          [&](const char *stage, const unsigned int, const double value) {
            stages.push_back(stage);
            EXPECT_NEAR(mean_squared_error(), value, 1e-12 * value);
          });
  EXPECT_NEAR(mean_squared_error(), mse, 1e-12 * mse);
  ASSERT_EQ(stages.size(), 14U);
  EXPECT_EQ(stages[11], "Adam");
  EXPECT_EQ(stages[12], "L-BFGS");
}



TEST_F(Training, OnAPlateauTheLearningRateFalls)
{
  // Nothing improves by 1e-4 with such steps, so that every epoch but the
  // first counts, and the rate falls by a tenth after every third.
  parameters.schedule             = LearningRate::plateau;
  parameters.learning_rate_epochs = 2;
  parameters.learning_rate_factor = 0.1;
  parameters.learning_rate        = 1e-9;
  std::vector<double> steps;
  Column              last = network->parameters();
  train(*network,
        points,
        targets,
        parameters,
        [&](const char *, const unsigned int, const double) {
          steps.push_back(distance(last));
          last = network->parameters();
        });
  ASSERT_EQ(steps.size(), 12U);
  // Epochs 1 to 3, 4 to 6, 7 to 9, 10 to 12 have the same rates.
  for (unsigned int epoch = 1; epoch < 12; ++epoch)
    {
      const double ratio = steps[epoch] / steps[epoch - 1];
      if (epoch % 3 == 0)
        EXPECT_LT(ratio, 0.2) << epoch;
      else
        EXPECT_GT(ratio, 0.3) << epoch;
    }
}



TEST_F(Training, WithoutAPlateauTheLearningRateStays)
{
  // With a patience longer than the training, any factor gives the same.
  parameters.schedule             = LearningRate::plateau;
  parameters.learning_rate_epochs = parameters.epochs;
  const Column start              = network->parameters();
  train(*network, points, targets, parameters);
  const Column expected           = network->parameters();
  parameters.learning_rate_factor = 0.01;
  network->set_parameters(start);
  train(*network, points, targets, parameters);
  EXPECT_EQ(distance(expected), 0.);
  parameters.schedule = LearningRate::cosine;
  network->set_parameters(start);
  train(*network, points, targets, parameters);
  EXPECT_GT(distance(expected), 1e-3);
}



TEST_F(Training, FactorsThatAreNoneAreRefused)
{
  for (const double factor : {0., -0.5, 1.5, std::nan("")})
    {
      parameters.learning_rate_factor = factor;
      EXPECT_THROW(train(*network, points, targets, parameters), Error);
    }
}
