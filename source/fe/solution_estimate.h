// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_solution_estimate_h
#define lsr_fe_solution_estimate_h

#include <cstddef>
#include <string>
#include <vector>

#include "fe/free_values.h"
#include "fe/objectives.h"

namespace lsr::internal
{
  /// The solution of a program's equations, as a Krylov method finds it.
  struct SolutionEstimate
  {
    Column solution;

    /// Whether the method converged.
    bool reliable = false;
  };



  /// What there is to estimate a solution with.
  struct SolutionEstimator
  {
    RegularResidual  &residual;
    const FreeValues &free;

    /// The residual by the inverse that the user gave; a null pointer where
    /// there is none.
    ErrorResidual *error_residual;

    /// Whether the Jacobian is symmetric and positive definite.
    bool has_energy;

    /// A value of each component whose constant is free.
    std::vector<std::size_t> pinned;

    /// Steps of GMRES without an inverse.
    unsigned int max_steps;

    /**
     * Newton's method, one step where $f$ is affine, from @p values, until a
     * change is small beside the distance from @p network_values; linear
     * systems are solved by whatever is at hand. What a user should know is
     * appended to @p notes. Collective.
     */
    SolutionEstimate
    estimate(const Column             &values,
             const Column             &network_values,
             std::vector<std::string> &notes) const;

  private:
    SolutionEstimate
    by_inverse(const Column &values, std::vector<std::string> &notes) const;

    /// Solve $A x = f$; returns whether that worked.
    bool
    solve(const Column &f, const Column &x) const;
  };
} // namespace lsr::internal

#endif
