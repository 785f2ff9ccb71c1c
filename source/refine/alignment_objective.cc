// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/alignment_objective.h"

#include <lsr/base/types.h>

#include <cmath>
#include <limits>
#include <vector>

#include "refine/point_hash.h"
#include "refine/pseudo_time_residual.h"

namespace lsr
{
  Column
  AlignmentObjective::rows(const Column &q) const
  {
    const Column g = make_column(residual->n_rows());
    residual->evaluate(q, g);
    return g;
  }



  double
  AlignmentObjective::mean(const Network &network) const
  {
    const double n_rows =
      residual->communicator().sum(double(residual->n_rows()));
    return residual->norm(rows(sampling.evaluate(network))) / std::sqrt(n_rows);
  }



  AlignmentObjectives
  pseudo_time_objective(const Sampling &sampling,
                        const Column   &target,
                        Residual       &residual,
                        const double    time_step)
  {
    const auto objective =
      std::make_shared<PseudoTimeResidual>(residual, target, time_step);
    return [=](const std::uint64_t, const unsigned int) {
      return AlignmentObjective{sampling, objective};
    };
  }



  namespace
  {
    /// Rows of values as they are found, and the targets that belong to them.
    struct Collector
    {
      std::vector<std::size_t> rows;
      std::vector<double>      values;

      void
      add(const std::size_t row, const double value)
      {
        rows.push_back(row);
        values.push_back(value);
      }

      /// Rows are those of a network at @p points.
      Targets
      at(const Block &points)
      {
        const Column column = make_column(values.size());
        Kokkos::deep_copy(column,
                          Kokkos::View<const double *,
                                       Kokkos::HostSpace,
                                       Kokkos::MemoryUnmanaged>(values.data(),
                                                                values.size()));
        return {{points, std::move(rows)}, column};
      }
    };



    /// The row of the network that value @p i is.
    std::size_t
    row_of_value(const Sampling &sampling, const std::size_t i)
    {
      return sampling.rows.empty() ? i : sampling.rows[i];
    }



    /// The points with these numbers, and targets there.
    Targets
    restricted(const Targets                  &targets,
               const unsigned int              n_outputs,
               const std::vector<std::size_t> &chosen)
    {
      const HostBlock  points   = to_host(targets.sampling.points);
      const HostColumn t        = to_host(targets.values);
      const auto       n_inputs = points.extent(0);

      const auto               unused = std::numeric_limits<std::size_t>::max();
      std::vector<std::size_t> place(points.extent(1), unused);
      const Block              subset = make_block(n_inputs, chosen.size());
      const auto               subset_host = Kokkos::create_mirror_view(subset);
      for (std::size_t i = 0; i < chosen.size(); ++i)
        {
          place[chosen[i]] = i;
          for (std::size_t d = 0; d < n_inputs; ++d)
            subset_host(d, i) = points(d, chosen[i]);
        }
      Kokkos::deep_copy(subset, subset_host);

      Collector result;
      for (std::size_t i = 0; i < t.size(); ++i)
        {
          const std::size_t row   = row_of_value(targets.sampling, i);
          const std::size_t point = place[row / n_outputs];
          if (point != unused)
            result.add(point * n_outputs + row % n_outputs, t(i));
        }
      return result.at(subset);
    }



    AlignmentObjective
    misfit(const Targets &targets, const Communicator &communicator)
    {
      return {targets.sampling,
              std::make_shared<DataMisfit>(targets.values, communicator)};
    }
  } // namespace



  Targets
  targets_of_leading_outputs(const Targets     &all,
                             const unsigned int n_outputs,
                             const unsigned int n_leading)
  {
    const HostColumn t = to_host(all.values);
    Collector        result;
    for (std::size_t i = 0; i < t.size(); ++i)
      {
        const std::size_t row = row_of_value(all.sampling, i);
        if (row % n_outputs < n_leading)
          result.add(row, t(i));
      }
    return result.at(all.sampling.points);
  }



  AlignmentObjectives
  misfit_objectives(const Targets                    &targets,
                    const unsigned int                n_outputs,
                    const Communicator               &communicator,
                    const std::optional<std::size_t> &n_points,
                    const std::uint64_t               seed)
  {
    const double n_all =
      communicator.sum(double(targets.sampling.points.extent(1)));
    const double fraction = n_points ? *n_points / n_all : 1.;
    if (fraction >= 1.)
      {
        const AlignmentObjective objective = misfit(targets, communicator);
        return
          [=](const std::uint64_t, const unsigned int) { return objective; };
      }

    return [=](const std::uint64_t draw, const unsigned int growth) {
      const HostBlock          points = to_host(targets.sampling.points);
      std::vector<std::size_t> chosen;
      for (std::size_t i = 0; i < points.extent(1); ++i)
        if (double(point_hash(&points(0, i),
                              points.extent(0),
                              (seed << 32) + draw)) < fraction * 0x1p64)
          chosen.push_back(i);
      return misfit(restricted(targets, n_outputs, chosen), communicator);
    };
  }
} // namespace lsr
