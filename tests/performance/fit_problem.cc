// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes a trained network and the data it was trained on: the product of
// sin(pi x_d) over the variables, at points uniform in [-1,1]^d, and a fully
// connected tanh network.

#include <lsr/base/types.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>

#include <cmath>
#include <random>

#include "data.h"

using namespace lsr_studies;
using namespace lsr::performance;

namespace
{
  class FitProblem : public ProblemProgram
  {
  public:
    explicit FitProblem(CLI::App &app)
      : ProblemProgram(app, 17)
    {
      option(app, "--rows", n_fit, "points to fit");
      option(app, "--test", n_test, "points to test");
      option(app, "--variables", n_variables, "dimension");
      option(app, "--depth", depth, "hidden layers");
      option(app, "--width", width, "their width");
      option(app, "--mse", mse, "mean squared error at which training stops");
      option(app,
             "--training-rows",
             training_rows,
             "train on at most so many of the points to fit");
      option(app, "--epochs", epochs, "passes over them with Adam at most");
      option(app, "--iterations", iterations, "of L-BFGS at most after that");
    }

  private:
    DataSet
    make_data() const override
    {
      DataSet                                data = make_data_set(n_variables,
                                   {{DataSet::fit, n_fit},
                                                                   {DataSet::test, n_test},
                                                                   {DataSet::validation, n_validation}});
      std::mt19937_64                        generator(seed);
      std::uniform_real_distribution<double> uniform(-1, 1);
      const HostBlock                        points  = to_host(data.points);
      const HostColumn                       targets = to_host(data.targets);
      for (std::size_t i = 0; i < data.n_points(); ++i)
        {
          targets(i) = 1;
          for (unsigned int d = 0; d < n_variables; ++d)
            {
              points(d, i) = uniform(generator);
              targets(i) *= std::sin(M_PI * points(d, i));
            }
        }
      data.points  = to_memory_space(points);
      data.targets = to_memory_space(targets);
      return data;
    }

    /// Train on the first of the points, which are those to fit.
    void
    write_trained_network(const DataSet &data) const override
    {
      FullyConnected layout;
      layout.n_inputs = n_variables;
      layout.widths.assign(depth, width);
      layout.seed                = seed;
      Network            network = layout.build();
      const std::size_t  n       = std::min(training_rows, n_fit);
      TrainingParameters training;
      training.epochs           = epochs;
      training.lbfgs_iterations = iterations;
      training.target           = mse;
      training.seed             = seed;

      std::string  last;
      const double reached =
        train(network,
              columns(data.points, 0, n),
              Kokkos::subview(data.targets,
                              Kokkos::make_pair(std::size_t(0), n)),
              training,
              [&](const char *stage, unsigned int count, double) {
                last = stage + (' ' + std::to_string(count));
              });
      network.save(model);
      std::cout << network.n_parameters() << " parameters, mean squared error "
                << reached << " on " << n << " points after " << last
                << std::endl;
    }

    std::size_t  n_fit = 8000, n_test = 2000;
    unsigned int n_variables = 2, depth = 6, width = 128;
    double       mse           = 1e-4;
    std::size_t  training_rows = 2000;
    unsigned int epochs        = 10;
    unsigned int iterations    = 1000;
  };
} // namespace



int
main(int argc, char **argv)
{
  CLI::App   app("Write a trained network and the data to refine it with.",
               "fit_problem");
  FitProblem problem(app);
  return run_study(app, argc, argv, {&problem});
}
