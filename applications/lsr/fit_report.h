// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_fit_report_h
#define lsr_applications_fit_report_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/device.h>
#include <lsr/base/types.h>
#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <ostream>
#include <string>

#include "applications/lsr/fit_options.h"

namespace lsr
{
  /// Errors of a network on a data set.
  struct DataErrors
  {
    /// Mean squared error.
    double mse = 0;

    /// The mean over all groups of the relative l2 error on a group; points
    /// without groups make up one.
    double relative_l2 = 0;
  };

  inline DataErrors
  data_errors(const Network &network,
              const Column  &correction,
              const DataSet &data)
  {
    const Column values = make_column(data.targets.size());
    network.evaluate(data.points, values, correction);
    const HostColumn  q = to_host(values), t = to_host(data.targets);
    const std::size_t k = data.n_outputs();

    struct Sums
    {
      double error = 0, target = 0;
    };
    std::map<std::int64_t, Sums> groups;
    DataErrors                   errors;
    for (std::size_t i = 0; i < q.size(); ++i)
      {
        Sums &group = groups[data.group.empty() ? 0 : data.group[i / k]];
        group.error += (q(i) - t(i)) * (q(i) - t(i));
        group.target += t(i) * t(i);
      }
    for (const auto &entry : groups)
      {
        errors.mse += entry.second.error / q.size();
        errors.relative_l2 +=
          std::sqrt(entry.second.error / entry.second.target) / groups.size();
      }
    return errors;
  }



  inline const char *
  rule_name(const SelectionRule rule)
  {
    switch (rule)
      {
        case SelectionRule::plateau:
          return "plateau";
        case SelectionRule::validation:
          return "validation";
        case SelectionRule::cross_validation:
          return "cross-validation";
        case SelectionRule::generalized_cross_validation:
        default:
          return "gcv";
      }
  }



  /// The result, which is printed in one line.
  inline nlohmann::ordered_json
  json_report(const FitOptions &options,
              const Network    &network,
              const Fit        &result,
              const DataSet    &rows,
              const DataSet    &test,
              const Timer      &timer)
  {
    const std::size_t rank =
      std::min(result.choice.rank, result.numerical_rank);
    nlohmann::ordered_json json;
    json["torch"]          = Network::torch_version();
    json["device"]         = device_name();
    json["network_sha256"] = network.checksum();
    json["parameters"]     = network.n_parameters();
    json["rows"]           = result.n_rows;
    json["rank"]           = options.basis.n_directions;

    const auto add_errors = [&](const std::string &name, const DataSet &data) {
      if (data.n_points() == 0)
        return;
      const DataErrors before = data_errors(network, {}, data),
                       after  = data_errors(network, result.correction, data);
      json["mse_" + name]     = before.mse;
      json["mse_" + name + "_refined"]         = after.mse;
      json["relative_l2_" + name]              = before.relative_l2;
      json["relative_l2_" + name + "_refined"] = after.relative_l2;
    };
    add_errors("fit", rows);
    add_errors("test", test);
    if (result.initial_validation > 0)
      {
        json["mse_validation"]         = result.initial_validation;
        json["mse_validation_refined"] = result.validation;
      }

    json["subspace"]       = options.basis.type;
    json["numerical_rank"] = result.numerical_rank;
    json["chosen_rank"]    = result.choice.rank;
    json["tikhonov"]       = result.choice.lambda;
    json["selected_by"]    = rule_name(result.rule);
    json["loss"]           = result.loss / result.n_rows;
    if (!result.predicted.empty())
      json["predicted_loss"] = result.choice.predicted_loss / result.n_rows;
    json["condition"]        = result.profile.condition[rank];
    json["coefficient_norm"] = result.profile.coefficient_norm[rank];
    json["threads"]          = *options.n_threads;

    auto &times = json["seconds"];
    for (const auto &[stage, time] : timer.stages())
      times[stage] = std::round(1000 * time) / 1000;
    times["total"] = std::round(1000 * timer.total()) / 1000;
    return json;
  }



  /// The table of all ranks, as mean squares over the rows.
  inline void
  write_profile(const std::string &path, const Fit &result)
  {
    write_atomically(path, [&](std::ostream &out) {
      out.precision(17);
      out << "rank,loss,predicted_loss,condition,coefficient_norm\n";
      for (std::size_t k = 0; k < result.profile.loss.size(); ++k)
        {
          out << k << ',' << result.profile.loss[k] / result.n_rows << ',';
          if (k < result.predicted.size())
            out << result.predicted[k] / result.n_rows;
          out << ',' << result.profile.condition[k] << ','
              << result.profile.coefficient_norm[k] << '\n';
        }
    });
  }
} // namespace lsr

#endif
