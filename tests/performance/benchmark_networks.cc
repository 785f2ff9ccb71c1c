// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Products with the Jacobian of networks that are recognized as layers, next
// to the generic path: time and agreement.

#include <lsr/base/types.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/tangent_basis.h>

#include <CLI/CLI.hpp>

#include <map>

#include "applications/studies/classification/convolutional_network.h"
#include "applications/studies/data-driven-operators/operator_networks.h"
#include "network/jacobian.h"
#include "support/models.h"
#include "timing.h"

using namespace lsr_studies;
using namespace lsr::performance;
using benchmark::State;

namespace
{
  struct Options
  {
    std::size_t  columns = 32, functions = 16, points = 32, images = 64;
    unsigned int n_threads = 2, repetitions = 3;
  } options;



  /// A network and points to evaluate it at.
  struct Case
  {
    Network network;
    Block   points;
  };



  /// All pairs of functions and coordinates.
  Block
  operator_points()
  {
    const std::size_t n = options.points;
    const HostBlock   sensors =
      to_host(test::random_points(n_sensors, options.functions, -1, 1));
    const HostBlock points("points", n_sensors + 1, options.functions * n);
    for (std::size_t i = 0; i < points.extent(1); ++i)
      {
        for (unsigned int s = 0; s < n_sensors; ++s)
          points(s, i) = sensors(s, i / n);
        points(n_sensors, i) = -1. + 2. * (i % n) / n;
      }
    return to_memory_space(points);
  }



  Case
  make_case(const std::string &name)
  {
    if (name == "fully-connected")
      return {
        FullyConnected().build(),
        test::random_points(2, options.functions * options.points, -1, 1)};
    if (name == "cnn")
      return {convolutional_network(),
              test::random_points(784, options.images)};
    return {OperatorNetwork{name}.build(), operator_points()};
  }



  /// Report two ways to compute the same block.
  void
  compare(State       &state,
          const Work  &layered,
          const Work  &generic,
          const Block &layered_result,
          const Block &generic_result)
  {
    const double time         = best_seconds(options.repetitions, layered);
    const double generic_time = best_seconds(1, generic);
    report_seconds(state, time);
    state.counters["rows"]       = layered_result.extent(0);
    state.counters["generic_ms"] = generic_time * 1e3;
    state.counters["speed-up"]   = generic_time / time;
    state.counters["difference"] =
      test::relative_difference(layered_result, generic_result);
  }



  /// J V for structured directions.
  void
  structured(State &state, const std::string &name)
  {
    const auto [network, points] = make_case(name);
    const RankOneDirections V =
      NetworkJacobian::random_directions(network,
                                         options.columns,
                                         /* seed = */ 0);
    const Block dense =
      NetworkJacobian::expand_columns(network, V, 0, options.columns);
    const std::size_t n       = points.extent(1) * network.n_outputs();
    const Block       layered = make_block(n, options.columns),
                generic       = make_block(n, options.columns);
    state.SetLabel(network.description());
    compare(
      state,
      [&, &network = network, &points = points]() {
        network.jacobian_times(points, V, layered);
      },
      [&, &network = network, &points = points]() {
        NetworkJacobian(network, points).forward_mode_times(dense, generic);
      },
      layered,
      generic);
  }



  /// J V for directions that are stored as vectors.
  void
  dense(State &state, const std::string &name)
  {
    const auto [network, points] = make_case(name);
    const ExplicitBasis basis(network,
                              test::random_block(network.n_parameters(),
                                                 options.columns),
                              "dense",
                              true);
    const std::size_t   n       = points.extent(1) * network.n_outputs();
    const Block         layered = make_block(n, options.columns),
                generic         = make_block(n, options.columns);
    state.SetLabel(network.description());
    compare(
      state,
      [&, &points = points]() { basis.apply(points, layered); },
      [&, &network = network, &points = points]() {
        NetworkJacobian(network, points)
          .forward_mode_times(basis.columns(), generic);
      },
      layered,
      generic);
  }



  void
  add_all()
  {
    using Measurement = void (*)(State &, const std::string &);
    const std::map<std::string, Measurement> measurements = {{"structured",
                                                              structured},
                                                             {"dense", dense}};
    for (const std::string network :
         {"fully-connected", "deeponet", "multionet", "modified-mlp", "cnn"})
      for (const auto &[name, measure] : measurements)
        benchmark::RegisterBenchmark((network + "/" + name).c_str(),
                                     [network,
                                      measure = measure](State &state) {
                                       measure(state, network);
                                     })
          ->Iterations(1)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  }



  void
  parse(CLI::App &app, const int argc, char **argv)
  {
    const auto option =
      [&app](const char *name, auto &value, const char *text) {
        app.add_option(name, value, text)->capture_default_str();
      };
    option("--columns", options.columns, "directions");
    option("--functions", options.functions, "functions for operators");
    option("--points", options.points, "coordinates for each of them");
    option("--images", options.images, "images for the convolutional network");
    option("--threads", options.n_threads, "threads");
    option("--repetitions", options.repetitions, "of which the fastest counts");
    app.parse(argc, argv);
  }
} // namespace



int
main(int argc, char **argv)
{
  ensure_kokkos_initialized();
  benchmark::Initialize(&argc, argv);
  CLI::App app(
    "Compare products with the Jacobian of recognized layers with the "
    "generic path. Options --benchmark_* are those of Google "
    "Benchmark.");
  try
    {
      parse(app, argc, argv);
    }
  catch (const CLI::ParseError &error)
    {
      return app.exit(error);
    }
  Network::set_n_threads(options.n_threads);
  add_all();
  benchmark::RunSpecifiedBenchmarks();
}
