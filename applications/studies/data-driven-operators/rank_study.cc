// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// First: LibTorch and Kokkos have macros of the same names.
#include "applications/studies/data-driven-operators/rank_study.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/refine/reduced_problem.h>

#include <KokkosBlas1_nrm2.hpp>
#include <KokkosBlas1_scal.hpp>
#include <torch/torch.h>

#include <chrono>
#include <optional>

#include "applications/studies/study.h"

namespace lsr_studies
{
  namespace
  {
    /// AppendRowsQR in single precision throughout: to show the effect of
    /// seven digits on a reduced problem.
    class SinglePrecisionQR
    {
    public:
      explicit SinglePrecisionQR(const std::size_t n_columns)
        : n_columns(n_columns)
      {}

      /// Append the leading columns of @p rows, rounded, and of right hand
      /// sides.
      void
      append(const Block &rows, const Column &rhs)
      {
        const HostBlock  G = to_host(rows);
        const HostColumn b = to_host(rhs);
        const long       m = long(b.size()), n = long(n_columns);
        // Columns are the rows of these.
        pending.push_back(
          torch::cat({torch::from_blob(G.data(), {n, m}, torch::kDouble),
                      torch::from_blob(b.data(), {1, m}, torch::kDouble)})
            .to(torch::kFloat)
            .t());
        n_pending += m;
        triangular = false;
        if (n_pending >= 5 * n_columns)
          factorize();
      }

      /// The least-squares solution with the leading @p rank columns; the
      /// others up to @p n_coefficients are 0. Not finite if one of them
      /// depends on others.
      Column
      solve(const std::size_t rank, const std::size_t n_coefficients)
      {
        if (!triangular)
          factorize();
        const auto triangle = pending.front().slice(0, 0, rank);
        const auto y        = torch::linalg_solve_triangular(
                         triangle.slice(1, 0, rank),
                         triangle.slice(1, n_columns, n_columns + 1),
                         /* upper = */ true)
                         .to(torch::kDouble)
                         .contiguous();
        const HostColumn result("lsr::HostColumn", n_coefficients);
        std::copy_n(y.data_ptr<double>(), rank, result.data());
        return to_memory_space(result);
      }

      /// Number of columns.
      std::size_t
      size() const
      {
        return n_columns;
      }

    private:
      void
      factorize()
      {
        const auto R = std::get<1>(torch::linalg_qr(torch::cat(pending), "r"));
        pending      = {R};
        n_pending    = R.size(0);
        triangular   = true;
      }

      const std::size_t n_columns;

      /// The triangle of the rows up to the last factorization, and the rows
      /// since.
      std::vector<torch::Tensor> pending;
      std::size_t                n_pending  = 0;
      bool                       triangular = false;
    };



    constexpr std::size_t functions_in_block = 8;

    /// Call @p visit with $J V$ and the misfit $q - t$ of some functions, both
    /// divided by the norm of the function's targets.
    void
    for_each_block(
      const TangentBasis                                               &basis,
      const DataSet                                                    &rows,
      const std::function<void(const Block &JV, const Column &misfit)> &visit)
    {
      const std::size_t n       = rows.n_points();
      const HostColumn  targets = to_host(rows.targets);
      for (std::size_t first = 0, last; first < n; first = last)
        {
          last = std::min(first + functions_in_block * n_sensors, n);
          const HostColumn scale("scale", last - first);
          for (std::size_t i = 0; i < scale.size(); ++i)
            scale(i) = i % n_sensors > 0 ?
                         scale(i - 1) :
                         1 / KokkosBlas::nrm2(
                               HostColumn(&targets(first + i), n_sensors));
          DataMisfit misfit(
            Kokkos::subview(rows.targets, Kokkos::make_pair(first, last)));
          misfit.set_inner_product(
            std::make_shared<DiagonalInnerProduct>(to_memory_space(scale)));
          const LinearRows block =
            linear_rows(basis, {columns(rows.points, first, last)}, misfit);
          visit(block.G, block.f);
        }
    }



    /// The factorization of all rows to fit, in both precisions.
    struct Reduced
    {
      AppendRowsQR                     qr;
      std::optional<SinglePrecisionQR> single;
    };

    Reduced
    reduce(const TangentBasis        &basis,
           const DataSet             &rows,
           const RankStudyParameters &parameters,
           RankStudy                 &study)
    {
      Reduced reduced{AppendRowsQR(basis.n_directions()), {}};
      if (parameters.n_single_precision > 0)
        reduced.single.emplace(
          std::min(parameters.n_single_precision, basis.n_directions()));

      Timer &timer     = study.timer;
      auto   last_line = std::chrono::steady_clock::now();
      for_each_block(basis, rows, [&](const Block &JV, const Column &misfit) {
        KokkosBlas::scal(misfit, -1., misfit);
        if (reduced.single)
          timer.run("single precision",
                    [&]() { reduced.single->append(JV, misfit); });
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
      return reduced;
    }



    /// Solutions without damping and, if they are asked for, with it; the
    /// coefficients of each are a column.
    std::vector<Column>
    solve(Reduced &reduced, const bool with_damping, RankStudy &study)
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
      for (const std::size_t rank : ranks_up_to(largest, 25))
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
    mean_errors(const TangentBasis &basis, const DataSet &rows, const Block &Y)
    {
      std::vector<double> errors(Y.extent(1), 0.);
      for_each_block(basis, rows, [&](const Block &JV, const Column &misfit) {
        const Block change = make_block(misfit.size(), Y.extent(1));
        multiply(1., 'N', JV, 'N', Y, 0., change);
        const HostColumn f       = to_host(misfit);
        const HostBlock  changes = to_host(change);
        for (std::size_t j = 0; j < errors.size(); ++j)
          for (std::size_t first = 0; first < misfit.size(); first += n_sensors)
            {
              double square = 0;
              for (std::size_t i = first; i < first + n_sensors; ++i)
                square += std::pow(f(i) + changes(i, j), 2);
              errors[j] += std::sqrt(square) * n_sensors / rows.n_points();
            }
      });
      return errors;
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
    study.n_rows       = fit.n_points();
    Timer     &timer   = study.timer;
    const auto basis   = timer.run("subspace", [&]() {
      return make_tangent_basis(network, parameters.basis, fit.points);
    });
    Reduced    reduced = timer.run("reduce", [&]() {
      return reduce(*basis, fit, parameters, study);
    });
    timer.add("reduce", -timer.seconds("single precision"));
    const auto coefficients = timer.run("solve", [&]() {
      return solve(reduced, parameters.tikhonov, study);
    });
    timer.run("errors", [&]() {
      const Block              Y = as_columns(coefficients);
      std::vector<std::size_t> sample(
        std::min(fit.n_points(), test.n_points()));
      std::iota(sample.begin(), sample.end(), 0);
      const auto errors = [&](const DataSet &set) {
        return mean_errors(*basis, set, Y);
      };
      const auto on_fit        = errors(fit.select(sample)),
                 on_validation = errors(validation), on_test = errors(test);
      for (std::size_t j = 0; j < study.solutions.size(); ++j)
        {
          study.solutions[j].fit        = on_fit[j];
          study.solutions[j].validation = on_validation[j];
          study.solutions[j].test       = on_test[j];
        }
      study.best =
        std::min_element(on_validation.begin(), on_validation.end()) -
        on_validation.begin();
    });
    study.best_correction     = basis->expand(coefficients[study.best]);
    study.undamped_correction = basis->expand(coefficients[study.undamped]);
    return study;
  }
} // namespace lsr_studies
