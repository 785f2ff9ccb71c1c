// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/levenberg_marquardt.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/reduced_problem.h>
#include <lsr/refine/tangent_basis.h>

#include <KokkosBlas1_axpby.hpp>

#include <cmath>
#include <sstream>

#include "refine/geodesic_acceleration.h"

namespace lsr
{
  namespace
  {
    /// alpha a + b
    Column
    sum(const double alpha, const Column &a, const Column &b)
    {
      const Column result = make_column(b.size());
      Kokkos::deep_copy(result, b);
      KokkosBlas::axpy(alpha, a, result);
      return result;
    }



    /// The damping $\lambda$, and how it follows the success of steps.
    class Damping
    {
    public:
      double
      value() const
      {
        return lambda;
      }

      /// @p gain is the actual decrease of the objective over the predicted.
      void
      adapt(const double gain)
      {
        if (gain > 0.75)
          lambda /= 3.;
        else if (gain > 0.25)
          lambda /= 1.7;
        else if (gain > 0.)
          lambda *= 1.4;
        else // also if it is not a number
          lambda *= 2.2;
        lambda = std::min(std::max(lambda, 1e-7), 1e3);
      }

    private:
      double lambda = 1.;
    };



    class LevenbergMarquardt
    {
    public:
      LevenbergMarquardt(Network                   &network,
                         const AlignmentObjectives &objectives,
                         const AlignmentParameters &parameters)
        : network(network)
        , trial(network.clone())
        , objectives(objectives)
        , parameters(parameters)
      {}

      Alignment
      run()
      {
        AlignmentObjective present = objectives(0, growth);
        result.initial_norm = result.final_norm = present.mean(network);
        require(std::isfinite(result.initial_norm),
                "alignment: the objective of the network is not finite");

        best = result.initial_norm;
        while (result.n_steps < parameters.max_steps && growth <= max_growth &&
               result.final_norm > parameters.reduction * result.initial_norm)
          {
            ++result.n_steps;
            const AlignmentObjective next = objectives(result.n_steps, growth);
            step(present, next);
            present = next;
            watch();
          }
        return result;
      }

    private:
      /// So many steps without a decrease by five per cent call for more
      /// points.
      static constexpr unsigned int patience = 8;

      /// So many times the points of the beginning have to be enough.
      static constexpr unsigned int max_growth = 4;

      /// Values of lambda that are tried in one step.
      static constexpr unsigned int max_trials = 4;

      /// One step with the rows of @p present, taken if it makes the objective
      /// on the rows of @p next smaller.
      void
      step(const AlignmentObjective &present, const AlignmentObjective &next)
      {
        const StructuredBasis basis(network,
                                    parameters.n_directions,
                                    (parameters.seed << 32) + result.n_steps);
        const Column          q = present.sampling.evaluate(network);
        const Column          g = present.rows(q);
        const Block           X = present.sampling.jacobian_times(basis);
        present.residual->linearize(q);
        const ReducedProblem problem(X, g, *present.residual);
        const double         scale = problem.column_scale();

        const Column theta  = network.parameters();
        const double start  = present.residual->norm(g);
        const double before = next.mean(network);
        for (unsigned int i = 0; i < max_trials; ++i)
          {
            const double lambda = damping.value() * scale;
            const Column y      = problem.solve_damped(lambda);
            const double predicted =
              predicted_norm(*present.residual, X, y, g) / start;
            trial.set_parameters(sum(
              1.,
              theta,
              basis.expand(accelerated(present, basis, problem, lambda, y))));
            const double after  = next.mean(trial);
            const double actual = after / before;
            damping.adapt((1. - actual * actual) /
                          (1. - predicted * predicted));
            if (after < before)
              {
                network.set_parameters(trial.parameters());
                result.final_norm = after;
                report();
                return;
              }
          }
        result.final_norm = before;
      }

      /**
       * Where steps no longer get anywhere on points that they have not seen,
       * that is mostly because a few points have a gradient of their own: take
       * more.
       */
      void
      watch()
      {
        if (result.final_norm < 0.95 * best)
          {
            best         = result.final_norm;
            step_of_best = result.n_steps;
          }
        else if (result.n_steps >= step_of_best + patience)
          {
            growth *= 2;
            damping      = Damping();
            best         = result.final_norm;
            step_of_best = result.n_steps;
          }
      }

      /// The step @p y with its second order.
      static Column
      accelerated(const AlignmentObjective &objective,
                  const TangentBasis       &basis,
                  const ReducedProblem     &problem,
                  const double              lambda,
                  const Column             &y)
      {
        GeodesicAcceleration acceleration(basis, y);
        acceleration.add(objective, 1.);
        return acceleration.step(problem,
                                 lambda,
                                 objective.residual->communicator());
      }

      /// $\|g + A X y\|$
      static double
      predicted_norm(Residual     &residual,
                     const Block  &X,
                     const Column &y,
                     const Column &g)
      {
        const Column change = make_column(X.extent(0));
        multiply(1., 'N', X, y, 0., change);
        const Column rows = make_column(g.size());
        residual.apply_jacobian(as_block(change), as_block(rows));
        return residual.norm(sum(1., g, rows));
      }

      void
      report() const
      {
        if (!parameters.progress || result.n_steps % 10 != 0)
          return;
        std::ostringstream line;
        line << "  alignment step " << result.n_steps << ": "
             << result.final_norm / result.initial_norm
             << " of the objective, lambda " << damping.value();
        parameters.progress(line.str());
      }

      Network                   &network;
      Network                    trial;
      const AlignmentObjectives &objectives;
      const AlignmentParameters &parameters;
      Damping                    damping;
      unsigned int               growth       = 1;
      unsigned int               step_of_best = 0;
      double                     best         = 0;
      Alignment                  result;
    };
  } // namespace



  Alignment
  levenberg_marquardt(Network                   &network,
                      const AlignmentObjectives &objectives,
                      const AlignmentParameters &parameters)
  {
    return LevenbergMarquardt(network, objectives, parameters).run();
  }
} // namespace lsr
