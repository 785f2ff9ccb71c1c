// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/iterative_lsr.h>

#include <KokkosBlas1_axpby.hpp>

#include <cmath>
#include <sstream>

#include "base/npy.h"
#include "base/to_view.h"

namespace lsr
{
  namespace
  {
    /// What a checkpoint has inside, beside the refined network: the history,
    /// and the correction of the best iteration alone.
    const std::string history_name    = "history.csv",
                      correction_name = "correction.npy";
  } // namespace



  IterativeLSR::IterativeLSR(const Network             &network,
                             const Sampling            &sampling,
                             Residual                  &residual,
                             const IterativeParameters &parameters)
    : network(network)
    , sampling(sampling)
    , residual(residual)
    , parameters(parameters)
  {
    require(parameters.max_iterations > 0,
            "iterative refinement with no iterations, expected at least one");
    // A dual norm is that of the first linearization: let it be the same
    // whether this run is a restart or not.
    residual.linearize(sampling.evaluate(network));
  }



  void
  IterativeLSR::restart(const std::string &path)
  {
    const std::string text = Network::load_extra_file(path, history_name);
    require(!text.empty(),
            path +
              ": no history of iterations inside, expected a checkpoint "
              "of an iterative refinement (those of earlier releases cannot "
              "be continued, but are networks to begin with)");
    std::istringstream in(text);
    records = IterationHistory::read_csv(in, path);
    require(records.best() != nullptr,
            path + ": the history has no accepted iteration");

    const Network saved =
      Network::load(path, network.n_inputs(), network.n_outputs());
    require(saved.n_parameters() == network.n_parameters(),
            path + ": the network has " + std::to_string(saved.n_parameters()) +
              " parameters, expected " +
              std::to_string(network.n_parameters()));
    best_parameters = saved.parameters();
    network.set_parameters(best_parameters);
    best.correction = internal::to_view<Column>(
      read_npy(Network::load_extra_file(path, correction_name), path)
        .to_double(path));
    best.values = sampling.evaluate(network, best.correction);
    // The network of this run may carry corrections, or be scaled.
    require(distance(sampling.evaluate(saved), best.values) <=
              1e-8 * norm(best.values),
            path + ": a checkpoint of another network than the one to begin "
                   "with");
    best.initial_norm = records.best()->network_residual;
    best.refined_norm = records.best()->refined_residual;
    best.rank         = records.best()->rank;
  }



  std::string
  IterativeLSR::run()
  {
    require(bool(make_basis), "iterative refinement needs make_basis()");
    // A restarted run may have ended already.
    std::string reason = reason_to_stop();
    while (reason.empty())
      {
        iterate();
        reason = reason_to_stop();
      }
    return reason;
  }



  std::string
  IterativeLSR::reason_to_stop() const
  {
    if (records.records.empty())
      return "";
    const IterationRecord &last = records.records.back();
    std::ostringstream     reason;
    if (best.refined_norm <= parameters.target_residual)
      reason << "the refined residual is " << best.refined_norm;
    else if (last.accepted && last.change <= parameters.target_change)
      reason << "the refined field changed by " << last.change;
    else if (records.n_rejections() > parameters.max_rejections)
      reason << "the last " << records.n_rejections()
             << " alignments did not make the refined residual smaller";
    else if (records.records.size() >= parameters.max_iterations)
      reason << records.records.size() << " iterations are done";
    else if (residual.communicator().sum(residual.communicator().rank() == 0 &&
                                         records.seconds() >
                                           parameters.max_seconds) > 0)
      reason << records.seconds() << " seconds have passed";
    return reason.str();
  }



  void
  IterativeLSR::iterate()
  {
    IterationRecord record;
    record.iteration = records.records.size();
    Timer timer;
    if (resample)
      timer.run("align", [&]() { sample_again(); });
    if (record.iteration > 0)
      timer.run("align", [&]() { align_network(record); });
    record.alignment_seconds = timer.total();
    refine_network(record);
    records.records.push_back(record);
    write_checkpoint();
    if (after_iteration)
      after_iteration(record);
  }



  void
  IterativeLSR::sample_again()
  {
    resample(records.records.size());
    if (records.records.empty())
      return;
    best.values    = sampling.evaluate(network, best.correction);
    const Column f = make_column(residual.n_rows());
    residual.evaluate(best.values, f);
    best.refined_norm = residual.norm(f);
  }



  void
  IterativeLSR::align_network(IterationRecord &record)
  {
    const Column target = make_column(best.values.size());
    Kokkos::deep_copy(target, best.values);
    residual.distribute(target);

    // After a rejection other random numbers, and more patience.
    AlignmentParameters options = parameters.alignment;
    options.seed += record.iteration;
    options.max_steps *= 1 + records.n_rejections();
    const Alignment alignment =
      align(network, sampling, target, residual, options);
    record.n_alignment_steps   = alignment.n_steps;
    record.alignment_reduction = alignment.final_norm / alignment.initial_norm;
  }



  void
  IterativeLSR::refine_network(IterationRecord &record)
  {
    Timer      timer;
    Refinement refinement     = timer.run("refine", [&]() {
      return refine(*make_basis(record.iteration),
                    sampling,
                    residual,
                    parameters.refinement);
    });
    record.refinement_seconds = timer.total();

    record.network_residual = refinement.initial_norm;
    record.refined_residual = refinement.refined_norm;
    record.rank             = refinement.rank;
    record.n_linearizations = refinement.n_linearizations;
    if (error)
      {
        record.network_error = error(sampling.evaluate(network));
        record.refined_error = error(refinement.values);
      }
    if (best.values.size() > 0)
      record.change =
        distance(refinement.values, best.values) / norm(refinement.values);

    record.accepted =
      records.records.empty() || refinement.refined_norm < best.refined_norm;
    if (record.accepted)
      {
        best            = std::move(refinement);
        best_parameters = network.parameters();
      }
    else
      network.set_parameters(best_parameters);
  }



  void
  IterativeLSR::write_checkpoint() const
  {
    if (!checkpoint)
      return;
    const Communicator &communicator = residual.communicator();
    std::string         message;
    if (communicator.rank() == 0)
      try
        {
          std::ostringstream history;
          records.write_csv(history);
          const HostColumn correction = to_host(best.correction);
          network.save(*checkpoint,
                       best.correction,
                       {{history_name, history.str()},
                        {correction_name,
                         write_npy(std::vector<double>(correction.data(),
                                                       correction.data() +
                                                         correction.size()),
                                   {std::int64_t(correction.size())})}});
        }
      catch (const std::exception &exception)
        {
          message = exception.what();
        }
    // No rank goes on alone.
    const bool failed = communicator.sum(message.empty() ? 0. : 1.) > 0;
    require(!failed,
            message.empty() ? *checkpoint + ": cannot be written by rank 0" :
                              message);
  }



  double
  IterativeLSR::distance(const Column &a, const Column &b) const
  {
    const Column difference = make_column(a.size());
    Kokkos::deep_copy(difference, a);
    KokkosBlas::axpy(-1., b, difference);
    return norm(difference);
  }



  double
  IterativeLSR::norm(const Column &q) const
  {
    return std::sqrt(residual.communicator().sum(dot(q, q)));
  }
} // namespace lsr
