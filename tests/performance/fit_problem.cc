// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes a trained network and the data it was trained on: the product of
// sin(pi x_d) over the variables, at points uniform in [-1,1]^d, and a fully
// connected tanh network.

#include <lsr/dense/host.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>

#include "data.h"

using namespace lsr;
using namespace lsr::performance;

namespace
{
  struct Options
  {
    std::string   model, points;
    std::size_t   n_fit = 8000, n_test = 2000, n_validation = 0;
    unsigned int  n_variables = 2, depth = 6, width = 128;
    double        noise         = 0;
    double        mse           = 1e-4;
    std::size_t   training_rows = 2000;
    unsigned int  epochs        = 10;
    unsigned int  iterations    = 1000;
    bool          points_only   = false;
    unsigned int  n_threads     = 2;
    std::uint64_t seed          = 0;
  };



  Options
  parse(CLI::App &app, const int argc, char **argv)
  {
    Options options;
    app.add_option("model", options.model, "TorchScript file to write")
      ->required();
    app.add_option("points", options.points, "CSV file to write")->required();
    const auto add = [&app](const char *name, auto &value, const char *text) {
      app.add_option(name, value, text)->capture_default_str();
    };
    add("--rows", options.n_fit, "points to fit");
    add("--test", options.n_test, "points to test");
    add("--validation",
        options.n_validation,
        "points held out to choose rank and regularization");
    add("--variables", options.n_variables, "dimension");
    add("--depth", options.depth, "hidden layers");
    add("--width", options.width, "their width");
    add("--noise",
        options.noise,
        "standard deviation of the noise in fit and validation targets, "
        "relative to that of the targets");
    add("--mse", options.mse, "mean squared error at which training stops");
    add("--training-rows",
        options.training_rows,
        "train on at most so many of the points to fit");
    add("--epochs", options.epochs, "passes over them with Adam at most");
    add("--iterations", options.iterations, "of L-BFGS at most after that");
    app.add_flag("--points-only",
                 options.points_only,
                 "write the points for a network that is there already");
    add("--threads", options.n_threads, "threads");
    add("--seed", options.seed, "of points and network");
    app.parse(argc, argv);
    return options;
  }



  DataSet
  make_data(const Options &options)
  {
    DataSet         data = make_data_set(options.n_variables,
                                 {{DataSet::fit, options.n_fit},
                                          {DataSet::test, options.n_test},
                                          {DataSet::validation, options.n_validation}});
    std::mt19937_64 generator(options.seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    const HostBlock                        points  = to_host(data.points);
    const HostColumn                       targets = to_host(data.targets);
    for (std::size_t i = 0; i < data.n_points(); ++i)
      {
        targets(i) = 1;
        for (unsigned int d = 0; d < options.n_variables; ++d)
          {
            points(d, i) = uniform(generator);
            targets(i) *= std::sin(M_PI * points(d, i));
          }
      }
    data.points  = to_memory_space(points);
    data.targets = to_memory_space(targets);
    add_noise(data, options.noise, options.seed + 1);
    return data;
  }



  Network
  make_network(const Options &options)
  {
    FullyConnected layout;
    layout.n_inputs = options.n_variables;
    layout.widths.assign(options.depth, options.width);
    layout.seed = options.seed;
    return layout.build();
  }



  /// Train on the first of the points, which are those to fit.
  void
  write_trained_network(const DataSet &data, const Options &options)
  {
    Network            network = make_network(options);
    const std::size_t  n       = std::min(options.training_rows, options.n_fit);
    TrainingParameters training;
    training.epochs           = options.epochs;
    training.lbfgs_iterations = options.iterations;
    training.target           = options.mse;
    training.seed             = options.seed;

    std::string  last;
    const double mse =
      train(network,
            columns(data.points, 0, n),
            Kokkos::subview(data.targets, Kokkos::make_pair(std::size_t(0), n)),
            training,
            [&](const char *stage, unsigned int count, double) {
              last = stage + (' ' + std::to_string(count));
            });
    network.save(options.model);
    std::cout << network.n_parameters() << " parameters, mean squared error "
              << mse << " on " << n << " points after " << last << std::endl;
  }



  void
  run(const Options &options)
  {
    Network::set_n_threads(options.n_threads);
    const DataSet data = make_data(options);
    write_points(options.points, data, 17);
    if (!options.points_only)
      write_trained_network(data, options);
  }
} // namespace



int
main(int argc, char **argv)
{
  ensure_kokkos_initialized();
  CLI::App app("Write a trained network and the data to refine it with.");
  try
    {
      run(parse(app, argc, argv));
    }
  catch (const CLI::ParseError &error)
    {
      return app.exit(error);
    }
  catch (const std::exception &error)
    {
      std::cerr << "fit_problem: " << error.what() << std::endl;
      return 1;
    }
}
