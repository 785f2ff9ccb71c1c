// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/alignment_objective.h"

#include <lsr/dense/host.h>
#include <lsr/refine/data_misfit.h>
#include <lsr/refine/point_hash.h>
#include <lsr/refine/pseudo_time_residual.h>

#include <cmath>
#include <limits>
#include <vector>

namespace lsr
{
  Column
  AlignmentObjective::values(const Network &network) const
  {
    const Column all =
      make_column(sampling.points.extent(1) * network.n_outputs());
    network.evaluate(sampling.points, all);
    return sampling.select(all);
  }



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
    return residual->norm(rows(values(network))) / std::sqrt(n_rows);
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
    /// The points of @p sampling with these numbers, and targets there.
    AlignmentObjective
    restricted(const Sampling                 &sampling,
               const Column                   &target,
               const unsigned int              n_outputs,
               const Communicator             &communicator,
               const std::vector<std::size_t> &chosen)
    {
      const HostBlock  points   = to_host(sampling.points);
      const HostColumn t        = to_host(target);
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

      AlignmentObjective objective;
      objective.sampling.points = subset;
      std::vector<double> values;
      for (std::size_t i = 0; i < t.size(); ++i)
        {
          const std::size_t row = sampling.rows.empty() ? i : sampling.rows[i];
          const std::size_t point = place[row / n_outputs];
          if (point == unused)
            continue;
          objective.sampling.rows.push_back(point * n_outputs +
                                            row % n_outputs);
          values.push_back(t(i));
        }
      const Column targets = make_column(values.size());
      Kokkos::deep_copy(targets,
                        Kokkos::View<const double *,
                                     Kokkos::HostSpace,
                                     Kokkos::MemoryUnmanaged>(values.data(),
                                                              values.size()));
      objective.residual = std::make_shared<DataMisfit>(targets, communicator);
      return objective;
    }
  } // namespace



  AlignmentObjectives
  misfit_objectives(const Sampling     &sampling,
                    const Column       &target,
                    const unsigned int  n_outputs,
                    const Communicator &communicator,
                    const std::size_t   n_points,
                    const std::uint64_t seed)
  {
    const double n_all    = communicator.sum(double(sampling.points.extent(1)));
    const double fraction = n_points == 0 ? 1. : n_points / n_all;
    if (fraction >= 1.)
      {
        const auto misfit = std::make_shared<DataMisfit>(target, communicator);
        return [=](const std::uint64_t, const unsigned int) {
          return AlignmentObjective{sampling, misfit};
        };
      }

    return [=](const std::uint64_t draw, const unsigned int growth) {
      const HostBlock          points = to_host(sampling.points);
      std::vector<std::size_t> chosen;
      for (std::size_t i = 0; i < points.extent(1); ++i)
        if (double(point_hash(&points(0, i),
                              points.extent(0),
                              (seed << 32) + draw)) < fraction * 0x1p64)
          chosen.push_back(i);
      return restricted(sampling, target, n_outputs, communicator, chosen);
    };
  }
} // namespace lsr
