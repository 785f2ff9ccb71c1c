// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_equations_h
#define lsr_studies_train_equations_h

// First: LibTorch and Kokkos have macros of the same names.
#include <lsr/network/fully_connected.h>

#include <torch/torch.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "applications/studies/random-fields/gaussian_field.h"

namespace lsr_studies
{
  /// Points at which something is demanded of a solution $s(x, t)$ or $s(x)$
  /// on the unit interval.
  enum class PointKind
  {
    interior, ///< $(x, t)$
    initial,  ///< $(x, 0)$
    start,    ///< $x = 0$ where there is no time
    inflow,   ///< $(0, t)$
    walls,    ///< $(0, t)$ and $(1, t)$
    period    ///< the solution at $(0, t)$ minus that at $(1, t)$
  };

  /**
   * A term of the loss: weight times the mean over functions and points of
   * $r^2$.
   */
  struct Condition
  {
    PointKind points;
    double    weight;

    /**
     * $r$ for the values @p u of the input functions at $x$, [functions,
     * points], the points @p y, [points, coordinates], and the jets @p s of the
     * solutions there, $(s, s_x, s_t, s_{xx})$ or $(s, s_x, s_{xx})$ in
     * [entries, functions, points].
     */
    torch::Tensor (*residual)(const torch::Tensor &u,
                              const torch::Tensor &y,
                              const torch::Tensor &s);
  };

  /**
   * An equation that maps functions $u$ to solutions $s$ (paper, Example 3),
   * and the networks and settings to learn that map,
   * $s(y) = \sum_k b_k(u)\, t_k(y)$.
   */
  struct TrainingEquation
  {
    /// Branch $b$ of values of $u$ at equidistant points of [0, 1], and trunk
    /// $t$.
    FullyConnected branch, trunk;

    /// Weights of second derivatives in the jets, one for each coordinate.
    std::vector<double> curvatures;

    std::vector<Condition> conditions;

    /// Draw an input function.
    std::function<FourierSeries(std::mt19937_64 &)> sample;

    /// The solution as a function of the coordinates.
    using Solution = std::function<double(const double *y)>;
    std::function<Solution(const FourierSeries &u)> solve;

    /// Settings of the training.
    unsigned int n_iterations = 8000, n_functions = 100, n_points = 250;
    double       learning_rate = 3e-3;
  };

  /// Those that make_training_equation() knows.
  const std::vector<std::string> &
  training_equations();

  TrainingEquation
  make_training_equation(const std::string &name);
} // namespace lsr_studies

#endif
