// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/iterative_lsr.h>

#include <cmath>
#include <cstdlib>
#include <istream>
#include <ostream>
#include <sstream>

namespace lsr
{
  namespace
  {
    const std::string header =
      "iteration,accepted,network_residual,refined_residual,network_error,"
      "refined_error,change,rank,linearizations,alignment_steps,"
      "alignment_reduction,alignment_seconds,refinement_seconds";

    /// Names in the header.
    constexpr std::size_t n_entries = 13;



    std::string
    to_text(const double value)
    {
      if (std::isnan(value))
        return "";
      std::ostringstream text;
      text.precision(std::numeric_limits<double>::max_digits10);
      text << value;
      return text.str();
    }



    std::vector<double>
    parse(const std::string &line, const std::string &name)
    {
      std::vector<double> values;
      std::istringstream  entries(line + ",");
      for (std::string entry; std::getline(entries, entry, ',');)
        {
          char        *end   = nullptr;
          const double value = std::strtod(entry.c_str(), &end);
          require(*end == '\0',
                  name + ": '" + entry +
                    "' in the history of iterations, "
                    "expected a number");
          values.push_back(entry.empty() ? IterationRecord::unknown : value);
        }
      require(values.size() == n_entries,
              name + ": " + std::to_string(values.size()) +
                " entries in a line of the history of iterations, expected " +
                std::to_string(n_entries));
      return values;
    }
  } // namespace



  const IterationRecord *
  IterationHistory::best() const
  {
    for (auto record = records.rbegin(); record != records.rend(); ++record)
      if (record->accepted)
        return &*record;
    return nullptr;
  }



  unsigned int
  IterationHistory::n_rejections() const
  {
    unsigned int n = 0;
    for (auto record = records.rbegin();
         record != records.rend() && !record->accepted;
         ++record)
      ++n;
    return n;
  }



  double
  IterationHistory::seconds() const
  {
    double sum = 0;
    for (const IterationRecord &record : records)
      sum += record.alignment_seconds + record.refinement_seconds;
    return sum;
  }



  void
  IterationHistory::write_csv(std::ostream &out) const
  {
    out << header << '\n';
    for (const IterationRecord &record : records)
      out << record.iteration << ',' << record.accepted << ','
          << to_text(record.network_residual) << ','
          << to_text(record.refined_residual) << ','
          << to_text(record.network_error) << ','
          << to_text(record.refined_error) << ',' << to_text(record.change)
          << ',' << record.rank << ',' << record.n_linearizations << ','
          << record.n_alignment_steps << ','
          << to_text(record.alignment_reduction) << ','
          << to_text(record.alignment_seconds) << ','
          << to_text(record.refinement_seconds) << '\n';
  }



  IterationHistory
  IterationHistory::read_csv(std::istream &in, const std::string &name)
  {
    std::string line;
    require(std::getline(in, line) && line == header,
            name + ": the history of iterations begins with '" + line +
              "', expected '" + header + "'");
    IterationHistory history;
    while (std::getline(in, line))
      {
        const std::vector<double> values = parse(line, name);
        IterationRecord           record;
        record.iteration           = values[0];
        record.accepted            = values[1] != 0;
        record.network_residual    = values[2];
        record.refined_residual    = values[3];
        record.network_error       = values[4];
        record.refined_error       = values[5];
        record.change              = values[6];
        record.rank                = values[7];
        record.n_linearizations    = values[8];
        record.n_alignment_steps   = values[9];
        record.alignment_reduction = values[10];
        record.alignment_seconds   = values[11];
        record.refinement_seconds  = values[12];
        history.records.push_back(record);
      }
    return history;
  }
} // namespace lsr
