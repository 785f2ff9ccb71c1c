// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/solution_estimate.h"

#include <KokkosBlas1_axpby.hpp>

#include <limits>
#include <sstream>

namespace lsr::internal
{
  SolutionEstimate
  SolutionEstimator::estimate(const Column             &values,
                              const Column             &network_values,
                              std::vector<std::string> &notes) const
  {
    const bool is_affine = residual.program.is_affine();
    if (error_residual != nullptr && is_affine)
      return by_inverse(values, notes);
    SolutionEstimate   found{copy(values), false};
    const Column       f              = make_column(values.size());
    const unsigned int n_newton_steps = is_affine ? 1 : 4;
    double             before         = std::numeric_limits<double>::infinity();
    for (unsigned int step = 0; step < n_newton_steps; ++step)
      {
        residual.linearize(found.solution);
        residual.evaluate(found.solution, f);
        const double now = free.dual_norm(f);
        if (!(now < before))
          {
            found.reliable = false;
            break;
          }
        before              = now;
        const Column change = make_column(values.size());
        found.reliable      = solve(f, change);
        KokkosBlas::axpy(-1., change, found.solution);
        if (free.norm(change) <
            0.1 * free.norm(difference(found.solution, network_values)))
          break;
      }
    return found;
  }



  SolutionEstimate
  SolutionEstimator::by_inverse(const Column             &values,
                                std::vector<std::string> &notes) const
  {
    const Column error = make_column(values.size());
    error_residual->evaluate(values, error);
    DiagonalInnerProduct product(free.inverse_root_mass(),
                                 residual.communicator());
    const double         defect = error_residual->defect(product);
    if (!(defect < 0.1))
      {
        std::ostringstream note;
        note << "What minimize_error() was given is not the inverse of the "
                "Jacobian: it leaves "
             << defect << " of the residual.";
        notes.push_back(note.str());
      }
    return {difference(values, error), defect < 0.1};
  }



  bool
  SolutionEstimator::solve(const Column &f, const Column &x) const
  {
    constexpr double tolerance = 1e-8, enough = 1e-5;
    if (has_energy)
      try
        {
          return Krylov(residual)
                   .conjugate_gradients(f, x, tolerance, 10000)
                   .reduction < enough;
        }
      catch (const NotPositiveDefinite &)
        {}
    const auto solve_with_inverse = [&](const unsigned int n_steps) {
      const Krylov krylov(residual, [this](const Column &b, const Column &y) {
        residual.inverse(b, y);
      });
      return krylov.gmres(f, x, tolerance, n_steps).reduction < enough;
    };
    if (residual.program.has_inverse() && solve_with_inverse(200))
      return true;
    if (residual.program.factorize(pinned) && solve_with_inverse(30))
      return true;
    return Krylov(residual).gmres(f, x, tolerance, max_steps).reduction <
           enough;
  }
} // namespace lsr::internal
