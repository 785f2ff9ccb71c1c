// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_instances_report_h
#define lsr_applications_instances_report_h

#include <lsr/base/timer.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <numeric>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace lsr
{
  /// The results of one instance; NaN if not known.
  struct InstanceRecord
  {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    /// The numbers of the instance that are inputs of the network.
    std::vector<double> inputs;

    /// Relative $L_2$ errors, or, where no exact solution is known, distances
    /// to the finite-element solution.
    double network_error = unknown, refined_error = unknown;

    /// The distance of the refined field to the finite-element solution, and
    /// its own error.
    double refined_distance = unknown, fem_error = unknown;

    /// From the instance's numbers to the refined field, or the solution.
    double seconds = 0, fem_seconds = unknown;

    std::size_t  rank           = 0;
    unsigned int linearizations = 0;
  };



  /// How one correction for all instances was found.
  struct FamilySummary
  {
    /// Instances that were fitted, and that chose rank and damping.
    std::size_t n_members = 0, n_held_out = 0;

    double lambda = 0;

    /// Stages `alignment`, `subspace`, `reduce`, `search` and `solve`.
    Timer timer;
  };



  /// The results of all instances, and their cost.
  struct InstancesReport
  {
    std::vector<InstanceRecord> records;

    /// Names of their inputs.
    std::vector<std::string> names;

    /// Of work that is done once: for both methods, and for the refinement
    /// alone.
    double mesh_seconds = 0, network_seconds = 0, space_seconds = 0;

    /// Of the network, if it is to count.
    double training_seconds = 0;

    /// The SHA-256 of its file; empty where it is an operator of two.
    std::string network_checksum;

    std::size_t  n_dofs = 0, n_parameters = 0, n_columns = 0;
    unsigned int n_reduced_matrices = 0;

    /// Nothing if each instance has a correction of its own.
    std::optional<FamilySummary> family;
  };



  /// A line for each instance.
  inline void
  write_csv(std::ostream &out, const InstancesReport &report)
  {
    for (const std::string &name : report.names)
      out << name << ',';
    out << "network_error,refined_error,refined_distance,fem_error,seconds,"
           "fem_seconds,rank,linearizations\n";
    out.precision(10);
    for (const InstanceRecord &r : report.records)
      {
        for (const double input : r.inputs)
          out << input << ',';
        out << r.network_error << ',' << r.refined_error << ','
            << r.refined_distance << ',' << r.fem_error << ',' << r.seconds
            << ',' << r.fem_seconds << ',' << r.rank << ',' << r.linearizations
            << '\n';
      }
  }



  /**
   * Means and extremes over all instances, in how many the refined field has
   * the larger error (`worse`), and the time of all of them:
   * - `first_seconds`: of the first instance with all work that is done once,
   * - `amortized_seconds`: of an instance with its share of that,
   * - `later_seconds`: of an instance after the first,
   * - `break_even`: the number of instances from which on refining all of them
   *   takes less time than solving them, or "never".
   */
  inline nlohmann::ordered_json
  summary(const InstancesReport &report)
  {
    using json     = nlohmann::ordered_json;
    const auto all = [&](const auto &number) {
      std::vector<double> numbers;
      for (const InstanceRecord &record : report.records)
        numbers.push_back(number(record));
      return numbers;
    };
    const auto mean = [](const std::vector<double> &numbers) {
      return std::accumulate(numbers.begin(), numbers.end(), 0.) /
             numbers.size();
    };
    const auto statistics = [&](std::vector<double> numbers,
                                const bool          smallest_is_worst = false) {
      std::sort(numbers.begin(), numbers.end());
      const std::size_t n = numbers.size();
      return json{{"mean", mean(numbers)},
                  {"median", (numbers[(n - 1) / 2] + numbers[n / 2]) / 2},
                  {"worst",
                   smallest_is_worst ? numbers.front() : numbers.back()}};
    };

    const std::size_t   n       = report.records.size();
    std::vector<double> seconds = all([](const auto &r) { return r.seconds; });
    const double        mean_seconds = mean(seconds), first = seconds[0];
    if (n > 1)
      seconds.erase(seconds.begin());
    const double fem_seconds =
      mean(all([](const auto &r) { return r.fem_seconds; }));
    const double space = report.network_seconds + report.space_seconds;
    const double gain  = fem_seconds - mean_seconds;
    json         break_even;
    if (gain > 0)
      break_even =
        1 + static_cast<std::size_t>((space + report.training_seconds) / gain);
    else if (std::isfinite(fem_seconds))
      break_even = "never";

    json result = {
      {"instances", n},
      {"degrees_of_freedom", report.n_dofs},
      {"network_parameters", report.n_parameters},
      {"network_sha256",
       report.network_checksum.empty() ? json() :
                                         json(report.network_checksum)},
      {"columns", report.n_columns},
      {"reduced_matrices", report.n_reduced_matrices},
      {"network_error",
       statistics(all([](const auto &r) { return r.network_error; }))},
      {"refined_error",
       statistics(all([](const auto &r) { return r.refined_error; }))},
      {"error_ratio",
       statistics(all([](const auto &r) {
                    return r.network_error / r.refined_error;
                  }),
                  true)},
      {"worse",
       std::count_if(report.records.begin(),
                     report.records.end(),
                     [](const auto &r) {
                       return r.refined_error > r.network_error;
                     })},
      {"mesh_seconds", report.mesh_seconds},
      {"network_seconds", report.network_seconds},
      {"space_seconds", report.space_seconds},
      {"training_seconds", report.training_seconds},
      {"first_seconds", report.mesh_seconds + space + first},
      {"amortized_seconds", (report.mesh_seconds + space) / n + mean_seconds},
      {"later_seconds", mean(seconds)},
      {"fem_seconds", fem_seconds},
      {"break_even", break_even}};
    if (report.family)
      {
        const FamilySummary &family = *report.family;
        result["family"]            = {{"instances", family.n_members},
                                       {"held_out", family.n_held_out},
                                       {"lambda", family.lambda}};
        for (const auto &[stage, seconds] : family.timer.stages())
          result["family"][stage + "_seconds"] = seconds;
      }
    return result;
  }



  /// The summary for people: a line for each entry.
  inline void
  print(std::ostream &out, const InstancesReport &report)
  {
    const auto number = [](const nlohmann::ordered_json &value) {
      if (!value.is_number_float())
        return value.dump();
      std::ostringstream text;
      text << std::setprecision(3) << value.get<double>();
      return text.str();
    };
    out << '\n';
    // items() refers to it.
    const nlohmann::ordered_json entries = summary(report);
    for (const auto &[key, value] : entries.items())
      {
        std::string name = key;
        std::replace(name.begin(), name.end(), '_', ' ');
        out << std::setw(22) << std::left << name << std::right;
        if (value.is_object())
          for (const auto &[kind, entry] : value.items())
            out << kind << ' ' << std::setw(12) << std::left << number(entry)
                << std::right;
        else
          out << number(value);
        out << '\n';
      }
  }
} // namespace lsr

#endif
