// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/iterative_lsr.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <sstream>

#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  Network
  make_network(const unsigned int width = 24)
  {
    FullyConnected layout;
    layout.widths = {width, width};
    layout.seed   = 1;
    return layout.build();
  }

  /// A fit of sin(4 x^2) cos(3 y) by few directions of a small network.
  struct Fit
  {
    explicit Fit(const unsigned int max_iterations)
      : network(make_network())
      , residual(make_column(0))
    {
      sample(1);
      parameters.max_iterations         = max_iterations;
      parameters.alignment.n_directions = 40;
      parameters.alignment.max_steps    = 60;
      parameters.refinement.rank        = 300;
    }

    /// Other points, and the residual there.
    void
    sample(const std::uint64_t seed)
    {
      sampling.points   = random_points(2, 1500, -1., 1., seed);
      const HostBlock x = to_host(sampling.points);
      target            = make_column_of(1500, [&](const std::size_t i) {
        return std::sin(4. * std::pow(x(0, i), 2)) * std::cos(3. * x(1, i));
      });
      residual          = DataMisfit(target);
    }

    /// The norm of the residual of the refined prediction.
    double
    norm_of(const Refinement &refinement)
    {
      const Column q = make_column(target.size()), f = make_column(q.size());
      network.evaluate(sampling.points, q, refinement.correction);
      residual.evaluate(q, f);
      return residual.norm(f);
    }

    std::unique_ptr<IterativeLSR>
    make_iteration()
    {
      auto iteration =
        std::make_unique<IterativeLSR>(network, sampling, residual, parameters);
      iteration->make_basis = [this](const unsigned int i) {
        return std::make_unique<StructuredBasis>(network, 300, i);
      };
      return iteration;
    }

    Network             network;
    Sampling            sampling;
    Column              target;
    DataMisfit          residual;
    IterativeParameters parameters;
  };

  std::string
  csv(const IterationHistory &history)
  {
    std::ostringstream out;
    history.write_csv(out);
    return out.str();
  }
} // namespace



TEST(IterativeLSR, GetsFarBelowWhatOneRefinementReaches)
{
  Fit        fit(5);
  const auto iteration = fit.make_iteration();
  iteration->run();

  const auto &records = iteration->history().records;
  ASSERT_EQ(records.size(), 5u);
  EXPECT_LT(iteration->refinement().refined_norm,
            0.1 * records[0].refined_residual);

  // The refinement that is kept never gets worse, and belongs to the network.
  double norm = std::numeric_limits<double>::infinity();
  for (const IterationRecord &record : records)
    if (record.accepted)
      {
        EXPECT_LT(record.refined_residual, norm);
        norm = record.refined_residual;
      }
  EXPECT_EQ(iteration->refinement().refined_norm, norm);

  EXPECT_NEAR(fit.norm_of(iteration->refinement()), norm, 1e-10 * norm);
}



TEST(IterativeLSR, CanTakeOtherPointsInEveryIteration)
{
  Fit                       fit(5);
  const auto                iteration = fit.make_iteration();
  std::vector<unsigned int> calls;
  double                    elsewhere = 0;
  iteration->resample                 = [&](const unsigned int i) {
    calls.push_back(i);
    if (i == 1)
      {
        fit.sample(100);
        elsewhere = fit.norm_of(iteration->refinement());
      }
    fit.sample(2 + i);
  };
  iteration->run();
  EXPECT_EQ(calls, std::vector<unsigned int>({0, 1, 2, 3, 4}));

  const auto &records = iteration->history().records;
  const auto &best    = iteration->refinement();
  EXPECT_NEAR(fit.norm_of(best), best.refined_norm, 1e-10 * best.refined_norm);
  EXPECT_LT(best.refined_norm, 0.1 * records[0].refined_residual);

  // Also at points that were never used.
  fit.sample(100);
  EXPECT_LT(fit.norm_of(best), 0.2 * elsewhere);
}



TEST(IterativeLSR, GoesBackWhereAnAlignmentDoesNotHelpAtOtherPoints)
{
  Fit fit(3);
  fit.parameters.refinement.rank     = std::nullopt;
  fit.parameters.alignment.max_steps = 1;
  const auto iteration               = fit.make_iteration();
  iteration->make_basis              = [&](const unsigned int i) {
    return std::make_unique<StructuredBasis>(fit.network, i == 0 ? 300 : 1, i);
  };
  Column correction;
  iteration->resample = [&](const unsigned int i) {
    if (i == 1)
      correction = iteration->refinement().correction;
    fit.sample(2 + i);
  };

  const Column start = fit.network.parameters();
  iteration->run();
  EXPECT_EQ(iteration->history().n_rejections(), 2u);
  const auto &best = iteration->refinement();
  EXPECT_EQ(relative_difference(fit.network.parameters(), start), 0.);
  EXPECT_EQ(relative_difference(best.correction, correction), 0.);
  EXPECT_NE(best.refined_norm,
            iteration->history().records[0].refined_residual);
  EXPECT_NEAR(fit.norm_of(best), best.refined_norm, 1e-10 * best.refined_norm);
}



TEST(IterativeLSR, GoesBackWhereAnAlignmentDoesNotHelp)
{
  // After 300 directions one is too few, unless the network itself gets far.
  Fit fit(20);
  fit.parameters.refinement.rank     = std::nullopt;
  fit.parameters.alignment.max_steps = 1;
  fit.parameters.max_rejections      = 2;
  const auto limited                 = fit.make_iteration();
  limited->make_basis                = [&](const unsigned int i) {
    return std::make_unique<StructuredBasis>(fit.network, i == 0 ? 300 : 1, i);
  };

  const Column start  = fit.network.parameters();
  const auto   reason = limited->run();
  expect_contains(reason, "3 alignments");
  const auto &history = limited->history();
  EXPECT_EQ(history.records.size(), 4u);
  EXPECT_EQ(history.n_rejections(), 3u);
  EXPECT_EQ(history.best(), &history.records[0]);
  EXPECT_EQ(relative_difference(fit.network.parameters(), start), 0.);
  EXPECT_EQ(limited->refinement().refined_norm,
            history.records[0].refined_residual);
}



TEST(IterativeLSR, EndsInTheSamePlaceAfterARestart)
{
  const TemporaryFolder folder;
  const std::string     file           = folder.file("checkpoint.pt");
  const auto            make_iteration = [](Fit &fit) {
    auto iteration = fit.make_iteration();
    iteration->resample = [&fit](const unsigned int i) { fit.sample(i / 2); };
    return iteration;
  };

  Fit        whole(4);
  const auto uninterrupted = make_iteration(whole);
  uninterrupted->run();

  Fit        part(2);
  const auto interrupted  = make_iteration(part);
  interrupted->checkpoint = file;
  interrupted->run();

  Fit        rest(4);
  const auto continued = make_iteration(rest);
  continued->restart(file);
  EXPECT_EQ(continued->refinement().refined_norm,
            interrupted->refinement().refined_norm);
  continued->run();

  ASSERT_EQ(continued->history().records.size(), 4u);
  for (unsigned int i = 0; i < 4; ++i)
    EXPECT_EQ(continued->history().records[i].refined_residual,
              uninterrupted->history().records[i].refined_residual);
  EXPECT_EQ(relative_difference(rest.network.parameters(),
                                whole.network.parameters()),
            0.);
  EXPECT_EQ(relative_difference(continued->refinement().correction,
                                uninterrupted->refinement().correction),
            0.);

  // The checkpoint is a refined network.
  const Network refined = Network::load(file, 2, 1);
  const Column  q       = make_column(part.target.size());
  refined.evaluate(part.sampling.points, q);
  EXPECT_LT(relative_difference(q, interrupted->refinement().values), 1e-14);
}



TEST(IterativeLSR, RefusesCheckpointsOfSomethingElse)
{
  const TemporaryFolder folder;
  const std::string     file = folder.file("checkpoint.pt");
  Fit                   fit(2);
  const auto            iteration = fit.make_iteration();
  EXPECT_THROW(iteration->restart(file), Error);
  make_network().save(file);
  EXPECT_THROW(iteration->restart(file), Error);

  Fit        other(1);
  const auto one  = other.make_iteration();
  one->checkpoint = file;
  one->run();
  fit.network      = make_network(25);
  const auto wider = fit.make_iteration();
  EXPECT_THROW(wider->restart(file), Error);

  one->checkpoint                 = folder.file("no/such/folder/checkpoint.pt");
  other.parameters.max_iterations = 2;
  const auto two                  = other.make_iteration();
  two->checkpoint                 = one->checkpoint;
  EXPECT_THROW(two->run(), Error);
}



TEST(IterativeLSR, StopsWhenItIsToldTo)
{
  const auto run = [](const IterativeParameters &parameters) {
    Fit fit(10);
    fit.parameters.target_residual = parameters.target_residual;
    fit.parameters.target_change   = parameters.target_change;
    fit.parameters.max_seconds     = parameters.max_seconds;
    const auto iteration           = fit.make_iteration();
    const auto reason              = iteration->run();
    return std::make_pair(reason, iteration->history());
  };

  IterativeParameters parameters;
  parameters.target_residual = 1e10;
  EXPECT_EQ(run(parameters).second.records.size(), 1u);

  parameters             = {};
  parameters.max_seconds = 1e-9;
  expect_contains(run(parameters).first, "seconds");

  parameters                   = {};
  parameters.target_change     = 1e-2;
  const auto [reason, history] = run(parameters);
  expect_contains(reason, "changed");
  EXPECT_LE(history.best()->change, 1e-2);
}



TEST(IterationHistory, SurvivesBeingWrittenAndRead)
{
  IterationHistory history;
  history.records.resize(2);
  history.records[0].accepted         = true;
  history.records[0].refined_residual = 1. / 3.;
  history.records[0].rank             = 123;
  history.records[1].iteration        = 1;
  history.records[1].change           = 1e-300;

  std::istringstream     in(csv(history));
  const IterationHistory copy = IterationHistory::read_csv(in, "text");
  EXPECT_EQ(csv(copy), csv(history));
  ASSERT_EQ(copy.records.size(), 2u);
  EXPECT_EQ(copy.records[0].refined_residual, 1. / 3.);
  EXPECT_TRUE(std::isnan(copy.records[0].change));
  EXPECT_EQ(copy.best(), &copy.records[0]);
  EXPECT_EQ(copy.n_rejections(), 1u);

  for (const std::string text : {std::string("a,b\n1,2\n"),
                                 csv(history) + "1,2,3\n",
                                 csv(history) + "x,,,,,,,,,,,,\n"})
    {
      std::istringstream broken(text);
      EXPECT_THROW(IterationHistory::read_csv(broken, "text"), Error);
    }
}
