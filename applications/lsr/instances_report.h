// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_instances_report_h
#define lsr_applications_instances_report_h

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <optional>
#include <ostream>
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



  /// The results of all instances, and their cost.
  class InstancesReport
  {
  public:
    std::vector<InstanceRecord> records;

    /// Names of their inputs.
    std::vector<std::string> names;

    /// Of work that is done once: for both methods, and for the refinement
    /// alone.
    double mesh_seconds = 0, network_seconds = 0, space_seconds = 0;

    /// Of the network, if it is to count.
    double training_seconds = 0;

    std::size_t  n_dofs = 0, n_parameters = 0, n_columns = 0;
    unsigned int n_reduced_matrices = 0;

    void
    write_csv(std::ostream &out) const
    {
      for (const std::string &name : names)
        out << name << ',';
      out << "network_error,refined_error,refined_distance,fem_error,seconds,"
             "fem_seconds,rank,linearizations\n";
      out.precision(10);
      for (const InstanceRecord &r : records)
        {
          for (const double input : r.inputs)
            out << input << ',';
          out << r.network_error << ',' << r.refined_error << ','
              << r.refined_distance << ',' << r.fem_error << ',' << r.seconds
              << ',' << r.fem_seconds << ',' << r.rank << ','
              << r.linearizations << '\n';
        }
    }

    void
    write_json(std::ostream &out) const
    {
      using json         = nlohmann::ordered_json;
      const auto summary = [](const Statistics &s) {
        return json{{"mean", s.mean}, {"median", s.median}, {"worst", s.worst}};
      };
      const auto n = break_even();
      out << json{{"instances", records.size()},
                  {"degrees_of_freedom", n_dofs},
                  {"network_parameters", n_parameters},
                  {"columns", n_columns},
                  {"reduced_matrices", n_reduced_matrices},
                  {"network_error", summary(errors_of_network())},
                  {"refined_error", summary(errors_after_refinement())},
                  {"error_ratio", summary(ratios())},
                  {"mesh_seconds", mesh_seconds},
                  {"network_seconds", network_seconds},
                  {"space_seconds", space_seconds},
                  {"training_seconds", training_seconds},
                  {"first_seconds", first_seconds()},
                  {"amortized_seconds", amortized_seconds()},
                  {"later_seconds", later_seconds()},
                  {"fem_seconds", fem_seconds()},
                  {"break_even",
                   !std::isfinite(fem_seconds()) ? json() :
                   n                             ? json(*n) :
                                                   json("never")}}
               .dump(2)
          << '\n';
    }

    /// For people.
    void
    print(std::ostream &out) const
    {
      const auto row = [&out](const std::string &name, const Statistics &s) {
        out << std::setw(30) << std::left << name << std::setw(12) << s.mean
            << std::setw(12) << s.median << s.worst << '\n';
      };
      out << std::setprecision(3) << '\n'
          << records.size() << " instances, " << n_dofs
          << " degrees of freedom, network of " << n_parameters
          << " parameters, " << n_columns
          << " columns, reduced matrix computed " << n_reduced_matrices
          << " times\n\n"
          << std::setw(30) << std::left << "relative L2 error" << std::setw(12)
          << "mean" << std::setw(12) << "median"
          << "worst\n";
      row("network", errors_of_network());
      row("refined", errors_after_refinement());
      row("times smaller", ratios());
      out << "\nseconds\n"
          << "once: mesh " << mesh_seconds << ", network " << network_seconds
          << ", tangent space " << space_seconds << ", training "
          << (training_seconds > 0 ? std::to_string(training_seconds) :
                                     std::string("not counted"))
          << '\n'
          << "first instance with all of this: " << first_seconds() << '\n'
          << "amortized over all instances:    " << amortized_seconds() << ", "
          << first_seconds() / amortized_seconds() << " times below the first\n"
          << "an instance, after the first:    " << later_seconds() << '\n';
      if (std::isfinite(fem_seconds()))
        {
          const auto n = break_even();
          out << "finite elements, an instance:    " << fem_seconds() << '\n'
              << "refining all is faster than solving all from "
              << (n ? std::to_string(*n) + " instances on" :
                      std::string("no number of instances on: never"))
              << '\n';
        }
      out << std::right;
    }

  private:
    /// The worst is the largest, or of ratios the smallest.
    struct Statistics
    {
      double mean, median, worst;
    };

    static Statistics
    statistics(std::vector<double> numbers,
               const bool          smallest_is_worst = false)
    {
      std::sort(numbers.begin(), numbers.end());
      const std::size_t n = numbers.size();
      return {mean(numbers),
              (numbers[(n - 1) / 2] + numbers[n / 2]) / 2,
              smallest_is_worst ? numbers.front() : numbers.back()};
    }

    static double
    mean(const std::vector<double> &numbers)
    {
      double sum = 0;
      for (const double number : numbers)
        sum += number;
      return sum / numbers.size();
    }

    std::vector<double>
    all(double InstanceRecord::*const entry) const
    {
      std::vector<double> numbers;
      for (const InstanceRecord &record : records)
        numbers.push_back(record.*entry);
      return numbers;
    }

    Statistics
    errors_of_network() const
    {
      return statistics(all(&InstanceRecord::network_error));
    }

    Statistics
    errors_after_refinement() const
    {
      return statistics(all(&InstanceRecord::refined_error));
    }

    Statistics
    ratios() const
    {
      std::vector<double> numbers;
      for (const InstanceRecord &record : records)
        numbers.push_back(record.network_error / record.refined_error);
      return statistics(numbers, true);
    }

    /// The time that the refinement needs once.
    double
    once() const
    {
      return mesh_seconds + network_seconds + space_seconds;
    }

    double
    first_seconds() const
    {
      return once() + records[0].seconds;
    }

    double
    amortized_seconds() const
    {
      return once() / records.size() + mean(all(&InstanceRecord::seconds));
    }

    double
    later_seconds() const
    {
      std::vector<double> numbers = all(&InstanceRecord::seconds);
      if (numbers.size() > 1)
        numbers.erase(numbers.begin());
      return mean(numbers);
    }

    double
    fem_seconds() const
    {
      return mean(all(&InstanceRecord::fem_seconds));
    }

    /// The number of instances from which on refining all of them takes less
    /// time than solving them; nothing if there is none.
    std::optional<std::size_t>
    break_even() const
    {
      const double gain = fem_seconds() - mean(all(&InstanceRecord::seconds));
      if (!(gain > 0))
        return std::nullopt;
      return 1 + static_cast<std::size_t>(
                   (once() - mesh_seconds + training_seconds) / gain);
    }
  };
} // namespace lsr

#endif
