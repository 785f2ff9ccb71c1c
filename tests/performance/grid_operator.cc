// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Many directions through the Jacobian of a grid operator, next to as many
// batched forward passes of the same network, which is one in float64. Prints
// one line of JSON.

#include <lsr/base/types.h>
#include <lsr/network/network.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <torch/script.h>

#include <iostream>

#include "support/models.h"
#include "timing.h"

using namespace lsr;

namespace
{
  struct Options
  {
    std::string              file;
    std::vector<std::size_t> sizes;
    std::size_t              directions = 400;
    std::vector<std::size_t> batches    = {1, 4, 16};
    unsigned int             n_threads = 2, repetitions = 3;
  };



  double
  seconds_of_product(const Options &options)
  {
    Network::LoadOptions load;
    load.inputs.sample_sizes = options.sizes;
    std::size_t n_inputs     = 1;
    for (const std::size_t size : options.sizes)
      n_inputs *= size;
    const Network network =
      Network::load(options.file, n_inputs, std::nullopt, load);
    std::cerr << network.description() << std::endl;
    const Block x = test::random_points(n_inputs, 1, 0.5, 1.5);
    const Block V =
      test::random_block(network.n_parameters(), options.directions);
    const Block JV = make_block(network.n_outputs(), options.directions);
    return performance::best_seconds(options.repetitions, [&]() {
      network.jacobian_times(x, V, JV);
    });
  }



  /// All of the samples in batches of @p batch.
  double
  seconds_of_forward_passes(const Options &options, const std::size_t batch)
  {
    const torch::NoGradGuard  no_grad;
    torch::jit::Module        module = torch::jit::load(options.file);
    std::vector<std::int64_t> sizes(options.sizes.begin(), options.sizes.end());
    sizes.insert(sizes.begin(), batch);
    module.eval();
    const torch::Tensor x    = torch::rand(sizes, torch::kFloat64) + 0.5;
    const auto          pass = [&]() { module.forward({x}); };
    pass();
    return performance::best_seconds(options.repetitions, [&]() {
      for (std::size_t k = 0; k < options.directions; k += batch)
        pass();
    });
  }
} // namespace



int
main(int argc, char **argv)
{
  const Kokkos::ScopeGuard kokkos;
  CLI::App app("Time J V of a grid operator and forward passes.");
  Options  options;
  app.add_option("NETWORK", options.file)->required();
  app.add_option("--sizes", options.sizes)->delimiter(',')->required();
  app.add_option("--directions", options.directions);
  app.add_option("--batches", options.batches)->delimiter(',');
  app.add_option("--threads", options.n_threads);
  app.add_option("--repetitions", options.repetitions);
  CLI11_PARSE(app, argc, argv);
  Network::set_n_threads(options.n_threads);

  nlohmann::ordered_json report;
  report["product"] = seconds_of_product(options);
  for (const std::size_t batch : options.batches)
    report["forward"][std::to_string(batch)] =
      seconds_of_forward_passes(options, batch);
  std::cout << report.dump() << std::endl;
}
