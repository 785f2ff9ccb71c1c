// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-solutions.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "applications/studies/random-fields/characteristics.h"

namespace lsr_studies
{
  namespace
  {
    /// Values at equidistant points of [0, 1], linear in between.
    double
    interpolate(const double      *values,
                const unsigned int n_cells,
                const double       x)
    {
      const double       position = std::clamp(x, 0., 1.) * n_cells;
      const unsigned int cell = std::min<unsigned int>(position, n_cells - 1);
      const double       part = position - cell;
      return (1. - part) * values[cell] + part * values[cell + 1];
    }



    /// Solves $(1 + 2 c) v_i - c\,(v_{i-1} + v_{i+1}) = b_i$ with zeros at both
    /// ends, in place, for the @p b between them.
    void
    solve_tridiagonal(const double c, std::vector<double> &b)
    {
      std::vector<double> upper(b.size());
      double              pivot = 1. + 2. * c;
      for (std::size_t i = 0; i < b.size(); ++i)
        {
          if (i > 0)
            {
              upper[i - 1] = -c / pivot;
              pivot        = 1. + 2. * c + c * upper[i - 1];
              b[i] += c * b[i - 1];
            }
          b[i] /= pivot;
        }
      for (std::size_t i = b.size() - 1; i > 0; --i)
        b[i - 1] -= upper[i - 1] * b[i];
    }
  } // namespace



  ReferenceSolution
  integral_of(const FourierSeries &u)
  {
    FourierSeries oscillation;
    oscillation.period = u.period;
    for (std::size_t k = 1; k <= u.cosine.size(); ++k)
      {
        const double frequency = 2. * M_PI * k / u.period;
        oscillation.cosine.push_back(-u.sine[k - 1] / frequency);
        oscillation.sine.push_back(u.cosine[k - 1] / frequency);
      }
    oscillation.mean = -oscillation(0.);
    return [oscillation, mean = u.mean](const double *y) {
      return oscillation(y[0]) + mean * y[0];
    };
  }



  ReferenceSolution
  diffusion_reaction_solution(const FourierSeries &u,
                              const double         D,
                              const double         k,
                              const unsigned int   n_cells)
  {
    const unsigned int n_steps = 2 * n_cells, n_nodes = n_cells + 1;
    const double step = 1. / n_steps, c = 0.5 * step * D * n_cells * n_cells;

    // All time levels, one behind the other.
    const auto s = std::make_shared<std::vector<double>>(std::size_t(n_nodes) *
                                                           (n_steps + 1),
                                                         0.);
    const std::vector<double> source = u.values(0., 1., n_cells);
    std::vector<double>       next(n_cells - 1), reaction(n_cells - 1, 0.);
    for (unsigned int n = 0; n < n_steps; ++n)
      {
        const double *now = s->data() + std::size_t(n) * n_nodes;
        for (unsigned int i = 1; i < n_cells; ++i)
          {
            const double before = reaction[i - 1];
            reaction[i - 1]     = k * now[i] * now[i];
            next[i - 1] =
              now[i] + c * (now[i - 1] - 2. * now[i] + now[i + 1]) +
              step * (source[i] + 1.5 * reaction[i - 1] - 0.5 * before);
          }
        solve_tridiagonal(c, next);
        std::copy(next.begin(),
                  next.end(),
                  s->data() + std::size_t(n + 1) * n_nodes + 1);
      }
    return [s, n_cells, n_steps](const double *y) {
      const double       position = std::clamp(y[1], 0., 1.) * n_steps;
      const unsigned int level = std::min<unsigned int>(position, n_steps - 1);
      const double      *lower = s->data() + std::size_t(level) * (n_cells + 1);
      const double       part  = position - level;
      return (1. - part) * interpolate(lower, n_cells, y[0]) +
             part * interpolate(lower + n_cells + 1, n_cells, y[0]);
    };
  }



  ReferenceSolution
  advection_solution(const FourierSeries &u)
  {
    const Characteristics characteristics(u);
    return [characteristics](const double *y) {
      const auto [x, t] = characteristics.origin(y[0], y[1]);
      return t > 0. ? std::sin(0.5 * M_PI * t) : std::sin(M_PI * x);
    };
  }
} // namespace lsr_studies
