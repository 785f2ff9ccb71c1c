// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/train_operator.h"

#include <lsr/base/types.h>
#include <lsr/network/training.h>

#include <cmath>
#include <sstream>

namespace lsr_studies
{
  Network
  train_operator(const OperatorNetwork                          &layout,
                 const DataSet                                  &on_grid,
                 const OperatorTraining                         &length,
                 const std::function<void(const std::string &)> &progress)
  {
    TrainingParameters training;
    training.epochs               = length.epochs;
    training.lbfgs_iterations     = length.lbfgs_iterations;
    training.batch_size           = 50;
    training.schedule             = LearningRate::steps;
    training.learning_rate_epochs = std::max(1U, length.epochs / 4);
    training.weight_decay         = length.weight_decay;
    training.learning_rate        = length.learning_rate;
    training.loss                 = TrainingLoss::mean_norm;
    training.seed                 = layout.seed;

    Network       network = layout.build(n_sensors);
    const DataSet fit     = on_grid.select(DataSet::fit);
    train(network,
          fit.points,
          fit.targets,
          training,
          [&](const char *stage, const unsigned int count, const double mse) {
            if (count % 50 != 0)
              return;
            std::ostringstream line;
            line << "  " << stage << ' ' << count << ": mean squared error "
                 << mse;
            progress(line.str());
          });
    Network trained = layout.build();
    trained.set_parameters(network.parameters());
    return trained;
  }



  std::vector<double>
  relative_errors(const Network &network,
                  const DataSet &rows,
                  const Column  &correction)
  {
    const Column values = make_column(rows.targets.size());
    network.evaluate(rows.points, values, correction);
    const HostColumn q = to_host(values), t = to_host(rows.targets);

    std::vector<double> errors;
    for (std::size_t first = 0; first < q.size(); first += n_sensors)
      {
        double error = 0, norm = 0;
        for (std::size_t i = first; i < first + n_sensors; ++i)
          {
            error += std::pow(q(i) - t(i), 2);
            norm += t(i) * t(i);
          }
        errors.push_back(std::sqrt(error / norm));
      }
    return errors;
  }

} // namespace lsr_studies
