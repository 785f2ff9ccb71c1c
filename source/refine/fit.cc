// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/reduced_problem.h>

#include <KokkosBlas1_scal.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

namespace lsr
{
  namespace
  {
    /// Says every few seconds how far a stream is.
    class Progress
    {
    public:
      Progress(const std::size_t                               n_values,
               const std::function<void(const std::string &)> &print)
        : n_values(n_values)
        , print(print)
        , last(std::chrono::steady_clock::now())
      {}

      void
      advance(const std::size_t n)
      {
        done += n;
        const auto now = std::chrono::steady_clock::now();
        if (!print || now - last < std::chrono::seconds(3))
          return;
        print("  " + std::to_string(done) + " of " + std::to_string(n_values) +
              " rows");
        last = now;
      }

    private:
      const std::size_t                               n_values;
      const std::function<void(const std::string &)> &print;
      std::size_t                                     done = 0;
      std::chrono::steady_clock::time_point           last;
    };



    SelectionRule
    resolve(const std::optional<SelectionRule> &rule,
            const bool                          has_folds,
            const bool                          has_validation)
    {
      require(rule != SelectionRule::validation || has_validation,
              "rank and damping are to be chosen by validation rows, but there "
              "are none");
      require(rule != SelectionRule::cross_validation || has_folds,
              "rank and damping are to be chosen by cross-validation, but the "
              "rows are in one fold: at least 2 expected");
      if (rule)
        return *rule;
      if (has_validation)
        return SelectionRule::validation;
      return has_folds ? SelectionRule::cross_validation :
                         SelectionRule::generalized_cross_validation;
    }



    void
    check_rank(const FitParameters &parameters, const TangentBasis &basis)
    {
      const std::size_t rank = parameters.choice.rank.value_or(0);
      require(rank <= basis.n_directions(),
              "rank " + std::to_string(rank) +
                " exceeds the number of directions of the tangent basis, " +
                std::to_string(basis.n_directions()));
    }



    std::unique_ptr<const PredictedLoss>
    predicted_loss(const SelectionRule              rule,
                   const LeastSquares              &problem,
                   const std::size_t                n_rows,
                   const std::vector<AppendRowsQR> &folds,
                   const std::vector<AppendRowsQR> &validation)
    {
      switch (rule)
        {
          case SelectionRule::validation:
            return std::make_unique<HeldOutLoss>(
              std::vector<HeldOutLoss::Split>{{problem, validation}}, n_rows);
          case SelectionRule::cross_validation:
            return std::make_unique<HeldOutLoss>(
              HeldOutLoss::cross_validation(folds, problem));
          case SelectionRule::generalized_cross_validation:
            return std::make_unique<GeneralizedCrossValidation>(problem,
                                                                n_rows);
          default:
            return nullptr;
        }
    }



    Regularization
    plateau(const LeastSquares &problem, const RegularizationChoice &choice)
    {
      Regularization result;
      result.rank =
        choice.rank.value_or(choose_rank(problem.losses(), choice.slack));
      result.lambda = choice.lambda.value_or(0.);
      return result;
    }



    /// Coefficients of what was chosen, and its loss.
    Column
    solve(const LeastSquares &problem, Fit &result)
    {
      Regularization &choice = result.choice;
      if (choice.lambda > 0)
        {
          const Tikhonov tikhonov = problem.tikhonov(choice.rank);
          result.loss             = tikhonov.loss(choice.lambda);
          return tikhonov.solve(choice.lambda);
        }
      choice.rank = std::min(choice.rank, problem.numerical_rank());
      result.loss = problem.losses()[choice.rank];
      return problem.solve(choice.rank);
    }



    /// Mean squares of the residual of validation rows.
    void
    validate(const std::vector<AppendRowsQR> &folds,
             const Column                    &y,
             Fit                             &result)
    {
      double n = 0;
      for (const AppendRowsQR &fold : folds)
        {
          result.initial_validation += fold.loss(make_column(y.size()));
          result.validation += fold.loss(y);
          n += fold.n_rows();
        }
      if (n > 0)
        {
          result.initial_validation /= n;
          result.validation /= n;
        }
    }
  } // namespace



  std::vector<AppendRowsQR>
  factorize(const TangentBasis                             &basis,
            const RowStream                                &rows,
            const std::function<void(const std::string &)> &progress,
            const Communicator                             &communicator)
  {
    std::vector<AppendRowsQR> folds;
    for (unsigned int i = 0; i < rows.n_folds(); ++i)
      folds.emplace_back(basis.n_directions());

    Progress report(rows.n_values(), progress);
    rows.for_each_block([&](const RowBlock &block) {
      const LinearRows rows_of_block =
        linear_rows(basis, {block.points}, block.residual);
      KokkosBlas::scal(rows_of_block.f, -1., rows_of_block.f);
      folds.at(block.fold).append(rows_of_block.G, rows_of_block.f);
      report.advance(block.residual.n_values());
    });
    for (AppendRowsQR &fold : folds)
      fold.reduce(communicator);
    return folds;
  }



  Fit
  fit(const TangentBasis              &basis,
      const std::vector<AppendRowsQR> &folds,
      const FitParameters             &parameters,
      const std::vector<AppendRowsQR> &validation)
  {
    Fit result;
    result.rule =
      resolve(parameters.rule, folds.size() > 1, !validation.empty());
    check_rank(parameters, basis);
    const Timer::Stage stage(result.timer, "solve");
    const AppendRowsQR all = sum(folds);
    result.n_rows          = all.n_rows();
    require(basis.n_directions() <= result.n_rows,
            "a tangent basis of " + std::to_string(basis.n_directions()) +
              " directions for " + std::to_string(result.n_rows) +
              " residual rows: expected no more directions than rows");
    // Columns down to rounding may still lower the loss; whether they pay is
    // for the rule to say.
    const LeastSquares problem = ReducedProblem(all).least_squares(
      basis.sorted() ? Pivoting::none : Pivoting::columns,
      std::numeric_limits<double>::epsilon() / 2);
    result.numerical_rank = problem.numerical_rank();
    result.initial_loss   = all.loss(make_column(basis.n_directions()));
    result.profile        = problem.profile();

    const auto predicted =
      predicted_loss(result.rule, problem, result.n_rows, folds, validation);
    if (predicted)
      {
        result.predicted = predicted->of_ranks();
        result.choice =
          choose_regularization(*predicted, problem, parameters.choice);
      }
    else
      result.choice = plateau(problem, parameters.choice);

    const Column y = solve(problem, result);
    validate(validation, y, result);
    result.correction = basis.expand(y);
    return result;
  }



  Fit
  fit(const TangentBasis  &basis,
      const RowStream     &rows,
      const FitParameters &parameters,
      const RowStream     *validation,
      const Communicator  &communicator)
  {
    // Before the rows stream, which takes long.
    resolve(parameters.rule, rows.n_folds() > 1, validation != nullptr);
    check_rank(parameters, basis);
    Timer                     timer;
    std::vector<AppendRowsQR> folds, validation_rows;
    timer.run("reduce", [&]() {
      folds = factorize(basis, rows, parameters.progress, communicator);
      if (validation != nullptr)
        validation_rows = factorize(basis, *validation, {}, communicator);
    });
    Fit result = fit(basis, folds, parameters, validation_rows);
    timer.add(result.timer);
    result.timer = timer;
    return result;
  }
} // namespace lsr
