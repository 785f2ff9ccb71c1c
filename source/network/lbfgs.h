// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_lbfgs_h
#define lsr_network_lbfgs_h

#include <lsr/base/types.h>

#include <functional>

namespace lsr
{
  /// Options of minimize_by_lbfgs().
  struct LBFGSParameters
  {
    /// Iterations, each of one step along a line.
    unsigned int max_iterations = 300;

    /// Pairs of steps and changes of the gradient that are kept.
    unsigned int history = 100;

    /// Called after every ten iterations with their number and the value so
    /// far; the minimization ends if it returns false.
    std::function<bool(unsigned int iteration, double value)> go_on;

    /// Asked before every evaluation of the function but the first; the
    /// minimization ends if it returns true.
    std::function<bool()> out_of_time;
  };

  /**
   * Minimize a function of many variables by L-BFGS with a line search that
   * fulfils the strong Wolfe conditions (that of LibTorch).
   *
   * @param [in,out] x start, and the best point on the way
   * @param function returns the value at its first argument and stores the
   *   gradient in the second
   * @param parameters see LBFGSParameters
   *
   * @return the number of iterations. Throws lsr::Error if the value at the
   * start is not finite.
   */
  unsigned int
  minimize_by_lbfgs(
    const Column &x,
    const std::function<double(const Column &x, const Column &gradient)>
                          &function,
    const LBFGSParameters &parameters = {});
} // namespace lsr

#endif
