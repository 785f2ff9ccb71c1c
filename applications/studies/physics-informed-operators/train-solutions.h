// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_solutions_h
#define lsr_studies_train_solutions_h

#include <functional>

#include "applications/studies/random-fields/gaussian_field.h"

namespace lsr_studies
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

  /// $s_t + u(x) s_x = 0$ with $s(x, 0) = \sin(\pi x)$ and $s(0, t) =
  /// \sin(\pi t / 2)$, along Characteristics. For $u > 0$.
  ReferenceSolution
  advection_solution(const FourierSeries &u);
} // namespace lsr_studies

#endif
