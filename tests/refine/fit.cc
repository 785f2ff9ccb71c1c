// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  double
  wave(const HostBlock &points, const std::size_t i)
  {
    return std::sin(M_PI * points(0, i)) * std::sin(M_PI * points(1, i));
  }

  DataSet
  data_set(const std::size_t   n_points,
           const std::uint64_t seed  = 1,
           const double        noise = 0)
  {
    DataSet data;
    data.points             = random_points(2, n_points, -1., 1., seed);
    const HostBlock  points = to_host(data.points);
    const HostColumn random = to_host(random_column(n_points, seed + 100));
    data.targets = make_column_of(n_points, [&](const std::size_t i) {
      return wave(points, i) + noise * random(i);
    });
    return data;
  }

  Network
  trained_network()
  {
    FullyConnected layout;
    layout.widths              = {24, 24};
    layout.seed                = 3;
    Network            network = layout.build();
    const DataSet      data    = data_set(500, 7);
    TrainingParameters training;
    training.epochs           = 20;
    training.lbfgs_iterations = 150;
    train(network, data.points, data.targets, training);
    return network;
  }

  struct FitTest : testing::Test
  {
    FitTest()
      : network(trained_network())
      , basis(network, 60, 1)
    {}

    Column
    prediction(const DataSet &data, const Column &correction) const
    {
      const Column q = make_column(data.n_points());
      network.evaluate(data.points, q, correction);
      return q;
    }

    double
    loss(const DataSet &data, const Column &correction) const
    {
      return std::pow(distance(prediction(data, correction), data.targets), 2);
    }

    Network         network;
    StructuredBasis basis;
  };

  FitParameters
  all_columns()
  {
    FitParameters parameters;
    parameters.choice.rank   = 60;
    parameters.choice.lambda = 0.;
    return parameters;
  }

  // The rows of several streams, one after the other.
  class Joined : public RowStream
  {
  public:
    explicit Joined(const std::vector<const RowStream *> &streams)
      : streams(streams)
    {}

    std::size_t
    n_values() const override
    {
      std::size_t n = 0;
      for (const RowStream *stream : streams)
        n += stream->n_values();
      return n;
    }

    void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const override
    {
      for (const RowStream *stream : streams)
        stream->for_each_block(visit);
    }

  private:
    const std::vector<const RowStream *> streams;
  };

  // f = 2 (q + q^3 / 5 - t): a residual whose tangent is not the identity.
  class CubicMisfit : public DataMisfit
  {
  public:
    explicit CubicMisfit(const Column &targets)
      : DataMisfit(targets)
    {}

    void
    evaluate(const Column &values, const Column &f) override
    {
      DataMisfit::evaluate(values, f);
      const HostColumn q = to_host(values), difference = to_host(f);
      set_entries(f, [&](const std::size_t i) {
        return 2 * (difference(i) + std::pow(q(i), 3) / 5);
      });
    }

    void
    linearize(const Column &at) override
    {
      q = to_vector(at);
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return 2 * (1 + 0.6 * q[i] * q[i]) * x(i, j);
      });
    }

  private:
    std::vector<double> q;
  };

  class CubicStream : public RowStream
  {
  public:
    explicit CubicStream(const DataSet &data)
      : data(data)
    {}

    std::size_t
    n_values() const override
    {
      return data.n_points();
    }

    void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const override
    {
      for (std::size_t first = 0; first < data.n_points(); first += 70)
        {
          std::vector<std::size_t> indices;
          for (std::size_t i = first; i < std::min(first + 70, data.n_points());
               ++i)
            indices.push_back(i);
          const DataSet block = data.select(indices);
          CubicMisfit   residual(block.targets);
          visit({block.points, residual, 0});
        }
    }

  private:
    const DataSet &data;
  };
} // namespace

TEST_F(FitTest, SolutionDoesNotDependOnTheSizeOfBlocks)
{
  const DataSet data = data_set(700);
  const Column  whole =
    fit(basis, DataStream(data, 1, 700), all_columns()).correction;
  for (const std::size_t block_size : {1, 13, 256, 10000})
    {
      const Fit result =
        fit(basis, DataStream(data, 1, block_size), all_columns());
      EXPECT_EQ(result.n_rows, 700u);
      EXPECT_LT(relative_difference(prediction(data, result.correction),
                                    prediction(data, whole)),
                1e-12)
        << block_size;
    }
}

TEST_F(FitTest, StreamedFitEqualsRefinementWithAllRowsAtOnce)
{
  const DataSet        data = data_set(500);
  DataMisfit           misfit(data.targets);
  RefinementParameters parameters;
  parameters.rank           = 60;
  parameters.drop_tolerance = 0;
  const Refinement refinement =
    refine(basis, Sampling{data.points, {}}, misfit, parameters);
  const Fit result = fit(basis, DataStream(data), all_columns());
  EXPECT_LT(relative_difference(prediction(data, result.correction),
                                refinement.values),
            1e-9);
  EXPECT_NEAR(result.initial_loss,
              std::pow(refinement.initial_norm, 2),
              1e-12 * result.initial_loss);
  EXPECT_NEAR(result.loss, loss(data, result.correction), 1e-10 * result.loss);
}

TEST_F(FitTest, AnyResidualStreamsThroughItsJacobian)
{
  const DataSet        data = data_set(500);
  CubicMisfit          residual(data.targets);
  RefinementParameters parameters;
  parameters.rank               = 60;
  parameters.drop_tolerance     = 0;
  parameters.max_linearizations = 1;
  const Refinement refinement =
    refine(basis, Sampling{data.points, {}}, residual, parameters);
  const Fit result = fit(basis, CubicStream(data), all_columns());
  EXPECT_LT(relative_difference(prediction(data, result.correction),
                                refinement.values),
            1e-8);
}

TEST_F(FitTest, SeveralResidualsAreOneStreamOfRows)
{
  const DataSet    first = data_set(200, 1), second = data_set(300, 2);
  const DataStream first_stream(first), second_stream(second);
  const Fit        joined =
    fit(basis, Joined({&first_stream, &second_stream}), all_columns());
  DataSet all;
  all.points = make_block(2, 500);
  Kokkos::deep_copy(columns(all.points, 0, 200), first.points);
  Kokkos::deep_copy(columns(all.points, 200, 500), second.points);
  std::vector<double> targets = to_vector(first.targets);
  for (const double target : to_vector(second.targets))
    targets.push_back(target);
  all.targets        = to_column(targets);
  const Fit expected = fit(basis, DataStream(all), all_columns());
  EXPECT_LT(relative_difference(prediction(all, joined.correction),
                                prediction(all, expected.correction)),
            1e-12);
}

TEST_F(FitTest, ValidationRowsAreJudgedButNotFitted)
{
  const DataSet    data = data_set(400), validation = data_set(200, 9);
  const DataStream rows(data), validation_rows(validation);
  const Fit        alone  = fit(basis, rows, all_columns());
  const Fit        judged = fit(basis, rows, all_columns(), &validation_rows);
  EXPECT_EQ(relative_difference(judged.correction, alone.correction), 0.);
  EXPECT_NEAR(judged.validation * 200,
              loss(validation, judged.correction),
              1e-9 * judged.validation * 200);
  EXPECT_NEAR(judged.initial_validation * 200,
              loss(validation, {}),
              1e-12 * judged.initial_validation * 200);
}

TEST_F(FitTest, EveryRuleAvoidsWhatOverfittingDoes)
{
  // 80 noisy points for 60 directions.
  const DataSet data       = data_set(80, 1, 0.05),
                validation = data_set(60, 2, 0.05), test = data_set(500, 3);
  const DataStream rows(data), folded(data, 5), validation_rows(validation, 5);
  const double     before = loss(test, {}),
               overfitted =
                 loss(test, fit(basis, rows, all_columns()).correction);
  EXPECT_GT(overfitted, 2 * before);

  const auto chosen = [&](const SelectionRule rule) {
    FitParameters parameters;
    parameters.rule  = rule;
    const bool folds = rule == SelectionRule::cross_validation;
    return fit(basis,
               folds ? folded : rows,
               parameters,
               rule == SelectionRule::validation ? &validation_rows : nullptr);
  };
  for (const SelectionRule rule : {SelectionRule::validation,
                                   SelectionRule::cross_validation,
                                   SelectionRule::generalized_cross_validation})
    {
      const Fit result = chosen(rule);
      EXPECT_EQ(result.rule, rule);
      EXPECT_LE(loss(test, result.correction), before) << int(rule);
      EXPECT_EQ(result.predicted.size(), result.profile.loss.size());
    }
}

TEST_F(FitTest, AGainThatNotAllFoldsShareIsNotBelieved)
{
  // One direction, and targets that it lowers the loss of at some points and
  // raises it at others: in every fold alike, or only on the whole.
  const ExplicitBasis one(network,
                          random_block(network.n_parameters(), 1, 1),
                          "one",
                          false);
  DataSet             data = data_set(1000), validation = data_set(300, 5);
  const Block         change = make_block(1000, 1);
  one.apply(data.points, change);
  data.targets = prediction(data, {});
  add(1., Column(change.data(), 1000), data.targets);

  const auto chosen_rank = [&](const double share) {
    const Block there = make_block(300, 1);
    one.apply(validation.points, there);
    const HostBlock  gain = to_host(there);
    const HostColumn q    = to_host(prediction(validation, {}));
    validation.group.clear();
    for (std::size_t i = 0; i < 300; ++i)
      validation.group.push_back(i % 5);
    validation.targets = make_column_of(300, [&](const std::size_t i) {
      return q(i) + (i % 5 < 5 * share ? 1. : -0.1) * gain(i, 0);
    });
    const DataStream folds(validation, 5), rows(data);
    return fit(one, rows, {}, &folds).choice.rank;
  };
  EXPECT_EQ(chosen_rank(1.), 1u);
  EXPECT_EQ(chosen_rank(0.6), 0u);
}

TEST_F(FitTest, PlentifulExactDataIsFittedByAllColumnsUndamped)
{
  const DataSet data = data_set(2000), test = data_set(500, 3);
  const Fit     result = fit(basis, DataStream(data));
  EXPECT_EQ(result.rule, SelectionRule::generalized_cross_validation);
  EXPECT_GE(result.choice.rank, 57u);
  EXPECT_EQ(result.choice.lambda, 0.);
  EXPECT_LT(loss(test, result.correction), 0.1 * loss(test, {}));
}

TEST_F(FitTest, DirectionsThatAreThereTwiceDoNoHarm)
{
  // Rounding is all that the second copies add.
  const Block once  = make_block(network.n_parameters(), 40),
              twice = make_block(network.n_parameters(), 80);
  for (std::size_t j = 0; j < 40; ++j)
    Kokkos::deep_copy(columns(once, j, j + 1),
                      random_block(network.n_parameters(), 1, j));
  for (const std::size_t first : {0, 40})
    Kokkos::deep_copy(columns(twice, first, first + 40), once);
  const ExplicitBasis independent(network, once, "once", false),
    dependent(network, twice, "twice", false);
  for (const double noise : {0., 0.01})
    {
      const DataSet    data = data_set(1000, 1, noise), test = data_set(200, 3);
      const DataStream rows(data);
      FitParameters    parameters;
      parameters.choice.slack = 0; // nothing is given up for a small rank
      const Fit expected      = fit(independent, rows, parameters),
                result        = fit(dependent, rows, parameters);
      EXPECT_GT(norm(result.correction), 0.);
      EXPECT_LT(norm(result.correction), 2. * norm(expected.correction));
      EXPECT_LT(loss(test, result.correction),
                1.01 * loss(test, expected.correction));
    }
}

TEST(DataStream, FoldsKeepGroupsTogetherAndVisitEveryPointOnce)
{
  DataSet data = data_set(300);
  for (std::size_t i = 0; i < 300; ++i)
    data.group.push_back((7 * i) % 23);
  const HostBlock                points = to_host(data.points);
  std::map<double, std::int64_t> group_of;
  for (std::size_t i = 0; i < 300; ++i)
    group_of[points(0, i)] = data.group[i];

  const DataStream                               stream(data, 4, 32);
  std::map<unsigned int, std::size_t>            fold_size;
  std::map<unsigned int, std::set<std::int64_t>> groups;
  std::set<double>                               seen;
  stream.for_each_block([&](const RowBlock &block) {
    EXPECT_LE(block.points.extent(1), 32u);
    fold_size[block.fold] += block.points.extent(1);
    const HostBlock some = to_host(block.points);
    for (std::size_t i = 0; i < some.extent(1); ++i)
      {
        EXPECT_TRUE(seen.insert(some(0, i)).second);
        groups[block.fold].insert(group_of.at(some(0, i)));
      }
  });
  EXPECT_EQ(seen.size(), 300u);
  ASSERT_EQ(fold_size.size(), 4u);
  std::size_t n_groups = 0;
  for (unsigned int fold = 0; fold < 4; ++fold)
    {
      n_groups += groups[fold].size();
      EXPECT_NEAR(fold_size[fold], 75, 14);
    }
  EXPECT_EQ(n_groups, 23u); // none is in two folds
}

TEST_F(FitTest, BadInputIsRefused)
{
  const DataSet    data = data_set(100), few = data_set(59);
  const DataStream rows(data);
  FitParameters    parameters;
  parameters.rule = SelectionRule::validation;
  EXPECT_THROW(fit(basis, rows, parameters), Error);
  parameters.rule = SelectionRule::cross_validation;
  EXPECT_THROW(fit(basis, rows, parameters), Error);
  parameters             = FitParameters();
  parameters.choice.rank = 61;
  EXPECT_THROW(fit(basis, rows, parameters), Error);
  EXPECT_THROW(fit(basis, DataStream(few)), Error);
  DataSet not_finite = data_set(100);
  set_entry(not_finite.targets, 3, std::nan(""));
  EXPECT_THROW(fit(basis, DataStream(not_finite)), Error);
  EXPECT_THROW(DataStream(data, 101), Error);
  EXPECT_THROW(DataStream(data, 0), Error);
}
