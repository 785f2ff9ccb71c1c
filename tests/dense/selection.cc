// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/selection.h>

#include <gtest/gtest.h>

#include <numeric>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  constexpr std::size_t n_rows = 60, n_columns = 12, n_other = 35;

  Column
  minus(const Column &x)
  {
    const HostColumn y = to_host(copy(x));
    for (std::size_t i = 0; i < y.size(); ++i)
      y(i) = -y(i);
    return to_memory_space(y);
  }

  // Columns of very different length.
  Block
  graded_block(const std::size_t n, const unsigned int seed)
  {
    const HostBlock A = to_host(random_block(n, n_columns, seed));
    for (std::size_t j = 0; j < n_columns; ++j)
      for (std::size_t i = 0; i < n; ++i)
        A(i, j) *= std::pow(10., -double((5 * j) % n_columns) / 3);
    return to_memory_space(A);
  }

  // Such columns, and rows that they have not seen.
  struct SelectionTest : testing::Test
  {
    SelectionTest()
      : G(graded_block(n_rows, 1))
      , other_G(graded_block(n_other, 2))
      , f(random_column(n_rows, 3))
      , other_f(random_column(n_other, 4))
    {}

    AppendRowsQR
    rows(const std::size_t first, const std::size_t last) const
    {
      return factor(copied_rows(G, first, last), copied_rows(f, first, last));
    }

    Block  G, other_G;
    Column f, other_f;
  };

  std::vector<LeastSquares>
  problems_in_all_orders(const AppendRowsQR &qr)
  {
    std::vector<std::size_t> backwards(n_columns);
    std::iota(backwards.rbegin(), backwards.rend(), 0);
    return {LeastSquares(qr),
            LeastSquares(qr, Pivoting::columns),
            LeastSquares(qr, backwards)};
  }
} // namespace

TEST_F(SelectionTest, AppendedFactorizationsAreThatOfAllRows)
{
  AppendRowsQR sum(n_columns);
  for (const std::size_t first : {0, 7, 30})
    sum.append(rows(first, first == 0 ? 7 : first == 7 ? 30 : n_rows));
  const AppendRowsQR all = factor(G, f);
  EXPECT_EQ(sum.n_rows(), n_rows);
  EXPECT_LT(max_difference(product('T', sum.R(), 'N', sum.R()),
                           product('T', all.R(), 'N', all.R())),
            1e-13);
  EXPECT_LT(max_difference(LeastSquares(sum).solve(),
                           LeastSquares(all).solve()),
            1e-9);
  EXPECT_NEAR(sum.rho2(), all.rho2(), 1e-13);
}

TEST_F(SelectionTest, AGivenOrderOfColumnsIsTheOrderOfRanks)
{
  const std::vector<std::size_t> order = {7, 2, 0, 11, 5, 1, 3, 4, 6, 8, 9, 10};
  const LeastSquares             problem(factor(G, f), order);
  EXPECT_EQ(problem.order(), order);
  const HostColumn y = to_host(problem.solve(3));
  for (std::size_t j = 0; j < n_columns; ++j)
    EXPECT_EQ(y(j) != 0, j == 7 || j == 2 || j == 0);
  EXPECT_NEAR(problem.losses()[3], loss(G, f, problem.solve(3)), 1e-12);
}

TEST_F(SelectionTest, HeldOutLossOfEveryRankIsTheLossOfItsSolution)
{
  const AppendRowsQR held_out = factor(other_G, other_f);
  for (const LeastSquares &problem : problems_in_all_orders(factor(G, f)))
    {
      const std::vector<double> losses = problem.held_out_loss(held_out);
      ASSERT_EQ(losses.size(), n_columns + 1);
      for (std::size_t k = 0; k <= n_columns; ++k)
        EXPECT_NEAR(losses[k],
                    loss(other_G, other_f, problem.solve(k)),
                    1e-11 * losses[k])
          << k;
    }
}

TEST_F(SelectionTest, TikhonovKnowsItsLossOnFittedAndHeldOutRows)
{
  const AppendRowsQR held_out = factor(other_G, other_f);
  for (const LeastSquares &problem : problems_in_all_orders(factor(G, f)))
    for (const std::size_t rank : {std::size_t(5), n_columns})
      {
        const Tikhonov            tikhonov = problem.tikhonov(rank);
        const std::vector<double> lambdas  = {1e-3, 0.1, 2., 1e3};
        const std::vector<double> losses =
          tikhonov.held_out_loss(held_out, lambdas);
        for (std::size_t i = 0; i < lambdas.size(); ++i)
          {
            const Column y = tikhonov.solve(lambdas[i]);
            EXPECT_NEAR(losses[i],
                        loss(other_G, other_f, y),
                        1e-11 * losses[i]);
            EXPECT_NEAR(tikhonov.loss(lambdas[i]), loss(G, f, y), 1e-11);
          }
      }
}

TEST_F(SelectionTest, TikhonovOfAFewColumnsMinimizesTheirDampedLoss)
{
  // A damped problem is one with rows lambda I below.
  const double                   lambda = 0.2;
  const std::vector<std::size_t> order = {7, 2, 0, 11, 5, 1, 3, 4, 6, 8, 9, 10};
  const std::size_t              k     = 4;
  const HostBlock                host_G = to_host(G);
  const HostColumn               host_f = to_host(f);
  const HostBlock                damped("damped", n_rows + k, k);
  const HostColumn               right("right", n_rows + k);
  for (std::size_t j = 0; j < k; ++j)
    {
      for (std::size_t i = 0; i < n_rows; ++i)
        damped(i, j) = host_G(i, order[j]);
      damped(n_rows + j, j) = lambda;
    }
  for (std::size_t i = 0; i < n_rows; ++i)
    right(i) = host_f(i);
  const Column solution =
    LeastSquares(factor(to_memory_space(damped), to_memory_space(right)))
      .solve();
  const HostColumn expected = to_host(solution);
  const HostColumn found =
    to_host(LeastSquares(factor(G, f), order).tikhonov(k).solve(lambda));
  for (std::size_t j = 0; j < k; ++j)
    EXPECT_NEAR(found(order[j]), expected(j), 1e-12 * norm(solution));
}

TEST_F(SelectionTest, EffectiveRankIsTheTraceOfTheInfluenceMatrix)
{
  const double lambda = 0.3;
  double       trace  = 0;
  for (std::size_t i = 0; i < n_rows; ++i)
    {
      const HostColumn unit("unit", n_rows);
      unit(i) = -1;
      const Column y =
        LeastSquares(factor(G, to_memory_space(unit))).tikhonov().solve(lambda);
      trace += to_host(product('N', G, y))(i);
    }
  const Tikhonov tikhonov = LeastSquares(factor(G, f)).tikhonov();
  EXPECT_NEAR(tikhonov.effective_rank(lambda), trace, 1e-10);
  EXPECT_EQ(tikhonov.effective_rank(0), n_columns);
}

TEST_F(SelectionTest, CrossValidationLeavesEachFoldOutOnce)
{
  const std::vector<std::size_t> ends = {0, 15, 28, 50, n_rows};
  std::vector<AppendRowsQR>      folds;
  for (unsigned int i = 0; i < 4; ++i)
    folds.push_back(rows(ends[i], ends[i + 1]));
  const LeastSquares problem(factor(G, f), Pivoting::columns);
  const HeldOutLoss  predicted = HeldOutLoss::cross_validation(folds, problem);

  for (const std::size_t rank : {std::size_t(0), std::size_t(6), n_columns})
    {
      double undamped = 0, damped = 0;
      for (unsigned int i = 0; i < 4; ++i)
        {
          AppendRowsQR others(n_columns);
          for (unsigned int j = 0; j < 4; ++j)
            if (j != i)
              others.append(rows(ends[j], ends[j + 1]));
          const LeastSquares fitted(others, problem.order());
          const Block        G_i = copied_rows(G, ends[i], ends[i + 1]);
          const Column       f_i = copied_rows(f, ends[i], ends[i + 1]);
          undamped += loss(G_i, f_i, fitted.solve(rank));
          damped += loss(G_i, f_i, fitted.tikhonov(rank).solve(0.1));
        }
      EXPECT_NEAR(predicted.of_ranks()[rank], undamped, 1e-9 * undamped);
      EXPECT_NEAR(predicted.of_lambdas(rank, {0.1})[0], damped, 1e-9 * damped);
    }
}

TEST_F(SelectionTest, GeneralizedCrossValidationInflatesTheLoss)
{
  const LeastSquares               problem(factor(G, f));
  const GeneralizedCrossValidation gcv(problem, n_rows);
  const double                     unused = 1 - 6. / n_rows;
  EXPECT_DOUBLE_EQ(gcv.of_ranks()[6], problem.losses()[6] / (unused * unused));
  // Ten columns for eleven rows leave nothing to judge by.
  EXPECT_FALSE(
    std::isfinite(GeneralizedCrossValidation(problem, 11).of_ranks()[10]));
}

TEST(Selection, UselessColumnsAreNotUsed)
{
  // Columns that have nothing to do with the right hand side.
  const Block  G = random_block(40, 30, 1), other = random_block(400, 30, 5);
  const Column f = random_column(40, 2), other_f = random_column(400, 6);
  const LeastSquares problem(factor(G, f));
  const HeldOutLoss  predicted(
    {{problem,
       {factor(copied_rows(other, 0, 200), copied_rows(other_f, 0, 200)),
        factor(copied_rows(other, 200, 400), copied_rows(other_f, 200, 400))}}},
    40);
  const double nothing = std::pow(norm(other_f), 2);
  EXPECT_GT(loss(other, other_f, problem.solve()), 1.5 * nothing);
  const Regularization choice = choose_regularization(predicted, problem);
  const Column         y = problem.tikhonov(choice.rank).solve(choice.lambda);
  EXPECT_LE(loss(other, other_f, y), nothing);
}

TEST(Selection, NoiseIsDampedAsWellAsAnExhaustiveSearchCould)
{
  // A smooth target and noise, many columns: polynomials fitted to 50 points.
  const std::size_t n = 50, r = 30, n_test = 295;
  const HostBlock   all   = to_host(monomials(n + n_test, r));
  const HostColumn  noise = to_host(random_column(n + n_test, 3));
  const HostBlock   G_fit("G_fit", n, r), G_test("G_test", n_test, r);
  const HostColumn  f_fit("f_fit", n), f_test("f_test", n_test);
  std::size_t       i_fit = 0, i_test = 0;
  for (std::size_t i = 0; i < n + n_test; ++i)
    {
      const double x      = double(i) / (n + n_test);
      const double target = std::sin(6 * x) - 0.5;
      const bool   is_fit = i % 7 == 0 && i_fit < n;
      for (std::size_t j = 0; j < r; ++j)
        (is_fit ? G_fit(i_fit, j) : G_test(i_test, j)) = all(i, j);
      if (is_fit)
        f_fit(i_fit++) = target + 0.2 * noise(i);
      else
        f_test(i_test++) = target;
    }
  const Block  G = to_memory_space(G_fit), test = to_memory_space(G_test);
  const Column f = to_memory_space(f_fit), exact = to_memory_space(f_test);
  ASSERT_EQ(i_fit, n);

  std::vector<AppendRowsQR> folds;
  for (std::size_t fold = 0; fold < 5; ++fold)
    {
      folds.emplace_back(r);
      for (std::size_t i = fold; i < n; i += 5)
        folds.back().append(
          factor(copied_rows(G, i, i + 1), copied_rows(f, i, i + 1)));
    }
  const LeastSquares problem(factor(G, f), Pivoting::columns);
  const auto         test_loss = [&](const Regularization &choice) {
    return loss(test,
                exact,
                problem.tikhonov(choice.rank).solve(choice.lambda));
  };
  RegularizationChoice everything;
  everything.slack      = 0;
  everything.exhaustive = true;
  const double best     = test_loss(choose_regularization(
    HeldOutLoss({{problem, {factor(test, exact)}}}, n), problem, everything));
  EXPECT_GT(loss(test, exact, problem.solve()), 10 * best);
  EXPECT_LT(test_loss(choose_regularization(
              HeldOutLoss::cross_validation(folds, problem), problem)),
            2.5 * best);
  EXPECT_LT(test_loss(choose_regularization(
              GeneralizedCrossValidation(problem, n), problem)),
            2.5 * best);
}

TEST_F(SelectionTest, WhatIsGivenIsKept)
{
  const LeastSquares problem(factor(G, f));
  const HeldOutLoss  predicted({{problem, {factor(other_G, other_f)}}}, n_rows);
  RegularizationChoice choice;
  choice.rank = 7;
  EXPECT_EQ(choose_regularization(predicted, problem, choice).rank, 7u);
  choice.lambda = 0.25;
  const Regularization result =
    choose_regularization(predicted, problem, choice);
  EXPECT_EQ(result.rank, 7u);
  EXPECT_EQ(result.lambda, 0.25);
  EXPECT_NEAR(result.predicted_loss,
              double(n_rows) / n_other *
                loss(other_G, other_f, problem.tikhonov(7).solve(0.25)),
              1e-10);
}

TEST_F(SelectionTest, BadInputIsRefused)
{
  const AppendRowsQR qr = factor(G, f);
  const LeastSquares problem(qr);
  EXPECT_THROW(LeastSquares(qr, {0, 1}), Error);
  EXPECT_THROW(LeastSquares(qr, std::vector<std::size_t>(n_columns, 99)),
               Error);
  EXPECT_THROW(problem.held_out_loss(AppendRowsQR(3)), Error);
  EXPECT_THROW(problem.tikhonov().held_out_loss(AppendRowsQR(3), {1.}), Error);
  EXPECT_THROW(HeldOutLoss({{problem, {AppendRowsQR(n_columns)}}}, 1), Error);
  EXPECT_THROW(HeldOutLoss::cross_validation({qr}, problem), Error);
}
