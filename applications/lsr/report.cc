// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/report.h"

#include <lsr/base/atomic_file.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/table_handler.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <numeric>

namespace lsr
{
  namespace
  {
    // Keeps the order of the keys. Numbers that are not finite become null when
    // the text is made.
    using json = nlohmann::ordered_json;

    json
    errors(const Comparison::Row &row)
    {
      const FieldErrors error = row.error.value_or(FieldErrors());
      return {{"L2", error.L2}, {"H1", error.H1}, {"Linf", error.Linf}};
    }

    json
    seconds(const Timer &timer)
    {
      json result = json::object();
      for (const auto &[stage, time] : timer.stages())
        result[stage] = time;
      return result;
    }
  } // namespace

  std::string
  to_json(const Report &report)
  {
    const Comparison::Row &network = report.comparison.network;
    const Comparison::Row &refined = report.comparison.refined;
    const Comparison::Row &fem     = report.comparison.fem;

    json result;
    result["problem"]            = report.problem;
    result["dofs"]               = report.n_dofs;
    result["dofs_of_comparison"] = report.n_dofs_of_comparison;
    result["parameters"]         = report.n_parameters;
    result["network_sha256"] =
      report.network_checksum.empty() ? json() : json(report.network_checksum);
    result["rank"]              = report.rank;
    result["subspace"]          = report.subspace;
    result["norm"]              = report.norm;
    result["error"]             = {{"network", errors(network)},
                                   {"refined", errors(refined)},
                                   {"fem", errors(fem)},
                                   {"relative",
                        network.error ? network.error->relative : true}};
    result["difference_to_fem"] = {{"network", network.difference_to_fem.L2},
                                   {"refined", refined.difference_to_fem.L2},
                                   {"relative",
                                    network.difference_to_fem.relative}};
    if (std::isfinite(network.difference_to_fem.multiplier))
      result["difference_to_fem"]["multiplier"] = {
        {"network", network.difference_to_fem.multiplier},
        {"refined", refined.difference_to_fem.multiplier}};
    result["residual"] = {{"network", network.residual},
                          {"refined", refined.residual},
                          {"fem", fem.residual}};
    result["seconds"]  = seconds(report.timer);

    std::vector<unsigned int> ranks(report.profile.loss.size());
    std::iota(ranks.begin(), ranks.end(), 0);
    result["profile"] = {{"rank", ranks},
                         {"loss", report.profile.loss},
                         {"condition", report.profile.condition},
                         {"coefficient_norm", report.profile.coefficient_norm}};
    result["files"]   = report.files;

    // Names come from users: bytes that are no UTF-8 must not stop the report.
    return result.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  }

  void
  write_report(const std::string &path,
               const Report      &report,
               const MPI_Comm     communicator)
  {
    on_first_rank(communicator, [&]() {
      write_atomically(path,
                       [&](std::ostream &out) { out << to_json(report); });
    });
  }



  void
  print_times(std::ostream &out, const Timer &timer)
  {
    dealii::TableHandler table;
    const auto add = [&table](const std::string &stage, const double time) {
      table.add_value("stage", stage);
      table.add_value("seconds", time);
    };
    for (const auto &[stage, time] : timer.stages())
      add(stage, time);
    add("total", timer.total());
    table.set_precision("seconds", 2);
    table.write_text(out, dealii::TableHandler::org_mode_table);
  }
} // namespace lsr
