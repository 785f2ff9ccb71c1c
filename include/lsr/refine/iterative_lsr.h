// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_iterative_lsr_h
#define lsr_refine_iterative_lsr_h

#include <lsr/network/network.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// One iteration of IterativeLSR. NaN: not known.
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
    /// digits; unknown values are empty.
    void
    write_csv(std::ostream &out) const;

    /// Read what write_csv() wrote; @p name stands for the file in messages.
    /// Throws lsr::Error if it is no such table.
    static IterationHistory
    read_csv(std::istream &in, const std::string &name);
  };



  /// Options of IterativeLSR.
  struct IterativeParameters
  {
    /// Refinements at most, that of the network as it is given included.
    unsigned int max_iterations = 10;

    /// End when the norm of the refined residual is at most this.
    double target_residual = 0;

    /**
     * End when the refined values change by at most this from one iteration to
     * the next, relative to their norm. The change is an estimate of the error
     * of the iteration before.
     */
    double target_change = 0;

    /// No further iteration begins after this wall time.
    double max_seconds = std::numeric_limits<double>::infinity();

    /// End after so many alignments in sequence that were rejected.
    unsigned int max_rejections = 2;

    RefinementParameters refinement;
    AlignmentParameters  alignment;
  };



  /**
   * Iterative linearized subspace refinement (paper, Example 4): refine the
   * network, drive its parameters towards the refined values, refine it anew,
   * and so on.
   *
   * refine() gives the refined prediction $q_\text{LSR} = q + J \Delta\theta$,
   * which no parameters of the network attain. align() changes the parameters
   * such that $q$ comes as close to it as a few cheap steps go; a few per cent
   * do. In the tangent space at the new parameters a better refined prediction
   * is found. An untrained network is a good start.
   *
   * @code
   * IterativeLSR iteration(network, sampling, residual, parameters);
   * iteration.make_basis = [&](const unsigned int i) {
   *   return std::make_unique<StructuredBasis>(network, 1000, i);
   * };
   * iteration.run();
   * network.save("refined.pt", iteration.refinement().correction);
   * @endcode
   *
   * <h3>Safeguards</h3>
   * An alignment after which the norm of the refined residual is not smaller is
   * rejected: the network returns to the parameters of the best iteration, and
   * the alignment is tried with other random numbers. So the network and
   * refinement() always belong to the best iteration.
   *
   * <h3>Interruption</h3>
   * With a checkpoint() file, each iteration ends by writing the network, the
   * correction and the history to this file, all at once. It is a refined
   * network as Network::load() reads it. After restart() with it run() goes on
   * and ends where it would have ended.
   *
   * All functions are collective over the ranks of the residual.
   */
  class IterativeLSR
  {
  public:
    /**
     * The references have to live as long as this object. @p network, the
     * start, is changed by run().
     */
    IterativeLSR(const Network             &network,
                 const Sampling            &sampling,
                 Residual                  &residual,
                 const IterativeParameters &parameters);

    /// Directions of the network for an iteration (counted from 0). Has to be
    /// given.
    std::function<std::unique_ptr<TangentBasis>(unsigned int iteration)>
      make_basis;

    /**
     * Optional: called before every iteration, also after restart(); may change
     * the sampling and the residual in place, for instance to points that were
     * drawn anew. The best refined prediction is then evaluated there, for the
     * alignment to aim at and the iteration to beat.
     */
    std::function<void(unsigned int iteration)> resample;

    /// Optional: the error of values $q$, for the history.
    std::function<double(const Column &q)> error;

    /// Optional: called after every iteration.
    std::function<void(const IterationRecord &)> after_iteration;

    /// Optional: file to be written after every iteration.
    std::optional<std::string> checkpoint;

    /**
     * Go on from what an earlier run with the same parameters left in the file
     * @p path, instead of from the network that was given. To be called before
     * run(). Throws lsr::Error if the file is not a checkpoint or belongs to
     * another network.
     */
    void
    restart(const std::string &path);

    /// Iterate until one of the conditions in the parameters ends it; returns
    /// a sentence that says which.
    std::string
    run();

    /// The refinement of the best iteration, whose parameters the network has.
    const Refinement &
    refinement() const
    {
      return best;
    }

    const IterationHistory &
    history() const
    {
      return records;
    }

  private:
    /// The reason why the iteration is over, empty if it is not.
    std::string
    reason_to_stop() const;

    /// Align, refine, keep or reject.
    void
    iterate();

    /// Call resample(), and evaluate the best refined prediction anew.
    void
    sample_again();

    void
    align_network(IterationRecord &record);

    void
    refine_network(IterationRecord &record);

    void
    write_checkpoint() const;

    /// Norm over all ranks.
    double
    norm(const Column &q) const;

    /// The same of the difference.
    double
    distance(const Column &a, const Column &b) const;

    Network                   network;
    const Sampling           &sampling;
    Residual                 &residual;
    const IterativeParameters parameters;

    Refinement       best;
    Column           best_parameters;
    IterationHistory records;
  };
} // namespace lsr

#endif
