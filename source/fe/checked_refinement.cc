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
#include "fe/solution_estimate.h"

namespace lsr
{
  using namespace internal;
  using Objective = ProgramResidual::Objective;

  namespace
  {
    constexpr double eps = 1e-8;

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
        , q(prepared_values())
        , free(program, space)
        , n_free(free.n())
        , objective(program.objective())
      {}

      CheckedRefinement
      run()
      {
        find_constants();
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

      Column
      apply(const Column &x)
      {
        const Column y = make_column(program.n_rows());
        residual.apply_jacobian(as_block(x), as_block(y));
        return y;
      }

      // --------------------------------------------------------- preparation

      /// The values of the network, at which the residual is prepared.
      Column
      prepared_values()
      {
        require(program.n_values() == program.n_rows() &&
                  value_space.mass.size() == program.n_values(),
                "refine: a residual with a row for each of the " +
                  std::to_string(value_space.mass.size()) +
                  " degrees of freedom expected, found one of " +
                  std::to_string(program.n_values()) + " values and " +
                  std::to_string(program.n_rows()) + " rows");
        const Column values = sampling.evaluate(network);
        program.prepare(values);
        return values;
      }

      /// Constants of components that the Jacobian does not see.
      void
      find_constants()
      {
        std::mt19937 generator(11 + communicator.rank());
        for (unsigned int c = 0; c < value_space.n_components; ++c)
          {
            const Column constant = free.of_component(c);
            const Column rough    = free.random_signs(generator);
            scale_rows(constant, as_block(rough), as_block(rough));
            const double of_constant = free.dual_norm(apply(constant)),
                         of_rough    = free.dual_norm(apply(rough));
            if (free.product(constant, constant) == 0. || of_rough == 0. ||
                of_constant > 1e-9 * of_rough)
              continue;
            result.free_constants.push_back(c);
            find_contradiction(constant, rough);
            const HostColumn entries = to_host(constant);
            for (std::size_t i = 0; i < entries.size(); ++i)
              if (entries(i) == 1.)
                {
                  pinned.push_back(i);
                  break;
                }
            const Column Mc = to_view<Column>(value_space.integral);
            scale_rows(constant, as_block(Mc), as_block(Mc));
            free.leave_out(constant, Mc);

            // Of the size that A has for random vectors.
            scale_rows(free.root_mass(), as_block(rough), as_block(rough));
            const double length = std::sqrt(free.product(rough, rough));
            residual.keep_constant(constant,
                                   Mc,
                                   of_rough /
                                     (length * free.product(Mc, constant)),
                                   q);
          }
      }

      /// Where the rows of the free values sum up to zero, so must the
      /// residual: no field can change its sum.
      void
      find_contradiction(const Column &constant, const Column &rough)
      {
        const Column f = make_column(program.n_rows());
        residual.evaluate(q, f);
        const auto cosine = [&](const Column &x) {
          return std::abs(free.product(constant, x)) /
                 std::sqrt(free.product(constant, constant) *
                           free.product(x, x));
        };
        has_no_solution =
          has_no_solution || (cosine(apply(rough)) < 1e-9 && cosine(f) > 1e-3);
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
        const Column x = free.random_signs(generator),
                     y = free.random_signs(generator), Ax = apply(x),
                     Ay = apply(y);
        if (asymmetry > eps * largest ||
            std::abs(free.product(x, Ay) - free.product(y, Ax)) >
              eps * (std::sqrt(free.product(x, x) * free.product(Ay, Ay)) +
                     std::sqrt(free.product(y, y) * free.product(Ax, Ax))))
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
        if (sign * free.product(x, Ax) <= 0. ||
            sign * free.product(y, Ay) <= 0. ||
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
              std::make_shared<DiagonalInnerProduct>(free.error_factors({}),
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
          std::make_shared<DiagonalInnerProduct>(free.inverse_root_mass(),
                                                 communicator));
        result.objective = "residual in the norm of the mass matrix";
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

      /// The largest ratio of the distances of refined values and network, over
      /// base elements.
      struct Score
      {
        double ratio = 0, network = 0, refined = 0;
      };

      Score
      score(const Column &refined, const Column &solution) const
      {
        const auto size   = free.norms(solution),
                   before = free.norms(difference(q, solution)),
                   after  = free.norms(difference(refined, solution));
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
        const auto   distances = free.norms(difference(q, solution));
        const Column weights   = free.error_factors(distances);
        const Block &Q         = stage.space->columns();
        const Block  G         = make_block(Q.extent(0), Q.extent(1));
        const Column change    = difference(solution, q);
        program.set_zero(as_block(change));
        free.remove_constants(change);
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
        closest.initial_norm = free.norm(difference(q, solution));
        closest.refined_norm = free.norm(difference(closest.values, solution));
        return closest;
      }

      void
      take(const Score &found)
      {
        result.accepted         = found.ratio < 1.;
        result.network_distance = found.network;
        result.refined_distance = found.refined;
      }

      /// As many as the refinement has directions, within limits.
      unsigned int
      max_krylov_steps() const
      {
        return std::clamp<std::size_t>(2 * stage.space->columns().extent(1),
                                       400,
                                       2000);
      }

      void
      judge()
      {
        if (has_no_solution)
          {
            reject("The equation determines a component up to a constant only, "
                   "and the right hand side is not orthogonal to this "
                   "constant: there is no solution.");
            return;
          }
        const SolutionEstimator estimator{residual,
                                          free,
                                          error_residual.get(),
                                          is_energy,
                                          pinned,
                                          max_krylov_steps()};
        const SolutionEstimate  estimate =
          estimator.estimate(result.refinement.values, q, result.notes);
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
            const SolutionEstimate from_network =
              estimator.estimate(q, q, result.notes);
            const Score second =
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
        const auto changes =
                     free.norms(difference(result.refinement.values, q)),
                   sizes = free.norms(q);
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

      const Column      q;
      FreeValues        free;
      const std::size_t n_free;

      /// A value of each component whose constant is free.
      std::vector<std::size_t> pinned;
      bool                     has_no_solution = false;

      const std::optional<Objective> objective;
      bool                           is_energy = false;
      std::string                    reason;

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
