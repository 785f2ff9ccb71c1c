// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/fe/checked_refinement.h>
#include <lsr/refine/tangent_basis.h>
#include <lsr/refine/tangent_space.h>

#include <KokkosBlas1_axpby.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <sstream>

#include "base/to_view.h"
#include "dense/by_rows.h"
#include "fe/objectives.h"

namespace lsr
{
  using namespace internal;
  using Objective = ProgramResidual::Objective;

  namespace
  {
    constexpr double eps = 1e-8;

    Column
    copy(const Column &column)
    {
      const Column result = make_column(column.size());
      Kokkos::deep_copy(result, column);
      return result;
    }



    Column
    difference(const Column &a, const Column &b)
    {
      const Column result = copy(a);
      KokkosBlas::axpy(-1., b, result);
      return result;
    }



    Column
    sum(const Column &a, const Column &b)
    {
      const Column result = copy(a);
      KokkosBlas::axpy(1., b, result);
      return result;
    }



    /// Directions of one number of them, and what came of it.
    struct Stage
    {
      std::unique_ptr<const StructuredBasis> basis;
      std::unique_ptr<const TangentSpace>    space;
      Refinement                             refinement;
    };



    class Refiner
    {
    public:
      Refiner(const Network         &network,
              const Sampling        &sampling,
              ProgramResidual       &program,
              const ValueSpace      &space,
              const FieldParameters &parameters)
        : network(network)
        , sampling(sampling)
        , program(program)
        , value_space(space)
        , parameters(parameters)
        , communicator(program.communicator())
        , residual(program)
        , start(std::chrono::steady_clock::now())
      {}

      CheckedRefinement
      run()
      {
        prepare();
        std::optional<std::size_t> n = first_number();
        for (; n; n = next_number())
          refine_in(*n);
        result.refinement   = stage.refinement;
        result.n_directions = stage.basis->n_directions();
        result.still_falls  = still_falls();
        judge();
        advise();
        result.seconds = seconds();
        if (parameters.out != nullptr && communicator.rank() == 0)
          *parameters.out << result.summary() << std::endl;
        return result;
      }

    private:
      // ---------------------------------------------------------- quantities

      double
      seconds() const
      {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                             start)
          .count();
      }

      double
      product(const Column &a, const Column &b) const
      {
        return communicator.sum(dot(a, b));
      }

      /// Norms in $L_2$ of each base element, without free constants.
      std::vector<double>
      norms(const Column &values) const
      {
        const Column masked = copy(values);
        program.set_fixed_to_zero(as_block(masked));
        for (const auto &[c, Mc] : constants)
          KokkosBlas::axpy(-product(Mc, masked) / product(Mc, c), c, masked);
        const HostColumn    v = to_host(masked);
        std::vector<double> squares(value_space.n_base_elements, 0.);
        for (std::size_t i = 0; i < v.size(); ++i)
          squares[value_space.base_element[i]] +=
            v(i) * v(i) * value_space.mass[i];
        for (double &square : squares)
          square = std::sqrt(communicator.sum(square));
        return squares;
      }

      /// A column with random entries of the free values.
      Column
      random_column(std::mt19937 &generator) const
      {
        const HostColumn x("lsr::x", program.n_values());
        for (std::size_t i = 0; i < x.size(); ++i)
          x(i) = generator() % 2 == 0 ? 1. : -1.;
        const Column column = to_memory_space(x);
        program.set_fixed_to_zero(as_block(column));
        return column;
      }

      Column
      apply(const Column &x)
      {
        const Column y = make_column(program.n_rows());
        residual.apply_jacobian(as_block(x), as_block(y));
        return y;
      }

      /// The norm $f^T M^{-1} f$.
      double
      mass_norm(const Column &f) const
      {
        return DiagonalInnerProduct(inverse_root_mass, communicator).norm(f);
      }

      // --------------------------------------------------------- preparation

      void
      prepare()
      {
        require(program.n_values() == program.n_rows() &&
                  value_space.mass.size() == program.n_values(),
                "refine: a residual with a row for each of the " +
                  std::to_string(value_space.mass.size()) +
                  " degrees of freedom expected, found one of " +
                  std::to_string(program.n_values()) + " values and " +
                  std::to_string(program.n_rows()) + " rows");
        q = sampling.evaluate(network);
        program.prepare(q);

        std::vector<double> factors(value_space.mass);
        for (double &mass : factors)
          mass = mass > 0. ? 1. / std::sqrt(mass) : 1.;
        inverse_root_mass = to_view<Column>(factors);
        for (double &factor : factors)
          factor = 1. / factor;
        root_mass = to_view<Column>(factors);

        const Column ones = make_column(q.size());
        Kokkos::deep_copy(ones, 1.);
        program.set_fixed_to_zero(as_block(ones));
        n_free = static_cast<std::size_t>(product(ones, ones) + 0.5);
        find_constants();
        objective = program.objective();
      }

      /// Constants of components that the Jacobian does not see.
      void
      find_constants()
      {
        std::mt19937 generator(11 + communicator.rank());
        for (unsigned int c = 0; c < value_space.n_components; ++c)
          {
            const HostColumn entries("lsr::constant", q.size());
            for (std::size_t i = 0; i < entries.size(); ++i)
              entries(i) = value_space.component[i] == c ? 1. : 0.;
            const Column constant = to_memory_space(entries);
            program.set_fixed_to_zero(as_block(constant));
            const Column rough = random_column(generator);
            scale_rows(constant, as_block(rough), as_block(rough));
            const double of_constant = mass_norm(apply(constant)),
                         of_rough    = mass_norm(apply(rough));
            if (product(constant, constant) == 0. || of_rough == 0. ||
                of_constant > 1e-9 * of_rough)
              continue;
            result.free_constants.push_back(c);
            const HostColumn free = to_host(constant);
            for (std::size_t i = 0; i < free.size(); ++i)
              if (free(i) == 1.)
                {
                  pinned.push_back(i);
                  break;
                }
            const Column Mc = to_view<Column>(value_space.integral);
            scale_rows(constant, as_block(Mc), as_block(Mc));
            constants.emplace_back(constant, Mc);

            // Of the size that A has for random vectors.
            scale_rows(root_mass, as_block(rough), as_block(rough));
            const double length = std::sqrt(product(rough, rough));
            residual.keep_constant(constant,
                                   Mc,
                                   of_rough / (length * product(Mc, constant)),
                                   q);
          }
      }

      /// Whether there is an energy: the Jacobian is symmetric and definite on
      /// the free values.
      bool
      has_energy(const TangentSpace &space)
      {
        const std::size_t r =
          std::min<std::size_t>(space.columns().extent(1), 128);
        const Block X  = columns(space.columns(), 0, r);
        const Block AX = make_block(program.n_rows(), r);
        const Block S  = make_block(r, r);
        residual.apply_jacobian(X, AX);
        multiply(1., 'T', X, 'N', AX, 0., S);
        communicator.sum(S);
        const HostBlock s       = to_host(S);
        double          largest = 0, asymmetry = 0, trace = 0;
        for (std::size_t i = 0; i < r; ++i)
          {
            trace += s(i, i);
            for (std::size_t j = 0; j < r; ++j)
              {
                largest   = std::max(largest, std::abs(s(i, j)));
                asymmetry = std::max(asymmetry, std::abs(s(i, j) - s(j, i)));
              }
          }
        std::mt19937 generator(3 + communicator.rank());
        const Column x = random_column(generator), y = random_column(generator),
                     Ax = apply(x), Ay = apply(y);
        if (asymmetry > eps * largest ||
            std::abs(product(x, Ay) - product(y, Ax)) >
              eps * (std::sqrt(product(x, x) * product(Ay, Ay)) +
                     std::sqrt(product(y, y) * product(Ax, Ax))))
          {
            reason = "the Jacobian is not symmetric";
            return false;
          }
        const bool   turn = trace < 0.;
        const double sign = turn ? -1. : 1.;
        const Block  N    = make_block(r, r);
        const Column zero = make_column(r);
        Kokkos::deep_copy(zero, 0.);
        KokkosBlas::axpby(sign, S, 0., N);
        if (sign * product(x, Ax) <= 0. || sign * product(y, Ay) <= 0. ||
            LeastSquares::from_normal_equations(N, zero, 0.).numerical_rank() <
              r)
          {
            reason = "the Jacobian is not definite";
            return false;
          }
        if (turn)
          residual.turn_sign();
        return true;
      }

      /// What refine() minimizes.
      void
      set_objective()
      {
        if (objective == Objective::error)
          {
            error_residual = std::make_unique<ErrorResidual>(residual);
            error_residual->set_inner_product(
              std::make_shared<DiagonalInnerProduct>(error_factors({}),
                                                     communicator));
            result.objective = "error in L2";
          }
        else if (objective == Objective::given)
          {
            residual.set_inner_product(
              std::make_shared<GivenProduct>(program.shared_inner_product(),
                                             residual));
            result.objective = "norm as given";
          }
        else if (has_energy(*stage.space))
          {
            is_energy = true;
            residual.set_inner_product(std::make_shared<Energy>(residual));
            result.objective = "energy of the error";
          }
        else
          {
            minimize_mass_norm();
            result.notes.push_back(
              "It is not the energy of the error, because " + reason + ".");
          }
      }

      void
      minimize_mass_norm()
      {
        is_energy = false;
        residual.set_inner_product(
          std::make_shared<DiagonalInnerProduct>(inverse_root_mass,
                                                 communicator));
        result.objective = "residual in the norm of the mass matrix";
      }

      /// Factors of the values in the $L_2$ norm of an error, divided by
      /// @p distances of base elements; small for boundary values, which the
      /// field has anyway.
      Column
      error_factors(const std::vector<double> &distances) const
      {
        constexpr double boundary_weight = 1e-2;
        const Column     free            = make_column(q.size());
        Kokkos::deep_copy(free, 1.);
        program.set_fixed_to_zero(as_block(free));
        const HostColumn    is_free = to_host(free);
        std::vector<double> factors(value_space.mass.size());
        for (std::size_t i = 0; i < factors.size(); ++i)
          {
            const double distance =
              distances.empty() ? 1. : distances[value_space.base_element[i]];
            if (distance > 0.)
              factors[i] = std::sqrt(value_space.mass[i]) / distance *
                           (is_free(i) == 1. ? 1. : boundary_weight);
          }
        return to_view<Column>(factors);
      }

      // -------------------------------------------------------------- stages

      /// The largest number of directions that the budget allows. There are
      /// four blocks with that many columns at a time.
      std::size_t
      largest_number() const
      {
        const double bytes = 4. * sizeof(double) *
                             communicator.sum(double(program.n_values())),
                     fitting =
                       parameters.max_memory * communicator.size() / bytes;
        return std::max<std::size_t>(1,
                                     std::min({static_cast<std::size_t>(
                                                 std::min(fitting, 1e9)),
                                               parameters.max_directions,
                                               network.n_parameters(),
                                               n_free}));
      }

      std::size_t
      first_number() const
      {
        if (parameters.n_directions)
          return std::min({*parameters.n_directions,
                           network.n_parameters(),
                           std::max<std::size_t>(1, n_free)});
        return std::min(std::max<std::size_t>(128, parameters.rank.value_or(0)),
                        largest_number());
      }

      /// Nothing: it is enough.
      std::optional<std::size_t>
      next_number() const
      {
        const std::size_t n     = stage.basis->n_directions(),
                          limit = largest_number();
        if (parameters.n_directions || n >= limit)
          return std::nullopt;
        const Refinement &refined = stage.refinement;
        if (refined.refined_norm <= parameters.reduction * refined.initial_norm)
          return std::nullopt;
        // Directions that depend on others add nothing.
        if (refined.numerical_rank < 0.7 * n)
          return std::nullopt;
        if (n >= 1024 && refined.refined_norm > 0.9 * previous_norm)
          return std::nullopt;
        const std::size_t next   = std::min(2 * n, limit);
        const double      growth = double(next) / n;
        const bool        too_long =
          seconds() + growth * growth * stage_seconds > parameters.max_seconds;
        if (communicator.sum(too_long ? 1. : 0.) > 0.)
          return std::nullopt;
        return next;
      }

      void
      refine_in(const std::size_t n)
      {
        const double begin = seconds();
        previous_norm      = stage.refinement.refined_norm;
        stage              = {};
        stage.basis =
          std::make_unique<StructuredBasis>(network, n, parameters.seed);
        stage.space = std::make_unique<TangentSpace>(*stage.basis,
                                                     sampling,
                                                     residual,
                                                     parameters.drop_tolerance);
        if (result.objective.empty())
          set_objective();
        const auto refine_now = [&]() {
          Residual &minimized = error_residual ?
                                  static_cast<Residual &>(*error_residual) :
                                  residual;
          return refine(*stage.space, sampling, minimized, parameters);
        };
        try
          {
            stage.refinement = refine_now();
          }
        catch (const NotPositiveDefinite &exception)
          {
            result.notes.push_back(
              std::string("The energy of the error could not be minimized: ") +
              exception.what() + ".");
            minimize_mass_norm();
            stage.refinement = refine_now();
          }
        stage.refinement.timer.add(stage.space->timer());
        stage_seconds = seconds() - begin;
      }

      /// Whether the last tenth of the columns still lowers the residual.
      bool
      still_falls() const
      {
        const std::vector<double> &loss = stage.refinement.profile.loss;
        if (loss.size() < 11 ||
            stage.refinement.refined_norm <=
              parameters.reduction * stage.refinement.initial_norm)
          return false;
        // Directions that depend on others would add nothing.
        if (stage.refinement.numerical_rank < 0.7 * result.n_directions)
          return false;
        const std::size_t rank = loss.size() - 1;
        return std::sqrt(loss[rank * 9 / 10]) > 1.1 * std::sqrt(loss[rank]);
      }

      // ------------------------------------------------------------ judgement

      /// The solution as a Krylov method finds it from @p values.
      struct Estimate
      {
        Column solution;
        bool   reliable = false;
      };

      Estimate
      estimate_from(const Column &values)
      {
        if (error_residual && program.is_affine())
          return estimate_by_inverse(values);
        Estimate           estimate{copy(values), false};
        const Column       f              = make_column(values.size());
        const unsigned int n_newton_steps = program.is_affine() ? 1 : 4;
        double             before = std::numeric_limits<double>::infinity();
        for (unsigned int step = 0; step < n_newton_steps; ++step)
          {
            residual.linearize(estimate.solution);
            residual.evaluate(estimate.solution, f);
            const double now = mass_norm(f);
            if (!(now < before))
              {
                estimate.reliable = false;
                break;
              }
            before              = now;
            const Column change = make_column(values.size());
            estimate.reliable   = solve(f, change);
            KokkosBlas::axpy(-1., change, estimate.solution);
            if (length(change) < 0.1 * length(difference(estimate.solution, q)))
              break;
          }
        return estimate;
      }

      /// The inverse that the user gave has been used already.
      Estimate
      estimate_by_inverse(const Column &values)
      {
        const Column error = make_column(values.size());
        error_residual->evaluate(values, error);
        DiagonalInnerProduct product(inverse_root_mass, communicator);
        const double         defect = error_residual->defect(product);
        if (!(defect < 0.1))
          {
            std::ostringstream note;
            note << "What minimize_error() was given is not the inverse of the "
                    "Jacobian: it leaves "
                 << defect << " of the residual.";
            result.notes.push_back(note.str());
          }
        return {difference(values, error), defect < 0.1};
      }

      /// Solve $A x = f$ by whatever is at hand; returns whether that worked.
      bool
      solve(const Column &f, const Column &x)
      {
        constexpr double tolerance = 1e-8, enough = 1e-5;
        if (is_energy)
          try
            {
              return Krylov(residual)
                       .conjugate_gradients(f, x, tolerance, 10000)
                       .reduction < enough;
            }
          catch (const NotPositiveDefinite &)
            {}
        const auto solve_with_inverse = [&](const unsigned int max_steps) {
          const Krylov krylov(residual,
                              [this](const Column &b, const Column &y) {
                                residual.inverse(b, y);
                              });
          return krylov.gmres(f, x, tolerance, max_steps).reduction < enough;
        };
        if (program.has_inverse() && solve_with_inverse(200))
          return true;
        if (program.factorize(pinned) && solve_with_inverse(30))
          return true;
        const unsigned int max_steps =
          std::clamp<std::size_t>(2 * stage.space->columns().extent(1),
                                  400,
                                  2000);
        return Krylov(residual).gmres(f, x, tolerance, max_steps).reduction <
               enough;
      }

      double
      length(const Column &values) const
      {
        double squares = 0;
        for (const double norm : norms(values))
          squares += norm * norm;
        return std::sqrt(squares);
      }

      /// The largest ratio of the distances of refined values and network, over
      /// base elements.
      struct Score
      {
        double ratio = 0, network = 0, refined = 0;
      };

      Score
      score(const Column &refined, const Column &solution) const
      {
        const auto size   = norms(solution),
                   before = norms(difference(q, solution)),
                   after  = norms(difference(refined, solution));
        Score worst{-1., 0., 0.};
        for (std::size_t b = 0; b < size.size(); ++b)
          if (before[b] > 1e-13 * size[b] && before[b] > 0.)
            {
              const double ratio = after[b] / before[b];
              if (!(ratio <= worst.ratio))
                worst = {ratio,
                         size[b] > 0 ? before[b] / size[b] : before[b],
                         size[b] > 0 ? after[b] / size[b] : after[b]};
            }
        return worst;
      }

      /// The correction that is closest to @p solution.
      Refinement
      closest_to(const Column &solution)
      {
        const auto   distances = norms(difference(q, solution));
        const Column weights   = error_factors(distances);
        const Block &Q         = stage.space->columns();
        const Block  G         = make_block(Q.extent(0), Q.extent(1));
        const Column change    = difference(solution, q);
        program.set_zero(as_block(change));
        for (const auto &[c, Mc] : constants)
          KokkosBlas::axpy(-product(Mc, change) / product(Mc, c), c, change);
        scale_rows(weights, Q, G);
        scale_rows(weights, as_block(change), as_block(change));
        AppendRowsQR qr(Q.extent(1));
        qr.append(G, change);
        qr.reduce(communicator);
        const Column y = stage.space->coefficients(LeastSquares(qr).solve());

        Refinement closest   = stage.refinement;
        closest.correction   = stage.basis->expand(y);
        closest.values       = sum(q, stage.space->change(y));
        closest.rank         = Q.extent(1);
        closest.initial_norm = length(difference(q, solution));
        closest.refined_norm = length(difference(closest.values, solution));
        return closest;
      }

      void
      take(const Score &found)
      {
        result.accepted         = found.ratio < 1.;
        result.network_distance = found.network;
        result.refined_distance = found.refined;
      }

      void
      judge()
      {
        const Estimate estimate = estimate_from(result.refinement.values);
        const Score found = score(result.refinement.values, estimate.solution);
        if (estimate.reliable)
          {
            take(found);
            if (found.ratio > 0.1)
              {
                const Refinement other = closest_to(estimate.solution);
                const Score of_other   = score(other.values, estimate.solution);
                if (of_other.ratio < 0.5 * found.ratio ||
                    (found.ratio >= 1. && of_other.ratio < 1.))
                  {
                    result.refinement = other;
                    take(of_other);
                    const std::string minimized = result.objective;
                    result.objective            = "estimate of the error in L2";
                    result.notes.push_back(
                      "The " + minimized +
                      " says little about the error here; the correction is "
                      "the one closest to the solution as a Krylov method "
                      "finds it.");
                  }
              }
            if (!result.accepted)
              reject("The refined field is not closer to the solution, as a "
                     "Krylov method finds it, than the network.");
          }
        else
          {
            const Estimate from_network = estimate_from(q);
            const Score    second =
              score(result.refinement.values, from_network.solution);
            take(found.ratio > second.ratio ? found : second);
            if (!result.accepted)
              reject("The refined field may be further from the solution than "
                     "the network, as far as a Krylov method that does not "
                     "converge can tell.");
            else
              result.notes.push_back("The estimate of the error is rough: a "
                                     "Krylov method did not converge.");
          }
        const auto changes = norms(difference(result.refinement.values, q)),
                   sizes   = norms(q);
        for (std::size_t b = 0; b < sizes.size(); ++b)
          if (result.accepted && changes[b] > 1e3 * sizes[b])
            {
              std::ostringstream note;
              note << "The correction is " << changes[b] / sizes[b]
                   << " times as large as the values of the network.";
              if (estimate.reliable)
                result.notes.push_back(note.str());
              else
                reject(note.str());
            }
      }

      /// Leave the network as it is.
      void
      reject(const std::string &sentence)
      {
        Refinement &refinement  = result.refinement;
        refinement.correction   = make_column(network.n_parameters());
        refinement.values       = q;
        refinement.refined_norm = refinement.initial_norm;
        refinement.rank         = 0;
        result.accepted         = false;
        result.notes.push_back(sentence + " The network remains as it is.");
      }

      void
      advise()
      {
        if (!result.free_constants.empty())
          {
            std::ostringstream note;
            note << "The equation leaves the constant in component ";
            for (std::size_t i = 0; i < result.free_constants.size(); ++i)
              note << (i > 0 ? ", " : "") << result.free_constants[i];
            note << " free; it is that of the network.";
            result.notes.push_back(note.str());
          }
        const double gain =
          result.refinement.refined_norm / result.refinement.initial_norm;
        if (result.still_falls)
          result.notes.push_back(
            "The residual still falls at the last direction: more directions "
            "(n_directions, max_directions, max_seconds), or a network with "
            "more parameters, would bring more.");
        else if (gain > 0.1)
          result.notes.push_back(
            "Further directions add little: a wider network, one that knows a "
            "kink or singularity of the solution as an input, or align() would "
            "bring more.");
        if (!result.accepted && objective != Objective::error)
          result.notes.push_back(
            "With a solver or factorization at hand, minimize_error() minimizes "
            "the error itself.");
      }

      const Network         &network;
      const Sampling        &sampling;
      ProgramResidual       &program;
      const ValueSpace      &value_space;
      const FieldParameters &parameters;
      const Communicator     communicator;

      RegularResidual                             residual;
      std::unique_ptr<ErrorResidual>              error_residual;
      const std::chrono::steady_clock::time_point start;

      Column      q, root_mass, inverse_root_mass;
      std::size_t n_free = 0;

      /// Free constants $c$, with $M c$, $M$ the mass matrix itself.
      std::vector<std::pair<Column, Column>> constants;

      /// A value of each of these components.
      std::vector<std::size_t> pinned;

      std::optional<Objective> objective;
      bool                     is_energy = false;
      std::string              reason;

      Stage             stage;
      double            stage_seconds = 0, previous_norm = 0;
      CheckedRefinement result;
    };
  } // namespace



  bool
  CheckedRefinement::has_free_constant(const dealii::ComponentMask &mask) const
  {
    return std::any_of(free_constants.begin(),
                       free_constants.end(),
                       [&](const unsigned int component) {
                         return mask[component] &&
                                mask.n_selected_components(mask.size()) == 1;
                       });
  }



  std::string
  CheckedRefinement::summary() const
  {
    std::ostringstream line;
    line.precision(2);
    line << std::scientific << "lsr::refine: " << objective << ' '
         << refinement.initial_norm << " -> " << refinement.refined_norm
         << ", rank " << refinement.rank << " of " << n_directions
         << " directions, " << refinement.n_linearizations << " linearization"
         << (refinement.n_linearizations == 1 ? "" : "s") << ", " << std::fixed
         << seconds << " s";
    if (!accepted)
      line << "; the network remains as it is";
    else if (still_falls)
      line << "; still falls at the last direction";
    return line.str();
  }



  std::string
  CheckedRefinement::report() const
  {
    std::ostringstream text;
    text.precision(2);
    text << std::scientific << "Minimized: " << objective << ", "
         << refinement.initial_norm << " -> " << refinement.refined_norm
         << "\nDirections: " << n_directions << ", "
         << refinement.numerical_rank << " of them independent, "
         << refinement.rank << " used\n";
    if (std::isnan(refined_distance))
      text << "No estimate of the distance to the solution\n";
    else
      text << "Estimated relative L2 distance to the solution: "
           << network_distance << " -> " << refined_distance << '\n';
    text << (accepted ? "Accepted\n" : "Not accepted\n");
    for (const std::string &note : notes)
      text << note << '\n';
    return text.str();
  }



  CheckedRefinement
  refine_and_check(const Network         &network,
                   const Sampling        &sampling,
                   ProgramResidual       &residual,
                   const ValueSpace      &space,
                   const FieldParameters &parameters)
  {
    return Refiner(network, sampling, residual, space, parameters).run();
  }
} // namespace lsr
