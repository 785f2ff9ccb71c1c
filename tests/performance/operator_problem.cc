// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes a trained operator network and the data it was trained on: Burgers'
// equation, from the initial value at 128 points to the solution at t = 1.
// Rows are [128 sensors, x]; the rows of one function are one group.

#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/network/training.h>

#include <cmath>

#include "applications/studies/data-driven-operators/operator_networks.h"
#include "applications/studies/random-fields/solutions.h"
#include "data.h"

using namespace lsr_studies;
using namespace lsr::performance;

namespace
{
  constexpr double viscosity = 0.1 / M_PI;

  /// The input of the network on the grid: the sensors, one function a column.
  Block
  functions(const DataSet &data, const std::size_t n_points)
  {
    const std::size_t n      = data.targets.size() / n_points;
    const HostBlock   points = to_host(data.points);
    const HostBlock   sensors("sensors", n_sensors, n);
    for (std::size_t f = 0; f < n; ++f)
      for (unsigned int s = 0; s < n_sensors; ++s)
        sensors(s, f) = points(s, f * n_points);
    return to_memory_space(sensors);
  }



  /// Relative error over all values.
  double
  relative_error(const Network &network, const DataSet &data)
  {
    const Column values = make_column(data.targets.size());
    network.evaluate(data.points, values);
    const HostColumn found = to_host(values), targets = to_host(data.targets);
    double           error = 0, norm = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      {
        error += std::pow(found(i) - targets(i), 2);
        norm += std::pow(targets(i), 2);
      }
    return std::sqrt(error / norm);
  }



  class OperatorProblem : public ProblemProgram
  {
  public:
    // Nine digits of the sensors keep the file small.
    explicit OperatorProblem(CLI::App &app)
      : ProblemProgram(app, 9)
    {
      option(app, "--network", layout.type, "its type")
        ->check(CLI::IsMember({"deeponet", "multionet", "modified-mlp"}));
      option(app, "--functions", n_fit, "functions to fit");
      option(app, "--test", n_test, "functions to test");
      option(app, "--points", n_points, "rows of each function");
      option(app,
             "--epochs",
             training.epochs,
             "passes over the functions with Adam");
      option(app,
             "--target",
             target,
             "relative error of the functions to fit at which training stops");
    }

  private:
    DataSet
    make_data() const override
    {
      const std::size_t n = n_points;
      // Functions to test are the same whatever the number of others.
      DataSet             data    = make_data_set(n_sensors + 1,
                                   {{DataSet::test, n_test * n},
                                                   {DataSet::validation, n_validation * n},
                                                   {DataSet::fit, n_fit * n}});
      const HostBlock     points  = to_host(data.points);
      const HostColumn    targets = to_host(data.targets);
      const GaussianField initial_values =
        rational_field(0.5 * 12.25 * 12.25, std::sqrt(12.25), 2, true);
      std::mt19937_64 generator(seed);
      for (std::size_t i = 0; i < data.n_points();)
        {
          const FourierSeries           u0 = initial_values.sample(generator);
          const PeriodicBurgersSolution u(u0, viscosity);
          const std::int64_t            group = i / n;
          for (unsigned int j = 0; j < n; ++j, ++i)
            {
              for (unsigned int s = 0; s < n_sensors; ++s)
                points(s, i) = u0(-1. + 2. * s / n_sensors);
              const double x       = -1. + 2. * j / n;
              points(n_sensors, i) = x;
              targets(i)           = u(x, 1);
              data.group.push_back(group);
            }
        }
      data.points  = to_memory_space(points);
      data.targets = to_memory_space(targets);
      return data;
    }

    /// Train the network in its form on the grid.
    void
    write_trained_network(const DataSet &data) const override
    {
      Network       on_grid = layout.build(n_points);
      const DataSet fit     = data.select(DataSet::fit);
      const double  mean_square =
        dot(fit.targets, fit.targets) / fit.targets.size();
      TrainingParameters parameters = training;
      parameters.batch_size         = 50;
      parameters.target             = mean_square * target * target;
      parameters.seed               = seed;
      train(on_grid, functions(fit, n_points), fit.targets, parameters);

      Network network = layout.build();
      network.set_parameters(on_grid.parameters());
      network.save(model);
      std::cout << layout.type << " with " << network.n_parameters()
                << " parameters, relative error "
                << relative_error(network, fit) << " on functions to fit, "
                << relative_error(network, data.select(DataSet::test))
                << " on functions to test" << std::endl;
    }

    OperatorNetwork    layout;
    std::size_t        n_fit = 400, n_test = 100;
    unsigned int       n_points = 128;
    TrainingParameters training = []() {
      TrainingParameters parameters;
      parameters.epochs = 1000;
      return parameters;
    }();
    double target = 0;
  };
} // namespace



int
main(int argc, char **argv)
{
  CLI::App        app("Write a trained operator network and the data to refine "
                      "it with.",
               "operator_problem");
  OperatorProblem problem(app);
  return run_study(app, argc, argv, {&problem});
}
