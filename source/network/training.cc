// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/training.h>

#include <torch/optim/adam.h>
#include <torch/optim/lbfgs.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "network/batches.h"
#include "network/implementation.h"

namespace lsr
{
  namespace
  {
    /// The learning rate of each epoch.
    class Schedule
    {
    public:
      explicit Schedule(const TrainingParameters &parameters)
        : parameters(parameters)
        , rate(parameters.learning_rate)
      {}

      /// The rate of an epoch, counted from 1, after a mean squared error.
      double
      next(const unsigned int epoch, const double mse)
      {
        if (parameters.schedule == LearningRate::plateau)
          return after_plateaus(mse);
        if (parameters.schedule == LearningRate::steps)
          return rate * std::pow(parameters.learning_rate_factor,
                                 (epoch - 1) / parameters.learning_rate_epochs);
        const double phase = double(epoch - 1) / parameters.epochs;
        return rate * (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * phase)));
      }

    private:
      double
      after_plateaus(const double mse)
      {
        constexpr double threshold = 1e-4;

        if (mse < best * (1. - threshold))
          {
            best         = mse;
            n_bad_epochs = 0;
          }
        else if (++n_bad_epochs > parameters.learning_rate_epochs)
          {
            rate *= parameters.learning_rate_factor;
            n_bad_epochs = 0;
          }
        return rate;
      }

      const TrainingParameters &parameters;
      double                    rate;
      double                    best = std::numeric_limits<double>::infinity();
      unsigned int              n_bad_epochs = 0;
    };
  } // namespace



  /// Data, variables and loss of one training run.
  class Trainer
  {
  public:
    Trainer(Network                  &network,
            const Block              &points,
            const Column             &targets,
            const TrainingParameters &parameters,
            const TrainingProgress   &progress)
      : implementation(*network.implementation)
      , parameters(parameters)
      , progress(progress)
      , x(implementation.as_points(points))
      , target(as_tensor(targets).view({x.size(0), implementation.n_outputs}))
    {
      for (const at::Tensor &tensor : implementation.theta)
        variables.push_back(tensor.clone().requires_grad_());
      if (implementation.stored_corrections.empty())
        return;
      // What they contribute stays as it is.
      target = target.clone();
      for_each_batch(
        x.size(0),
        Network::Implementation::batch_size(2 * implementation.n_numbers),
        [&](const auto first, const auto n) {
          target.narrow(0, first, n)
            .sub_(
              implementation.contribution(x.narrow(0, first, n),
                                          implementation.stored_corrections));
        });
    }

    double
    run()
    {
      double mse = mean_squared_error();
      if (parameters.epochs > 0)
        mse = adam(mse);
      if (parameters.lbfgs_iterations > 0)
        mse = lbfgs(mse);
      store();
      return mse;
    }

  private:
    /// Hand the parameters over to the network.
    void
    store() const
    {
      for (std::size_t p = 0; p < variables.size(); ++p)
        implementation.theta[p].copy_(variables[p].detach());
    }

    at::Tensor
    misfit(const at::Tensor &points, const at::Tensor &values) const
    {
      return implementation.evaluate(variables, points) - values;
    }

    at::Tensor
    loss(const at::Tensor &points, const at::Tensor &values) const
    {
      return parameters.loss == TrainingLoss::mean_norm ?
               misfit(points, values).norm(2, 1).mean() :
               misfit(points, values).square().mean();
    }

    double
    mean_squared_error() const
    {
      const at::NoGradGuard no_gradients;
      const double mse = misfit(x, target).square().mean().item<double>();
      require(std::isfinite(mse),
              "training: the mean squared error is not finite");
      return mse;
    }

    bool
    reached(const char *stage, const unsigned int count, const double mse) const
    {
      if (progress)
        {
          store();
          progress(stage, count, mse);
        }
      return mse <= parameters.target;
    }

    double
    adam(double mse)
    {
      torch::optim::Adam optimizer(variables,
                                   torch::optim::AdamOptions(
                                     parameters.learning_rate)
                                     .weight_decay(parameters.weight_decay));
      auto              &options = static_cast<torch::optim::AdamOptions &>(
        optimizer.param_groups()[0].options());

      Schedule                  schedule(parameters);
      std::mt19937_64           generator(parameters.seed);
      std::vector<std::int64_t> order(x.size(0));
      std::iota(order.begin(), order.end(), 0);

      for (unsigned int epoch = 1; epoch <= parameters.epochs; ++epoch)
        {
          options.lr(schedule.next(epoch, mse));
          std::shuffle(order.begin(), order.end(), generator);
          const at::Tensor permutation =
            at::tensor(order, at::TensorOptions(at::kLong).device(x.device()));
          for (std::int64_t first = 0; first < x.size(0);
               first += parameters.batch_size)
            {
              const at::Tensor batch =
                permutation.narrow(0,
                                   first,
                                   std::min<std::int64_t>(parameters.batch_size,
                                                          x.size(0) - first));
              optimizer.zero_grad();
              loss(x.index_select(0, batch), target.index_select(0, batch))
                .backward();
              optimizer.step();
            }
          mse = mean_squared_error();
          if (reached("Adam", epoch, mse))
            break;
        }
      return mse;
    }

    double
    lbfgs(double mse)
    {
      constexpr unsigned int n_at_a_time = 10;

      torch::optim::LBFGS optimizer(variables,
                                    torch::optim::LBFGSOptions(1.)
                                      .max_iter(n_at_a_time)
                                      .history_size(100)
                                      .line_search_fn("strong_wolfe"));
      for (unsigned int count = 0;
           count < parameters.lbfgs_iterations && mse > parameters.target;)
        {
          optimizer.step([&]() {
            optimizer.zero_grad();
            const at::Tensor value = loss(x, target);
            value.backward();
            return value;
          });
          count += n_at_a_time;
          mse = mean_squared_error();
          if (reached("L-BFGS", count, mse))
            break;
        }
      return mse;
    }

    Network::Implementation  &implementation;
    const TrainingParameters &parameters;
    const TrainingProgress   &progress;
    at::Tensor                x, target;
    std::vector<at::Tensor>   variables;
  };



  double
  train(Network                  &network,
        const Block              &points,
        const Column             &targets,
        const TrainingParameters &parameters,
        const TrainingProgress   &progress)
  {
    require(parameters.batch_size > 0, "training: empty mini-batches");
    require(targets.size() == points.extent(1) * network.n_outputs(),
            "training: " + std::to_string(targets.size()) +
              " targets, expected " +
              std::to_string(points.extent(1) * network.n_outputs()));
    require(parameters.learning_rate_factor > 0. &&
              parameters.learning_rate_factor <= 1.,
            "training: the factor of the learning rate is " +
              std::to_string(parameters.learning_rate_factor) +
              ", expected in (0, 1]");
    require(parameters.schedule != LearningRate::steps ||
              parameters.learning_rate_epochs > 0,
            "training: the learning rate falls every 0 epochs, expected a "
            "positive number");
    return guarded("training", [&]() {
      return Trainer(network, points, targets, parameters, progress).run();
    });
  }
} // namespace lsr
