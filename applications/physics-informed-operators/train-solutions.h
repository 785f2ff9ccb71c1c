// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_train_solutions_h
#define lsr_applications_train_solutions_h

#include <functional>

#include "random-fields/gaussian_field.h"

namespace lsr
{
  /// Solutions of the equations of operator networks, as functions of the
  /// coordinates: what test errors are measured with during training.
  using ReferenceSolution = std::function<double(const double *)>;

  /// $\int_0^x u$, term by term.
  ReferenceSolution
  integral_of(const FourierSeries &u);

  /**
   * $s_t = D s_{xx} + k s^2 + u(x)$ on the unit square, zero at first and at
   * both ends: finite differences of second order, implicit in the diffusion
   * (Crank-Nicolson), explicit in the reaction (Adams-Bashforth), on
   * @p n_cells $\times$ 2 @p n_cells cells, and linear in between.
   */
  ReferenceSolution
  diffusion_reaction_solution(const FourierSeries &u,
                              double               D,
                              double               k,
                              unsigned int         n_cells = 200);

  /**
   * $s_t + u(x) s_x = 0$ with $s(x, 0) = \sin(\pi x)$ and $s(0, t) =
   * \sin(\pi t / 2)$, by characteristics: with the time $T(x) = \int_0^x 1/u$
   * from the left end to $x$, the value at $(x, t)$ comes from the left end, at
   * $t - T(x)$, or from $x_0$ with $T(x_0) = T(x) - t$. For $u > 0$.
   */
  ReferenceSolution
  advection_solution(const FourierSeries &u);

  /// The minimum over a grid of 201 points.
  double
  minimum_on_unit_interval(const FourierSeries &u);
} // namespace lsr

#endif
