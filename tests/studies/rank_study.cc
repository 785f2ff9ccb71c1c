// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/rank_study.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <cmath>

#include "applications/studies/data-driven-operators/burgers_data.h"
#include "applications/studies/data-driven-operators/train_operator.h"
#include "applications/studies/study.h"

using namespace lsr_studies;

namespace
{
  /// A network that was trained shortly on few functions, refined.
  class RankStudyTest : public ::testing::Test
  {
  protected:
    static void
    SetUpTestSuite()
    {
      BurgersData data;
      data.n_fit            = 60;
      data.n_validation     = 20;
      data.n_test           = 10;
      const DataSet on_grid = data.on_grid();
      rows                  = new DataSet(as_rows(on_grid));
      network =
        new Network(train_operator({}, on_grid, {5, 10}, [](const auto &) {}));

      RankStudyParameters parameters;
      parameters.basis.n_directions = 150;
      parameters.n_single_precision = 100;
      study = new RankStudy(rank_study(*network, *rows, parameters));
    }

    static void
    TearDownTestSuite()
    {
      delete rows;
      delete network;
      delete study;
    }

    static DataSet   *rows;
    static Network   *network;
    static RankStudy *study;
  };

  DataSet   *RankStudyTest::rows    = nullptr;
  Network   *RankStudyTest::network = nullptr;
  RankStudy *RankStudyTest::study   = nullptr;
} // namespace

TEST_F(RankStudyTest, BeginsWithTheNetwork)
{
  const RankStudySolution &nothing = study->solutions.front();
  EXPECT_EQ(nothing.rank, 0u);
  double     mean_square = 0;
  const auto errors = relative_errors(*network, rows->select(DataSet::fit));
  for (const double error : errors)
    mean_square += error * error / errors.size();
  EXPECT_NEAR(nothing.loss, mean_square, 1e-12 * mean_square);
  EXPECT_NEAR(nothing.test,
              mean(relative_errors(*network, rows->select(DataSet::test))),
              1e-12);
}

TEST_F(RankStudyTest, MoreColumnsAndLessDampingFitBetter)
{
  for (std::size_t j = 1; j < study->solutions.size(); ++j)
    if (j != study->undamped + 1)
      EXPECT_LE(study->solutions[j].loss,
                study->solutions[j - 1].loss * (1 + 1e-12));
  EXPECT_LT(study->solutions[study->undamped].loss,
            0.7 * study->solutions.front().loss);
  EXPECT_EQ(study->solutions[study->undamped].rank, 150u);
}

TEST_F(RankStudyTest, CorrectionsHaveTheErrorsThatAreListed)
{
  const DataSet test = rows->select(DataSet::test);
  EXPECT_NEAR(mean(relative_errors(*network, test, study->best_correction)),
              study->solutions[study->best].test,
              1e-8);
  EXPECT_NEAR(mean(relative_errors(*network, test, study->undamped_correction)),
              study->solutions[study->undamped].test,
              1e-8);
}

TEST_F(RankStudyTest, FunctionsThatItHasNotSeenImprove)
{
  const RankStudySolution &best = study->solutions[study->best];
  for (const RankStudySolution &solution : study->solutions)
    EXPECT_LE(best.validation, solution.validation);
  EXPECT_LT(best.test, 0.8 * study->solutions.front().test);
}

TEST_F(RankStudyTest, SinglePrecisionIsNoBetter)
{
  unsigned int n = 0;
  for (const RankStudySolution &solution : study->solutions)
    if (!std::isnan(solution.single_precision_loss))
      {
        EXPECT_GE(solution.single_precision_loss, solution.loss * (1 - 1e-12));
        EXPECT_LT(solution.single_precision_loss, 2 * solution.loss);
        ++n;
      }
  EXPECT_GT(n, 5u);
}

TEST_F(RankStudyTest, WhatIsMissingIsRefused)
{
  RankStudyParameters parameters;
  parameters.basis.n_directions = 10;
  EXPECT_THROW(rank_study(*network, rows->select(DataSet::fit), parameters),
               Error);
  parameters.basis.n_directions = rows->n_points();
  EXPECT_THROW(rank_study(*network, *rows, parameters), Error);
}

TEST(TrainOperator, IsDeterministicAndLearns)
{
  BurgersData data;
  data.n_fit            = 60;
  data.n_validation     = 1;
  data.n_test           = 1;
  const DataSet on_grid = data.on_grid(),
                fit     = as_rows(on_grid).select(DataSet::fit);
  const auto train      = [&](const OperatorTraining &length) {
    return mean(
      relative_errors(train_operator({}, on_grid, length, [](const auto &) {}),
                      fit));
  };
  const double adam = train({8, 5});
  EXPECT_LT(adam, 0.7 * train({0, 0}));
  EXPECT_EQ(adam, train({8, 5}));
}
