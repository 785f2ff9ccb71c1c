// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/refine/family.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "refine/gaussian.h"
#include "refine/geodesic_acceleration.h"
#include "refine/random_choice.h"

namespace lsr
{
  namespace
  {
    /// Call @p action with the place of each member of this rank in
    /// @p members, and with the member.
    template <typename Action>
    void
    for_each_of_rank(const Family                   &family,
                     const std::vector<std::size_t> &members,
                     const Action                   &action)
    {
      const Communicator &ranks = family.communicator;
      for (std::size_t k = ranks.rank(); k < members.size(); k += ranks.size())
        {
          require(members[k] < family.n_members,
                  "member " + std::to_string(members[k]) + " of a family of " +
                    std::to_string(family.n_members));
          action(k, family.member(members[k]));
        }
    }



    /// The values of a network at a member, with a residual that is linearized
    /// there.
    Column
    linearize(const Network &network, const FamilyMember &member)
    {
      Residual         &residual = *member.residual;
      const std::size_t n = member.sampling.n_values(network.n_outputs());
      require(residual.n_values() == n,
              "member of a family: the network gives " + std::to_string(n) +
                " values, the residual expects " +
                std::to_string(residual.n_values()));
      require(residual.communicator().size() == 1,
              "member of a family: its rows are on " +
                std::to_string(residual.communicator().size()) +
                " ranks, expected one");
      const Column q = member.sampling.evaluate(network);
      residual.linearize(q);
      return q;
    }



    Column
    evaluate(Residual &residual, const Column &q)
    {
      const Column f = make_column(residual.n_rows());
      residual.evaluate(q, f);
      return f;
    }



    /// $\|f(0)\|$, constraints obeyed. The residual has been linearized.
    double
    norm_of_zero(Residual &residual)
    {
      const Column zero = make_column(residual.n_values());
      residual.distribute(zero);
      const double result = residual.norm(evaluate(residual, zero));
      require(
        std::isfinite(result) && result > 0,
        "member of a family: the norm of the residual of zero is " +
          std::to_string(result) +
          ", expected a positive number, to which residuals are relative");
      return result;
    }



    /// Orthonormal columns that span random combinations of those of @p B.
    Block
    range_of(const Block &B, const std::size_t n_columns)
    {
      const std::size_t s = std::min({n_columns, B.extent(0), B.extent(1)});
      const Block       combinations = make_block(B.extent(1), s);
      // The same for all members: their order does not matter.
      fill_gaussian(combinations, 0);
      Block Q = make_block(B.extent(0), s);
      multiply(1., 'N', B, 'N', combinations, 0., Q);
      orthonormalize(Q, 1e-13, Pivoting::columns, Communicator());
      return Q;
    }



    /// Append the rows of @p members, in turn to each of @p folds.
    void
    append(const TangentBasis             &basis,
           const Family                   &family,
           const std::vector<std::size_t> &members,
           const std::size_t               n_columns,
           std::vector<AppendRowsQR>      &folds)
    {
      for_each_of_rank(family,
                       members,
                       [&](const std::size_t k, const FamilyMember &member) {
                         const LinearRows rows =
                           relative_rows(basis, member, n_columns);
                         KokkosBlas::scal(rows.f, -1., rows.f);
                         folds[k % folds.size()].append(rows.G, rows.f);
                       });
    }



    /// The factorization of the rows of all ranks.
    std::vector<AppendRowsQR>
    over_ranks(std::vector<AppendRowsQR> folds,
               const Communicator       &communicator)
    {
      // Copies would share the triangle.
      std::vector<AppendRowsQR> result;
      for (const AppendRowsQR &fold : folds)
        {
          result.emplace_back(fold.n_columns());
          result.back().append(fold);
          result.back().reduce(communicator);
        }
      return result;
    }



    void
    print(const std::function<void(const std::string &)> &progress,
          const std::string                              &line)
    {
      if (progress)
        progress(line);
    }



    /// $\sqrt{\sum_i x_i^2 / n}$ for each column.
    std::vector<double>
    root_mean_squares(const HostBlock &X)
    {
      std::vector<double> result(X.extent(1));
      for (std::size_t j = 0; j < X.extent(1); ++j)
        {
          double sum = 0;
          for (std::size_t i = 0; i < X.extent(0); ++i)
            sum += X(i, j) * X(i, j);
          result[j] = std::sqrt(sum / X.extent(0));
        }
      return result;
    }



    /// The @p n members with the largest residuals of @p network, taken out of
    /// @p rest.
    std::vector<std::size_t>
    take_worst(const Network            &network,
               const Family             &family,
               std::vector<std::size_t> &rest,
               const std::size_t         n)
    {
      const HostBlock residuals = relative_residuals({network}, family, rest);
      std::vector<std::size_t> order(rest.size());
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](const auto i, const auto j) {
        return residuals(i, 0) > residuals(j, 0);
      });
      std::vector<std::size_t> worst, others;
      for (const std::size_t i : order)
        (worst.size() < n ? worst : others).push_back(rest[i]);
      rest = others;
      return worst;
    }



    void
    report(const FamilyRefinement                         &result,
           const std::function<void(const std::string &)> &progress)
    {
      const Fit         &fit = result.fit;
      std::ostringstream line;
      line << "  " << result.members.size() << " members: rank "
           << fit.choice.rank << " of " << fit.numerical_rank << ", lambda "
           << fit.choice.lambda << ", relative residual times "
           << std::sqrt(fit.loss / fit.initial_loss);
      if (fit.initial_validation > 0)
        line << ", of those held out times "
             << std::sqrt(fit.validation / fit.initial_validation);
      print(progress, line.str());
    }



    /// Members that choose rank and damping are in as many groups, whose gains
    /// tell more than chance: each has a triangle.
    constexpr std::size_t max_held_out_folds = 5;
  } // namespace



  HostBlock
  relative_residuals(const std::vector<Network>     &networks,
                     const Family                   &family,
                     const std::vector<std::size_t> &members)
  {
    const Block     block = make_zero_block(members.size(), networks.size());
    const HostBlock result("lsr::residuals", members.size(), networks.size());
    for_each_of_rank(family,
                     members,
                     [&](const std::size_t k, const FamilyMember &member) {
                       Residual    &residual = *member.residual;
                       Column       q     = linearize(networks.front(), member);
                       const double scale = norm_of_zero(residual);
                       for (std::size_t j = 0; j < networks.size(); ++j)
                         {
                           if (j > 0)
                             q = member.sampling.evaluate(networks[j]);
                           result(k, j) =
                             residual.norm(evaluate(residual, q)) / scale;
                         }
                     });
    Kokkos::deep_copy(block, result);
    family.communicator.sum(block);
    return to_host(block);
  }



  LinearRows
  relative_rows(const TangentBasis &basis,
                const FamilyMember &member,
                const std::size_t   n_columns)
  {
    Residual    &residual = *member.residual;
    const Column q        = linearize(basis.network(), member);
    const double scale    = norm_of_zero(residual);
    const Block  B        = member.sampling.jacobian_times(basis);
    residual.set_zero(B);

    const Block      Q = range_of(B, n_columns);
    const LinearRows rows =
      ReducedProblem(Q, evaluate(residual, q), residual).rows();
    const Block QTB = make_block(Q.extent(1), B.extent(1));
    multiply(1., 'T', Q, 'N', B, 0., QTB);
    LinearRows result{make_block(rows.G.extent(0), B.extent(1)), rows.f};
    multiply(1. / scale, 'N', rows.G, 'N', QTB, 0., result.G);
    KokkosBlas::scal(result.f, 1. / scale, rows.f);
    return result;
  }



  FamilyRefinement
  refine(const TangentBasis             &basis,
         const Family                   &family,
         const std::vector<std::size_t> &members,
         const std::vector<std::size_t> &held_out,
         const FamilyParameters         &parameters)
  {
    const std::size_t n_max =
      std::min(parameters.n_at_most.value_or(members.size()), members.size());
    require(n_max > 0, "family: no members to be fitted");
    FitParameters options = parameters.fit;
    if (held_out.empty() && !options.rule)
      options.rule = SelectionRule::plateau;

    Timer                     timer;
    std::vector<AppendRowsQR> folds{AppendRowsQR(basis.n_directions())};
    std::vector<AppendRowsQR> validation;
    const auto                append_to = [&](std::vector<AppendRowsQR>      &to,
                               const std::vector<std::size_t> &some) {
      const Timer::Stage stage(timer, "reduce");
      append(basis, family, some, parameters.n_columns, to);
    };
    for (std::size_t i = 0; i < std::min(held_out.size(), max_held_out_folds);
         ++i)
      validation.emplace_back(basis.n_directions());
    append_to(validation, held_out);
    validation = over_ranks(validation, family.communicator);

    FamilyRefinement         result;
    std::vector<std::size_t> next = members, rest;
    next.resize(std::min(parameters.n_at_first.value_or(n_max), n_max));
    rest.assign(members.begin() + next.size(), members.end());
    while (true)
      {
        append_to(folds, next);
        result.members.insert(result.members.end(), next.begin(), next.end());
        result.fit = fit(basis,
                         over_ranks(folds, family.communicator),
                         options,
                         validation);
        timer.add(result.fit.timer);
        report(result, options.progress);
        if (result.members.size() >= n_max)
          break;
        const Timer::Stage stage(timer, "search");
        next = take_worst(basis.network().refined(result.fit.correction),
                          family,
                          rest,
                          std::min(result.members.size(),
                                   n_max - result.members.size()));
      }
    result.fit.timer = timer;
    return result;
  }



  namespace
  {
    /// @p n of the @p members, in their order.
    std::vector<std::size_t>
    draw(const std::vector<std::size_t> &members,
         const std::size_t               n,
         const std::uint64_t             seed)
    {
      std::vector<std::size_t> drawn = random_choice(members.size(), n, seed);
      std::sort(drawn.begin(), drawn.end());
      for (std::size_t &i : drawn)
        i = members[i];
      return drawn;
    }



    /// The network of @p basis, and those after steps with each of @p lambdas
    /// times the length of a column, accelerated with the rows of @p members.
    std::vector<Network>
    trials(const TangentBasis             &basis,
           const Family                   &family,
           const std::vector<std::size_t> &members,
           const ReducedProblem           &problem,
           const std::vector<double>      &lambdas)
    {
      const double                      length = problem.column_scale();
      std::vector<GeodesicAcceleration> steps;
      for (const double lambda : lambdas)
        steps.emplace_back(basis, problem.solve_damped(lambda * length));
      for_each_of_rank(family,
                       members,
                       [&](const std::size_t, const FamilyMember &member) {
                         linearize(basis.network(), member);
                         const double scale =
                           1. / norm_of_zero(*member.residual);
                         for (GeodesicAcceleration &step : steps)
                           step.add({member.sampling, member.residual}, scale);
                       });

      std::vector<Network> networks{basis.network()};
      for (std::size_t i = 0; i < lambdas.size(); ++i)
        {
          const Column y =
            steps[i].step(problem, lambdas[i] * length, family.communicator);
          networks.push_back(basis.network().clone());
          const Column theta = networks.back().parameters();
          KokkosBlas::axpy(1., basis.expand(y), theta);
          networks.back().set_parameters(theta);
        }
      return networks;
    }
  } // namespace



  Alignment
  align(Network                         &network,
        const Family                    &family,
        const std::vector<std::size_t>  &members,
        const FamilyAlignmentParameters &parameters)
  {
    require(!members.empty(), "family: no members to be aligned with");
    const std::size_t n =
      std::min(parameters.n_members.value_or(members.size()), members.size());
    const auto seed = [&](const unsigned int step) {
      return (parameters.seed << 32) + step;
    };

    Alignment                result;
    constexpr double         factor  = 3; // between values that are tried
    double                   lambda  = 0.1;
    std::vector<std::size_t> present = draw(members, n, seed(0));
    while (result.n_steps < parameters.n_steps)
      {
        const StructuredBasis     basis(network,
                                    parameters.n_directions,
                                    seed(result.n_steps));
        std::vector<AppendRowsQR> rows{AppendRowsQR(parameters.n_directions)};
        append(basis, family, present, parameters.n_columns, rows);
        rows[0].reduce(family.communicator);

        const ReducedProblem       problem(rows[0]);
        const std::vector<double>  lambdas{lambda / factor,
                                          lambda,
                                          lambda * factor};
        const std::vector<Network> networks =
          trials(basis, family, present, problem, lambdas);
        present = draw(members, n, seed(++result.n_steps));
        const std::vector<double> norms =
          root_mean_squares(relative_residuals(networks, family, present));
        const std::size_t best =
          std::min_element(norms.begin(), norms.end()) - norms.begin();
        if (best > 0)
          network.set_parameters(networks[best].parameters());
        lambda = best > 0 ? lambdas[best - 1] : factor * factor * lambda;
        lambda = std::min(std::max(lambda, 1e-7), 1e3);

        if (result.n_steps == 1)
          result.initial_norm = norms[0];
        result.final_norm = norms[best];
        std::ostringstream line;
        line << "  step " << result.n_steps << ": relative residual "
             << norms[0] << " -> " << norms[best] << ", lambda " << lambda;
        print(parameters.progress, line.str());
      }
    return result;
  }
} // namespace lsr
