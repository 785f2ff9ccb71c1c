// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine case.h5: refines a network for a linear problem in a file, without
// finite elements.

#include <lsr/base/device.h>
#include <lsr/base/timer.h>
#include <lsr/base/types.h>
#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/linear_case.h>
#include <lsr/refine/refinement.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <iostream>
#include <memory>
#include <optional>

#include "applications/lsr/evaluation.h"
#include "applications/lsr/refine_options.h"

namespace lsr
{
  namespace
  {
    /// All outputs of the refined network at the points; those that are values
    /// of the problem obey its constraints.
    DataSet
    refined_values(const LinearCase         &problem,
                   const LinearizedResidual &residual,
                   const Network            &network,
                   const Refinement         &refinement)
    {
      DataSet data;
      data.points = problem.sampling.points;
      data        = evaluate(network, data, refinement.correction);

      const Column q = make_column(refinement.values.size());
      Kokkos::deep_copy(q, refinement.values);
      residual.distribute(q);
      const HostColumn values = to_host(q), all = to_host(data.targets);
      const auto      &rows = problem.sampling.rows;
      for (std::size_t i = 0; i < values.size(); ++i)
        all(rows.empty() ? i : rows[i]) = values(i);
      data.targets = to_memory_space(all);
      return data;
    }



    std::string
    json_report(const RefineOptions &options,
                const LinearCase    &problem,
                const Network       &network,
                const Refinement    &refinement,
                const Timer         &timer)
    {
      const Linearization   &linearization = problem.linearization;
      nlohmann::ordered_json json;
      json["problem"]        = problem.name;
      json["torch"]          = Network::torch_version();
      json["device"]         = device_name();
      json["network_sha256"] = network.checksum();
      json["parameters"]     = network.n_parameters();
      json["rows"]           = linearization.residual.size();
      json["norm"]       = linearization.norm == Linearization::Norm::energy ?
                             "energy" :
                             "euclidean";
      json["subspace"]   = problem.basis.type;
      json["directions"] = problem.basis.n_directions;
      json["numerical_rank"]   = refinement.numerical_rank;
      json["rank"]             = refinement.rank;
      json["residual"]         = refinement.initial_norm;
      json["residual_refined"] = refinement.refined_norm;
      json["threads"]          = *options.n_threads;

      auto &times = json["seconds"];
      for (const auto &[stage, time] : timer.stages())
        times[stage] = std::round(1000 * time) / 1000;
      times["total"] = std::round(1000 * timer.total()) / 1000;
      return json.dump();
    }
  } // namespace



  void
  refine_case(RefineOptions &options)
  {
    options.use();
    options.refuse_options_of_others();
    for (const std::string &file : {options.output_file, options.values_file})
      prepare_output(file, {options.file});

    Timer                               timer;
    LinearCase                          problem;
    std::optional<Network>              network;
    std::unique_ptr<LinearizedResidual> residual;
    {
      const Timer::Stage stage(timer, "load");
      problem = LinearCase::load(options.file);
      options.apply_to(problem);
      network  = problem.load_network();
      residual = std::make_unique<LinearizedResidual>(problem.linearization);
    }
    say(network->description());

    std::unique_ptr<TangentBasis> basis;
    say("Building the " + problem.basis.type + " subspace of " +
        std::to_string(problem.basis.n_directions) + " directions");
    {
      const Timer::Stage stage(timer, "subspace");
      basis =
        make_tangent_basis(*network, problem.basis, problem.sampling.points);
    }
    say("Refining the network");
    problem.refinement.progress = say;
    const Refinement refinement =
      refine(*basis, problem.sampling, *residual, problem.refinement);
    timer.add(refinement.timer);

    if (!options.output_file.empty())
      {
        network->save(options.output_file, refinement.correction);
        say("Written: " + options.output_file);
      }
    if (!options.values_file.empty())
      {
        write_data_set(
          options.values_file,
          refined_values(problem, *residual, *network, refinement));
        say("Written: " + options.values_file);
      }
    std::cout << json_report(options, problem, *network, refinement, timer)
              << std::endl;
  }
} // namespace lsr
