// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes a trained operator network and the data it was trained on: Burgers'
// equation, from the initial value at 128 points to the solution at t = 1.
// Rows are [128 sensors, x]; the rows of one function are one group.

#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/network/training.h>

#include <CLI/CLI.hpp>

#include <cmath>
#include <iostream>

#include "applications/studies/data-driven-operators/operator_networks.h"
#include "applications/studies/random-fields/solutions.h"
#include "data.h"

using namespace lsr_studies;
using namespace lsr::performance;

namespace
{
  constexpr double viscosity = 0.1 / M_PI;

  struct Options
  {
    std::string   model, points;
    std::string   type  = "deeponet";
    std::size_t   n_fit = 400, n_test = 100, n_validation = 0;
    unsigned int  n_points    = 128;
    double        noise       = 0;
    unsigned int  epochs      = 1000;
    double        target      = 0;
    bool          points_only = false;
    unsigned int  n_threads   = 2;
    std::uint64_t seed        = 0;
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
    app.add_option("--network", options.type, "its type")
      ->check(CLI::IsMember({"deeponet", "multionet", "modified-mlp"}))
      ->capture_default_str();
    add("--functions", options.n_fit, "functions to fit");
    add("--test", options.n_test, "functions to test");
    add("--validation",
        options.n_validation,
        "functions held out to choose rank and regularization");
    add("--points", options.n_points, "rows of each function");
    add("--noise",
        options.noise,
        "standard deviation of the noise in fit and validation targets, "
        "relative to that of the targets");
    add("--epochs", options.epochs, "passes over the functions with Adam");
    add("--target",
        options.target,
        "relative error of the functions to fit at which training stops");
    app.add_flag("--points-only",
                 options.points_only,
                 "write the points for a network that is there already");
    add("--threads", options.n_threads, "threads");
    add("--seed", options.seed, "of the functions");
    app.parse(argc, argv);
    return options;
  }



  DataSet
  make_data(const Options &options)
  {
    const std::size_t n = options.n_points;
    // Functions to test are the same whatever the number of others.
    DataSet data =
      make_data_set(n_sensors + 1,
                    {{DataSet::test, options.n_test * n},
                     {DataSet::validation, options.n_validation * n},
                     {DataSet::fit, options.n_fit * n}});
    const HostBlock     points  = to_host(data.points);
    const HostColumn    targets = to_host(data.targets);
    const GaussianField initial_values =
      rational_field(0.5 * 12.25 * 12.25, std::sqrt(12.25), 2, true);
    std::mt19937_64 generator(options.seed);
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
    add_noise(data, options.noise, options.seed + 1);
    return data;
  }



  /// The input of the network on the grid: the sensors, one function a column.
  Block
  functions(const DataSet &data, const Options &options)
  {
    const std::size_t n      = data.targets.size() / options.n_points;
    const HostBlock   points = to_host(data.points);
    const HostBlock   sensors("sensors", n_sensors, n);
    for (std::size_t f = 0; f < n; ++f)
      for (unsigned int s = 0; s < n_sensors; ++s)
        sensors(s, f) = points(s, f * options.n_points);
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



  /// Train the network in its form on the grid.
  void
  write_trained_network(const DataSet &data, const Options &options)
  {
    OperatorNetwork layout;
    layout.type           = options.type;
    Network       on_grid = layout.build(options.n_points);
    const DataSet fit     = data.select(DataSet::fit);
    const double  mean_square =
      dot(fit.targets, fit.targets) / fit.targets.size();
    TrainingParameters training;
    training.epochs     = options.epochs;
    training.batch_size = 50;
    training.target     = mean_square * options.target * options.target;
    training.seed       = options.seed;
    train(on_grid, functions(fit, options), fit.targets, training);

    Network network = layout.build();
    network.set_parameters(on_grid.parameters());
    network.save(options.model);
    std::cout << options.type << " with " << network.n_parameters()
              << " parameters, relative error " << relative_error(network, fit)
              << " on functions to fit, "
              << relative_error(network, data.select(DataSet::test))
              << " on functions to test" << std::endl;
  }



  void
  run(const Options &options)
  {
    Network::set_n_threads(options.n_threads);
    const DataSet data = make_data(options);
    // Nine digits of the sensors keep the file small.
    write_points(options.points, data, 9);
    if (!options.points_only)
      write_trained_network(data, options);
  }
} // namespace



int
main(int argc, char **argv)
{
  ensure_kokkos_initialized();
  CLI::App app("Write a trained operator network and the data to refine it "
               "with.");
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
      std::cerr << "operator_problem: " << error.what() << std::endl;
      return 1;
    }
}
