// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_iteration_history_h
#define lsr_refine_iteration_history_h

#include <cstddef>
#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

namespace lsr
{
  /// What happened in one iteration of IterativeLSR. NaN: not known.
  struct IterationRecord
  {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    unsigned int iteration = 0;

    /// Whether the refined residual became smaller, so that it was kept.
    bool accepted = false;

    /// Norm of the residual of the network, after alignment and before
    /// refinement, and of the refined prediction.
    double network_residual = unknown, refined_residual = unknown;

    /// The errors of both, where a solution is known.
    double network_error = unknown, refined_error = unknown;

    /// Distance of the refined values from the best ones before, relative.
    double change = unknown;

    /// Columns used by the correction; linearizations it took.
    std::size_t  rank             = 0;
    unsigned int n_linearizations = 0;

    /// Steps of the alignment, and the factor by which it reduced its
    /// objective.
    unsigned int n_alignment_steps   = 0;
    double       alignment_reduction = unknown;

    /// Wall times; that of the errors belongs to neither.
    double alignment_seconds = 0, refinement_seconds = 0;
  };



  /// One record for each iteration, in their order.
  struct IterationHistory
  {
    std::vector<IterationRecord> records;

    /// The last record that was accepted; a null pointer if there is none.
    const IterationRecord *
    best() const;

    /// How many records there are after best().
    unsigned int
    n_rejections() const;

    /// Sum of all wall times.
    double
    seconds() const;

    /// A table with a line of names and one line for each record, with all
    /// digits; what is not known is empty.
    void
    write_csv(std::ostream &out) const;

    /// Read what write_csv() wrote; @p name stands for the file in messages.
    /// Throws lsr::Error if it is something else.
    static IterationHistory
    read_csv(std::istream &in, const std::string &name);
  };
} // namespace lsr

#endif
