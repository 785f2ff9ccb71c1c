// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_instance_table_h
#define lsr_studies_instance_table_h

#include <lsr/dense/least_squares.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "applications/studies/study.h"

namespace lsr_studies
{
  /// The results for one instance. Errors are relative $L_2$ distances to the
  /// reference solution, losses squared norms of the residual.
  struct InstanceRecord
  {
    /// The refined network itself has no boundary values from the mesh.
    double network_error = 0, refined_error = 0, refined_network_error = 0,
           fem_error = 0, network_loss = 0, refined_loss = 0, rank = 0,
           condition = 0, coefficient_norm = 0, linearizations = 0;

    /// Of the refinement, from the sensors' values to the correction, and of
    /// the finite-element solution on the same mesh.
    double seconds = 0, fem_seconds = 0;
  };



  /// All instances, and their means.
  class InstanceTable
  {
  public:
    std::vector<InstanceRecord> records;

    void
    write(const std::string &path) const
    {
      Table table("instance,network_error,refined_error,refined_network_error,"
                  "fem_error,network_loss,refined_loss,rank,condition,"
                  "coefficient_norm,linearizations,seconds,fem_seconds");
      for (std::size_t i = 0; i < records.size(); ++i)
        {
          const InstanceRecord &r = records[i];
          table.add(i,
                    r.network_error,
                    r.refined_error,
                    r.refined_network_error,
                    r.fem_error,
                    r.network_loss,
                    r.refined_loss,
                    r.rank,
                    r.condition,
                    r.coefficient_norm,
                    r.linearizations,
                    r.seconds,
                    r.fem_seconds);
        }
      table.write(path);
    }

    /// The mean errors.
    void
    print(std::ostream &out) const
    {
      const double before = mean(&InstanceRecord::network_error),
                   after  = mean(&InstanceRecord::refined_error);
      out << records.size() << " instances: mean error " << before << " -> "
          << after << " (" << before / after << " times smaller), "
          << mean(&InstanceRecord::fem_error) << " by finite elements\n";
    }

  private:
    double
    mean(double InstanceRecord::*const entry) const
    {
      double sum = 0;
      for (const InstanceRecord &record : records)
        sum += record.*entry;
      return sum / records.size();
    }
  };



  /// Loss, condition and norm of the coefficients over the rank: geometric
  /// means over instances.
  class MeanProfile
  {
  public:
    void
    add(const RankProfile &profile)
    {
      // Only ranks that all instances have.
      const std::size_t n = profile.loss.size();
      logarithms.resize(count == 0 ? n : std::min(n, logarithms.size()));
      for (std::size_t k = 0; k < logarithms.size(); ++k)
        {
          logarithms[k][0] += std::log(profile.loss[k]);
          logarithms[k][1] += std::log(profile.condition[k]);
          logarithms[k][2] += std::log(profile.coefficient_norm[k]);
        }
      ++count;
    }

    void
    write(const std::string &path) const
    {
      const auto mean = [&](const double sum) { return std::exp(sum / count); };
      Table      table("rank,loss,condition,coefficient_norm");
      for (std::size_t k = 1; k < logarithms.size(); ++k)
        table.add(k,
                  mean(logarithms[k][0]),
                  mean(logarithms[k][1]),
                  mean(logarithms[k][2]));
      table.write(path);
    }

  private:
    unsigned int                       count = 0;
    std::vector<std::array<double, 3>> logarithms;
  };
} // namespace lsr_studies

#endif
