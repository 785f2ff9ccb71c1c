// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/alignment.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "network/lbfgs.h"
#include "refine/alignment_objective.h"
#include "refine/levenberg_marquardt.h"

namespace lsr
{
  namespace
  {
    using Method = AlignmentParameters::Method;



    void
    check(const Network             &network,
          const Sampling            &sampling,
          const Column              &target,
          const Residual            &residual,
          const AlignmentParameters &parameters)
    {
      const std::size_t n_values = sampling.n_values(network.n_outputs());
      require(target.size() == n_values,
              "alignment: " + std::to_string(target.size()) +
                " target values, expected " + std::to_string(n_values) +
                ", as many as the network gives at the points");
      require(parameters.pseudo_time_step >= 0,
              "alignment: pseudo-time step " +
                std::to_string(parameters.pseudo_time_step) +
                ", expected a positive number or 0");
      require(parameters.n_points != std::size_t(0),
              "alignment: 0 points at a time, expected a positive number");
      require(parameters.pseudo_time_step == 0 || !parameters.n_points,
              "alignment: " + std::to_string(parameters.n_points.value_or(0)) +
                " points at a time, expected no such number: the residual in a "
                "pseudo-time step needs all of them");
      const unsigned int n_outputs = parameters.n_outputs.value_or(1);
      require(n_outputs > 0 && n_outputs <= network.n_outputs(),
              "alignment: a fit of " + std::to_string(n_outputs) +
                " outputs of a network with " +
                std::to_string(network.n_outputs()));
      require(
        !sampling.projection || (!parameters.n_points && !parameters.n_outputs),
        "alignment: a fit of some points or outputs, expected all of them: "
        "values that are projected belong to no point");
      if (parameters.pseudo_time_step > 0)
        residual.require_mass();
      if (parameters.pseudo_time_step > 0 && parameters.method == Method::lbfgs)
        residual.require_transposed_jacobian();
    }



    AlignmentObjectives
    make_objectives(const Network             &network,
                    const Sampling            &sampling,
                    const Column              &target,
                    Residual                  &residual,
                    const AlignmentParameters &parameters)
    {
      if (parameters.pseudo_time_step > 0)
        return pseudo_time_objective(sampling,
                                     target,
                                     residual,
                                     parameters.pseudo_time_step);

      Targets fitted{sampling, target};
      if (parameters.n_outputs)
        fitted = targets_of_leading_outputs(fitted,
                                            network.n_outputs(),
                                            *parameters.n_outputs);
      std::optional<std::size_t> n_points = parameters.n_points;
      if (!n_points && !sampling.projection &&
          parameters.method == Method::levenberg_marquardt)
        {
          const Communicator &communicator = residual.communicator();
          const double        points_per_value =
            communicator.sum(double(sampling.points.extent(1))) /
            communicator.sum(double(fitted.values.size()));
          // Few points have a gradient of their own.
          const double n_values = std::max(1000., 5. * parameters.n_directions);
          n_points              = std::ceil(n_values * points_per_value);
        }
      return misfit_objectives(fitted,
                               network.n_outputs(),
                               residual.communicator(),
                               n_points,
                               parameters.seed);
    }



    /// $\|g\|^2$ and its gradient $2 J^T A^T K^{-1} g$ at parameters theta.
    double
    objective_and_gradient(Network                  &network,
                           const AlignmentObjective &objective,
                           const Column             &theta,
                           const Column             &gradient)
    {
      Residual &residual = *objective.residual;
      network.set_parameters(theta);
      const Column q = objective.sampling.evaluate(network);
      const Column g = objective.rows(q);
      residual.linearize(q);

      const Block slope = make_block(q.size(), 1);
      residual.apply_transposed_jacobian(
        residual.inner_product().solve(as_block(g)), slope);
      Kokkos::deep_copy(as_block(gradient),
                        objective.sampling.transposed_jacobian_times(network,
                                                                     slope));
      residual.communicator().sum(gradient);
      KokkosBlas::scal(gradient, 2., gradient);
      return std::pow(residual.norm(g), 2);
    }



    Alignment
    lbfgs(Network                   &network,
          const AlignmentObjective  &objective,
          const AlignmentParameters &parameters)
    {
      Alignment result;
      result.initial_norm  = objective.mean(network);
      const double initial = objective.residual->norm(
        objective.rows(objective.sampling.evaluate(network)));

      LBFGSParameters options;
      options.max_iterations = parameters.max_steps;
      options.go_on = [&](const unsigned int iteration, const double value) {
        const double reached = std::sqrt(value) / initial;
        if (parameters.progress)
          {
            std::ostringstream line;
            line << "  alignment iteration " << iteration << ": " << reached
                 << " of the objective";
            parameters.progress(line.str());
          }
        return reached > parameters.reduction;
      };
      const Column theta = network.parameters();
      result.n_steps     = minimize_by_lbfgs(
        theta,
        [&](const Column &x, const Column &gradient) {
          return objective_and_gradient(network, objective, x, gradient);
        },
        options);
      network.set_parameters(theta);
      result.final_norm = objective.mean(network);
      return result;
    }
  } // namespace



  Alignment
  align(Network                   &network,
        const Sampling            &sampling,
        const Column              &target,
        Residual                  &residual,
        const AlignmentParameters &parameters)
  {
    check(network, sampling, target, residual, parameters);
    const AlignmentObjectives objectives =
      make_objectives(network, sampling, target, residual, parameters);
    return parameters.method == Method::lbfgs ?
             lbfgs(network, objectives(0, 1), parameters) :
             levenberg_marquardt(network, objectives, parameters);
  }
} // namespace lsr
