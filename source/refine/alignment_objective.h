// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_alignment_objective_h
#define lsr_refine_alignment_objective_h

#include <lsr/network/network.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace lsr
{
  /// Some rows of the objective of align(), and the points they need.
  struct AlignmentObjective
  {
    Sampling                  sampling;
    std::shared_ptr<Residual> residual;

    /// $g$ for these values.
    Column
    rows(const Column &q) const;

    /// $\|g\|$ divided by the root of the number of rows.
    double
    mean(const Network &network) const;
  };



  /// The objective of step number @p draw, on @p growth times as many points
  /// as usual.
  using AlignmentObjectives =
    std::function<AlignmentObjective(const std::uint64_t draw,
                                     const unsigned int  growth)>;



  /// The pseudo-time residual with all its rows, in every step.
  AlignmentObjectives
  pseudo_time_objective(const Sampling &sampling,
                        const Column   &target,
                        Residual       &residual,
                        const double    time_step);

  /// Values of $q$: where they come from, and their targets.
  struct Targets
  {
    Sampling sampling;
    Column   values;
  };



  /// Those that belong to the first @p n_leading of @p n_outputs outputs.
  Targets
  targets_of_leading_outputs(const Targets     &all,
                             const unsigned int n_outputs,
                             const unsigned int n_leading);

  /**
   * The misfit at about @p n_points of all points, others in every step; not
   * given: at all of them.
   */
  AlignmentObjectives
  misfit_objectives(const Targets                    &targets,
                    const unsigned int                n_outputs,
                    const Communicator               &communicator,
                    const std::optional<std::size_t> &n_points,
                    const std::uint64_t               seed);
} // namespace lsr

#endif
