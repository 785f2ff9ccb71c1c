// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/rank_study.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/dense/least_squares.h>

#include <KokkosBlas1_mult.hpp>
#include <KokkosBlas1_nrm2.hpp>
#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "applications/studies/data-driven-operators/operator_networks.h"
#include "applications/studies/data-driven-operators/single_precision_qr.h"

namespace lsr_studies
{
  namespace
  {
    constexpr std::size_t functions_in_block = 8;

    /// The misfit $q - t$ of some functions and $J V$, both divided by the norm
    /// of the function's targets.
    using Visitor = std::function<void(const Block &JV, const Column &misfit)>;

    void
    for_each_block(const Network      &network,
                   const TangentBasis &basis,
                   const DataSet      &rows,
                   const Visitor      &visit)
    {
      const std::size_t n = rows.n_points(), r = basis.n_directions(),
                        size   = functions_in_block * n_sensors;
      const HostColumn targets = to_host(rows.targets);
      for (std::size_t first = 0; first < n; first += size)
        {
          const std::size_t last   = std::min(first + size, n);
          const Block       points = columns(rows.points, first, last);
          const Column      misfit = make_column(last - first);
          const Block       JV     = make_block(last - first, r);
          network.evaluate(points, misfit);
          basis.apply(points, JV);
          const HostColumn f = to_host(misfit), scale("scale", last - first);
          for (std::size_t i = 0; i < scale.size(); ++i)
            {
              const std::size_t begin = first + i - i % n_sensors;
              if (i % n_sensors == 0)
                scale(i) =
                  1 / KokkosBlas::nrm2(HostColumn(&targets(begin), n_sensors));
              else
                scale(i) = scale(i - 1);
              f(i) = scale(i) * (f(i) - targets(first + i));
            }
          Kokkos::deep_copy(misfit, f);
          KokkosBlas::mult(0., JV, 1., to_memory_space(scale), JV);
          visit(JV, misfit);
        }
    }



    /// The factorization of all rows to fit; what it needs besides.
    struct Reduced
    {
      AppendRowsQR                       qr;
      std::unique_ptr<SinglePrecisionQR> single;
    };

    Reduced
    reduce(const Network             &network,
           const TangentBasis        &basis,
           const DataSet             &rows,
           const RankStudyParameters &parameters,
           RankStudy                 &study)
    {
      Reduced reduced{AppendRowsQR(basis.n_directions()), nullptr};
      if (parameters.n_single_precision > 0)
        reduced.single = std::make_unique<SinglePrecisionQR>(
          std::min(parameters.n_single_precision, basis.n_directions()));

      double         &reduce_time = study.seconds["reduce"];
      double         &single_time = study.seconds["single precision"];
      const Stopwatch stopwatch(reduce_time);
      auto            last_line = std::chrono::steady_clock::now();
      for_each_block(
        network, basis, rows, [&](const Block &JV, const Column &misfit) {
          KokkosBlas::scal(misfit, -1., misfit);
          if (reduced.single)
            {
              const Stopwatch single_stopwatch(single_time);
              reduced.single->append(JV, misfit);
            }
          reduced.qr.append(JV, misfit);
          const auto now = std::chrono::steady_clock::now();
          if (parameters.progress && now - last_line > std::chrono::seconds(5))
            {
              parameters.progress("  " + std::to_string(reduced.qr.n_rows()) +
                                  " of " + std::to_string(rows.n_points()) +
                                  " rows");
              last_line = now;
            }
        });
      reduce_time -= single_time;
      return reduced;
    }



    /// 0, and four ranks an octave up to the largest.
    std::vector<std::size_t>
    ranks_up_to(const std::size_t largest)
    {
      std::vector<std::size_t> ranks = {0};
      for (double rank = 25; rank < largest; rank *= std::sqrt(std::sqrt(2.)))
        ranks.push_back(std::size_t(std::round(rank)));
      ranks.push_back(largest);
      return ranks;
    }



    /// Solutions without damping and, if they are asked for, with it; the
    /// coefficients of each are a column.
    std::vector<Column>
    solve(const Reduced &reduced, const bool with_damping, RankStudy &study)
    {
      const LeastSquares  problem(reduced.qr,
                                 Pivoting::none,
                                 std::numeric_limits<double>::epsilon() / 2);
      const RankProfile   profile = problem.profile();
      std::vector<Column> coefficients;
      const auto          add = [&](const std::size_t rank,
                           const double      lambda,
                           const double      loss,
                           const Column     &y) {
        RankStudySolution solution;
        solution.rank             = rank;
        solution.lambda           = lambda;
        solution.loss             = loss / study.n_functions();
        solution.condition        = profile.condition[rank];
        solution.coefficient_norm = norm(y);
        if (reduced.single && lambda == 0 && rank > 0 &&
            rank <= reduced.single->size())
          solution.single_precision_loss =
            reduced.qr.loss(reduced.single->solve(rank, y.size())) /
            study.n_functions();
        study.solutions.push_back(solution);
        coefficients.push_back(y);
      };

      const std::size_t largest = problem.numerical_rank();
      for (const std::size_t rank : ranks_up_to(largest))
        add(rank, 0, profile.loss[rank], problem.solve(rank));
      study.undamped = study.solutions.size() - 1;
      if (with_damping)
        {
          const Tikhonov tikhonov = problem.tikhonov(largest);
          for (unsigned int i = 4; i <= 24; ++i)
            {
              const double lambda =
                tikhonov.largest_singular_value() * std::pow(10., -0.5 * i);
              add(largest,
                  lambda,
                  tikhonov.loss(lambda),
                  tikhonov.solve(lambda));
            }
        }
      return coefficients;
    }



    /// The mean relative error of a function for each solution.
    std::vector<double>
    mean_errors(const Network      &network,
                const TangentBasis &basis,
                const DataSet      &rows,
                const Block        &Y)
    {
      std::vector<double> errors(Y.extent(1), 0.);
      for_each_block(
        network, basis, rows, [&](const Block &JV, const Column &misfit) {
          const Block change = make_block(misfit.size(), Y.extent(1));
          multiply(1., 'N', JV, 'N', Y, 0., change);
          const HostColumn f       = to_host(misfit);
          const HostBlock  changes = to_host(change);
          for (std::size_t j = 0; j < errors.size(); ++j)
            for (std::size_t first = 0; first < misfit.size();
                 first += n_sensors)
              {
                double square = 0;
                for (std::size_t i = first; i < first + n_sensors; ++i)
                  square += std::pow(f(i) + changes(i, j), 2);
                errors[j] += std::sqrt(square) * n_sensors / rows.n_points();
              }
        });
      return errors;
    }



    void
    measure(const Network             &network,
            const TangentBasis        &basis,
            const DataSet             &fit,
            const DataSet             &validation,
            const DataSet             &test,
            const std::vector<Column> &coefficients,
            RankStudy                 &study)
    {
      const Block Y = make_block(basis.n_directions(), coefficients.size());
      for (std::size_t j = 0; j < coefficients.size(); ++j)
        Kokkos::deep_copy(Kokkos::subview(Y, Kokkos::ALL(), j),
                          coefficients[j]);
      std::vector<std::size_t> sample(
        std::min(fit.n_points(), test.n_points()));
      std::iota(sample.begin(), sample.end(), 0);

      const auto on_fit = mean_errors(network, basis, fit.select(sample), Y);
      const auto on_validation = mean_errors(network, basis, validation, Y);
      const auto on_test       = mean_errors(network, basis, test, Y);
      for (std::size_t j = 0; j < study.solutions.size(); ++j)
        {
          RankStudySolution &solution = study.solutions[j];
          solution.fit                = on_fit[j];
          solution.validation         = on_validation[j];
          solution.test               = on_test[j];
          if (solution.validation < study.solutions[study.best].validation)
            study.best = j;
        }
    }
  } // namespace



  RankStudy
  rank_study(const Network             &network,
             const DataSet             &rows,
             const RankStudyParameters &parameters)
  {
    const DataSet fit        = rows.select(DataSet::fit),
                  validation = rows.select(DataSet::validation),
                  test       = rows.select(DataSet::test);
    for (const DataSet *set : {&fit, &validation, &test})
      require(set->n_points() > 0 && set->n_points() % n_sensors == 0,
              "functions to fit, for validation and to test of " +
                std::to_string(n_sensors) + " rows each expected, found " +
                std::to_string(set->n_points()) + " rows");
    require(parameters.basis.n_directions <= fit.n_points(),
            std::to_string(parameters.basis.n_directions) + " directions for " +
              std::to_string(fit.n_points()) +
              " rows to fit: expected no more directions than rows");

    RankStudy study;
    study.n_rows = fit.n_points();
    std::unique_ptr<TangentBasis> basis;
    {
      const Stopwatch stopwatch(study.seconds["subspace"]);
      basis = make_tangent_basis(network, parameters.basis, fit.points);
    }
    std::vector<Column> coefficients;
    {
      const Reduced   reduced = reduce(network, *basis, fit, parameters, study);
      const Stopwatch stopwatch(study.seconds["solve"]);
      coefficients = solve(reduced, parameters.tikhonov, study);
    }
    {
      const Stopwatch stopwatch(study.seconds["errors"]);
      measure(network, *basis, fit, validation, test, coefficients, study);
    }
    study.best_correction     = basis->expand(coefficients[study.best]);
    study.undamped_correction = basis->expand(coefficients[study.undamped]);
    return study;
  }
} // namespace lsr_studies
