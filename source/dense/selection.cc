// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/selection.h>

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace lsr
{
  namespace
  {
    /// For each fold, the factorization of the rows of all others.
    std::vector<AppendRowsQR>
    complements(const std::vector<AppendRowsQR> &folds)
    {
      const std::size_t r = folds.front().n_columns();
      // Those behind it first, then those in front of it.
      std::vector<AppendRowsQR> rest;
      for (std::size_t i = 0; i < folds.size(); ++i)
        rest.emplace_back(r);
      for (std::size_t i = folds.size() - 1; i-- > 0;)
        {
          rest[i].append(rest[i + 1]);
          rest[i].append(folds[i + 1]);
        }
      AppendRowsQR front(r);
      for (std::size_t i = 1; i < folds.size(); ++i)
        {
          front.append(folds[i - 1]);
          rest[i].append(front);
        }
      return rest;
    }



    std::vector<double>
    lambda_grid(const double largest)
    {
      constexpr int       per_decade = 4, decades = 14;
      std::vector<double> lambdas;
      for (int i = 0; i <= per_decade * decades; ++i)
        lambdas.push_back(largest * std::pow(10., -double(i) / per_decade));
      return lambdas;
    }



    Column
    solution(const LeastSquares &problem, const Regularization &choice)
    {
      return choice.lambda > 0 ?
               problem.tikhonov(choice.rank).solve(choice.lambda) :
               problem.solve(choice.rank);
    }



    /// One standard deviation of a sum of @p n squares of independent, normally
    /// distributed numbers.
    double
    deviation_of_squares(const double sum, const double n)
    {
      return std::sqrt(2. / n) * sum;
    }



    /// The smallest rank whose prediction is within the slack of the least.
    Regularization
    best_rank(const std::vector<double> &losses, const double slack)
    {
      const std::size_t rank = choose_rank(losses, slack);
      return {rank, 0., losses[rank]};
    }



    Regularization
    best_lambda(const PredictedLoss       &predicted,
                const std::size_t          rank,
                const std::vector<double> &lambdas)
    {
      const std::vector<double> losses = predicted.of_lambdas(rank, lambdas);
      const std::size_t         i =
        std::min_element(losses.begin(), losses.end()) - losses.begin();
      return {rank, lambdas[i], losses[i]};
    }



    /// Whether the last tenth of the columns, undamped, are not predicted to
    /// pay, or all to do much worse than on the rows that they were fitted to.
    bool
    overfits(const std::vector<double> &predicted, const LeastSquares &problem)
    {
      const std::vector<double> loss        = problem.losses();
      const double              last        = predicted.back();
      const bool                at_rounding = last <= 1e-28 * loss.front();
      const std::size_t         best =
        std::min_element(predicted.begin(), predicted.end()) -
        predicted.begin();
      return !at_rounding && (best < 0.9 * (predicted.size() - 1) ||
                              last > 4 * loss[predicted.size() - 1]);
    }



    /// The best of @p best and of what damping has to offer.
    Regularization
    search(const PredictedLoss        &predicted,
           const LeastSquares         &problem,
           const RegularizationChoice &choice,
           const std::vector<double>  &losses,
           Regularization              best)
    {
      std::vector<double> lambdas;
      if (choice.lambda)
        lambdas = {*choice.lambda};
      else if (choice.exhaustive || overfits(losses, problem))
        lambdas = lambda_grid(problem.tikhonov().largest_singular_value());
      else
        return best;

      std::size_t rank = choice.rank.value_or(problem.n_columns());
      for (; rank > 0; rank = choice.rank ? 0 : rank / 2)
        {
          const Regularization damped = best_lambda(predicted, rank, lambdas);
          if (damped.predicted_loss < best.predicted_loss)
            best = damped;
        }
      return best;
    }
  } // namespace



  GeneralizedCrossValidation::GeneralizedCrossValidation(
    const LeastSquares &problem,
    const std::size_t   n_rows)
    : problem(problem)
    , n_rows(n_rows)
  {}



  double
  GeneralizedCrossValidation::inflate(const double loss,
                                      const double effective_rank) const
  {
    const double unused = 1 - effective_rank / n_rows;
    return unused < 0.1 ? std::numeric_limits<double>::infinity() :
                          loss / (unused * unused);
  }



  std::vector<double>
  GeneralizedCrossValidation::of_ranks() const
  {
    std::vector<double> losses = problem.losses();
    for (std::size_t k = 0; k < losses.size(); ++k)
      losses[k] = inflate(losses[k], k);
    return losses;
  }



  double
  GeneralizedCrossValidation::uncertainty(const Regularization &) const
  {
    return deviation_of_squares(problem.losses().front(), n_rows);
  }



  std::vector<double>
  GeneralizedCrossValidation::of_lambdas(
    const std::size_t          rank,
    const std::vector<double> &lambdas) const
  {
    const Tikhonov      tikhonov = problem.tikhonov(rank);
    std::vector<double> losses;
    for (const double lambda : lambdas)
      losses.push_back(
        inflate(tikhonov.loss(lambda), tikhonov.effective_rank(lambda)));
    return losses;
  }



  HeldOutLoss::HeldOutLoss(std::vector<Split> splits_, const std::size_t n_rows)
    : splits(std::move(splits_))
  {
    std::size_t n_held_out = 0;
    for (const Split &split : splits)
      {
        held_out.push_back(sum(split.held_out));
        n_held_out += held_out.back().n_rows();
      }
    require(n_held_out > 0, "HeldOutLoss: held-out rows expected, found none.");
    scale = double(n_rows) / n_held_out;
  }



  double
  HeldOutLoss::uncertainty(const Regularization &choice) const
  {
    // Of a row of each fold.
    std::vector<double> gains;
    for (const Split &split : splits)
      {
        const Column y       = solution(split.fitted, choice);
        const Column nothing = make_column(y.size());
        for (const AppendRowsQR &fold : split.held_out)
          if (fold.n_rows() > 0)
            gains.push_back((fold.loss(nothing) - fold.loss(y)) /
                            fold.n_rows());
      }
    double n_rows = 0;
    for (const AppendRowsQR &rows : held_out)
      n_rows += scale * rows.n_rows();
    const double n = gains.size();
    if (n < 2)
      return deviation_of_squares(of_ranks().front(), n_rows);

    const double mean     = std::accumulate(gains.begin(), gains.end(), 0.) / n;
    double       variance = 0;
    for (const double gain : gains)
      variance += std::pow(gain - mean, 2) / (n - 1);
    const boost::math::students_t distribution(n - 1);
    return boost::math::quantile(distribution, 0.95) * n_rows *
           std::sqrt(variance / n);
  }



  HeldOutLoss
  HeldOutLoss::cross_validation(const std::vector<AppendRowsQR> &folds,
                                const LeastSquares              &problem)
  {
    require(folds.size() > 1,
            "cross-validation: at least 2 folds expected, found " +
              std::to_string(folds.size()) + ".");
    const std::vector<AppendRowsQR> others = complements(folds);
    std::vector<Split>              splits;
    std::size_t                     n_rows = 0;
    for (std::size_t i = 0; i < folds.size(); ++i)
      {
        splits.push_back(
          {LeastSquares(others[i], problem.order(), problem.tolerance()),
           {folds[i]}});
        n_rows += folds[i].n_rows();
      }
    return HeldOutLoss(std::move(splits), n_rows);
  }



  std::vector<double>
  HeldOutLoss::of_ranks() const
  {
    std::vector<double> sum;
    for (std::size_t i = 0; i < splits.size(); ++i)
      {
        std::vector<double> losses =
          splits[i].fitted.held_out_loss(held_out[i]);
        if (sum.empty())
          sum.resize(losses.size(), 0.);
        // Ranks that a fit does not reach are those of fewer columns.
        const std::size_t n = std::max(sum.size(), losses.size());
        sum.resize(n, sum.back());
        losses.resize(n, losses.back());
        for (std::size_t k = 0; k < n; ++k)
          sum[k] += losses[k];
      }
    for (double &loss : sum)
      loss *= scale;
    return sum;
  }



  std::vector<double>
  HeldOutLoss::of_lambdas(const std::size_t          rank,
                          const std::vector<double> &lambdas) const
  {
    std::vector<double> sum(lambdas.size(), 0.);
    for (std::size_t i = 0; i < splits.size(); ++i)
      {
        const std::vector<double> losses =
          splits[i].fitted.tikhonov(rank).held_out_loss(held_out[i], lambdas);
        for (std::size_t l = 0; l < sum.size(); ++l)
          sum[l] += scale * losses[l];
      }
    return sum;
  }



  Regularization
  choose_regularization(const PredictedLoss        &predicted,
                        const LeastSquares         &problem,
                        const RegularizationChoice &choice)
  {
    std::vector<double> losses = predicted.of_ranks();
    losses.resize(std::min(losses.size(), problem.numerical_rank() + 1));
    const std::size_t largest = losses.size() - 1;

    if (choice.rank && choice.lambda)
      return {*choice.rank,
              *choice.lambda,
              predicted.of_lambdas(*choice.rank, {*choice.lambda})[0]};

    if (choice.rank)
      {
        const std::size_t    rank = std::min(*choice.rank, largest);
        const Regularization undamped{rank, 0., losses[rank]};
        return choice.lambda == 0. ?
                 undamped :
                 search(predicted, problem, choice, losses, undamped);
      }

    const Regularization nothing{0, 0., losses[0]};
    Regularization       best = choice.lambda.value_or(0.) > 0 ?
                                  nothing :
                                  best_rank(losses, choice.slack);
    if (choice.lambda != 0. && largest > 0)
      best = search(predicted, problem, choice, losses, best);
    const double gain = nothing.predicted_loss - best.predicted_loss;
    return gain > predicted.uncertainty(best) ? best : nothing;
  }
} // namespace lsr
