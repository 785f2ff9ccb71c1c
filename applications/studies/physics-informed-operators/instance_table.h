// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_instance_table_h
#define lsr_studies_instance_table_h

#include <lsr/dense/least_squares.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// What became of one instance. Errors are relative $L_2$ distances to the
  /// reference solution.
  struct InstanceRecord
  {
    double network_error = 0, refined_error = 0, fem_error = 0;

    /// Of the refined network where nothing gives it the boundary values.
    double refined_network_error = 0;

    /// Squared norms of the residual.
    double network_loss = 0, refined_loss = 0;

    std::size_t rank             = 0;
    double      condition        = 0;
    double      coefficient_norm = 0;
    unsigned    linearizations   = 0;

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
    write_csv(std::ostream &out) const
    {
      out << "instance,network_error,refined_error,refined_network_error,"
             "fem_error,network_loss,"
             "refined_loss,rank,condition,coefficient_norm,linearizations,"
             "seconds,fem_seconds\n";
      out.precision(10);
      for (std::size_t i = 0; i < records.size(); ++i)
        {
          const InstanceRecord &r = records[i];
          out << i << ',' << r.network_error << ',' << r.refined_error << ','
              << r.refined_network_error << ',' << r.fem_error << ','
              << r.network_loss << ',' << r.refined_loss << ',' << r.rank << ','
              << r.condition << ',' << r.coefficient_norm << ','
              << r.linearizations << ',' << r.seconds << ',' << r.fem_seconds
              << '\n';
        }
    }

    /// Mean and standard deviation of errors, losses and times, for people.
    void
    print(std::ostream &out) const
    {
      out << std::setprecision(3) << records.size() << " instances\n"
          << std::setw(22) << std::left << "" << std::setw(22) << "network"
          << std::setw(22) << "refined"
          << "finite elements\n"
          << std::setw(22) << "relative L2 error" << std::setw(22)
          << deviation(&InstanceRecord::network_error) << std::setw(22)
          << deviation(&InstanceRecord::refined_error)
          << deviation(&InstanceRecord::fem_error) << '\n'
          << "of the refined network, without boundary conditions: "
          << deviation(&InstanceRecord::refined_network_error) << '\n'
          << std::setw(22) << "loss" << std::setw(22)
          << deviation(&InstanceRecord::network_loss)
          << deviation(&InstanceRecord::refined_loss) << '\n'
          << std::setw(22) << "seconds" << std::setw(22) << "" << std::setw(22)
          << deviation(&InstanceRecord::seconds)
          << deviation(&InstanceRecord::fem_seconds) << '\n'
          << "the mean error is "
          << mean(&InstanceRecord::network_error) /
               mean(&InstanceRecord::refined_error)
          << " times smaller after refinement\n"
          << std::right;
    }

  private:
    using Entry = double InstanceRecord::*;

    double
    mean(const Entry entry) const
    {
      double sum = 0;
      for (const InstanceRecord &record : records)
        sum += record.*entry;
      return sum / records.size();
    }

    /// "mean +- standard deviation"
    std::string
    deviation(const Entry entry) const
    {
      const double center  = mean(entry);
      double       squares = 0;
      for (const InstanceRecord &record : records)
        squares += std::pow(record.*entry - center, 2);
      std::ostringstream text;
      text.precision(3);
      text << center << " +- "
           << std::sqrt(squares / std::max<std::size_t>(1, records.size() - 1));
      return text.str();
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
      const std::size_t n = profile.loss.size();
      if (logarithms.size() < n)
        logarithms.resize(n);
      for (std::size_t k = 0; k < n; ++k)
        {
          Sums &sums = logarithms[k];
          ++sums.count;
          sums.loss += std::log(profile.loss[k]);
          sums.condition += std::log(profile.condition[k]);
          sums.norm += std::log(profile.coefficient_norm[k]);
        }
    }

    /// Only ranks that all instances have.
    void
    write_csv(std::ostream &out) const
    {
      out << "rank,loss,condition,coefficient_norm\n";
      out.precision(10);
      for (std::size_t k = 1;
           k < logarithms.size() && logarithms[k].count == logarithms[1].count;
           ++k)
        {
          const Sums &sums = logarithms[k];
          out << k << ',' << std::exp(sums.loss / sums.count) << ','
              << std::exp(sums.condition / sums.count) << ','
              << std::exp(sums.norm / sums.count) << '\n';
        }
    }

  private:
    struct Sums
    {
      unsigned int count = 0;
      double       loss = 0, condition = 0, norm = 0;
    };

    std::vector<Sums> logarithms;
  };
} // namespace lsr_studies

#endif
