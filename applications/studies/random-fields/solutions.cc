// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/random-fields/solutions.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace lsr_studies
{
  PeriodicBurgersSolution::PeriodicBurgersSolution(
    const FourierSeries &initial_value,
    const double         viscosity,
    const unsigned int   n_points)
    : period(initial_value.period)
    , mean(initial_value.mean)
    , viscosity(viscosity)
    , coefficients(n_points / 2)
  {
    const FourierSeries integral = initial_value.integral();
    for (unsigned int i = 0; i < n_points; ++i)
      {
        const double x        = i * period / n_points;
        const double phi      = std::exp(-integral(x) / (2 * viscosity));
        const auto   rotation = std::polar(1., -2 * M_PI * x / period);
        auto         wave     = std::complex<double>(1.);
        for (auto &coefficient : coefficients)
          {
            coefficient += phi / n_points * wave;
            wave *= rotation;
          }
      }
  }



  double
  PeriodicBurgersSolution::operator()(const double x, const double t) const
  {
    double phi = coefficients[0].real(), derivative = 0;
    for (std::size_t j = 1; j < coefficients.size(); ++j)
      {
        const double frequency = 2 * M_PI * j / period;
        const double decay = std::exp(-viscosity * frequency * frequency * t);
        // All others are smaller still.
        if (decay < 1e-30)
          break;
        const auto term =
          2. * coefficients[j] * std::polar(decay, frequency * (x - mean * t));
        phi += term.real();
        derivative -= frequency * term.imag();
      }
    return mean - 2 * viscosity * derivative / phi;
  }



  namespace
  {
    constexpr unsigned int n_cells = 400;
  }



  Characteristics::Characteristics(std::function<double(double)> velocity)
    : velocity(std::move(velocity))
    , times(n_cells + 1)
  {
    for (unsigned int i = 0; i < n_cells; ++i)
      {
        const double h = 1. / n_cells;
        times[i + 1]   = times[i] + h / 6. *
                                    (1. / this->velocity(i * h) +
                                     4. / this->velocity((i + 0.5) * h) +
                                     1. / this->velocity((i + 1) * h));
      }
  }



  double
  Characteristics::travel_time(const double x) const
  {
    // From the point on the left.
    const unsigned int i =
      std::min<unsigned int>(std::max(x, 0.) * n_cells, n_cells);
    const double start = double(i) / n_cells, h = x - start;
    return times[i] + h / 6. *
                        (1. / velocity(start) + 4. / velocity(start + 0.5 * h) +
                         1. / velocity(x));
  }



  std::array<double, 2>
  Characteristics::origin(const double x, const double t) const
  {
    const double T = travel_time(x);
    if (t >= T)
      return {0., t - T};
    // Newton's method within bounds.
    double lower = 0., upper = x, x_0 = x;
    for (unsigned int i = 0; i < 60 && upper - lower > 1e-14; ++i)
      {
        const double excess = travel_time(x_0) - (T - t);
        if (std::abs(excess) < 1e-13)
          break;
        (excess > 0. ? upper : lower) = x_0;
        x_0 -= excess * velocity(x_0);
        if (x_0 <= lower || x_0 >= upper)
          x_0 = 0.5 * (lower + upper);
      }
    return {x_0, 0.};
  }



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
    FourierSeries oscillation = u.integral();
    oscillation.mean          = -oscillation(0.);
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
