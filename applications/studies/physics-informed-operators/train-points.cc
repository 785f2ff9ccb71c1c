// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-points.h"

#include <lsr/dense/blas.h>

#include <algorithm>
#include <cmath>

namespace lsr_studies
{
  namespace
  {
    /// Fractional parts of start + i * step.
    std::vector<double>
    lattice(const unsigned int n, const double step, std::mt19937_64 &generator)
    {
      const double start =
        std::uniform_real_distribution<double>(0., 1.)(generator);
      std::vector<double> result;
      for (unsigned int i = 0; i < n; ++i)
        result.push_back(std::fmod(start + i * step, 1.));
      return result;
    }



    /// Points of one kind, one vector of coordinates each.
    std::vector<std::vector<double>>
    points_of(const PointKind    kind,
              const unsigned int dim,
              const unsigned int n_interior,
              std::mt19937_64   &generator)
    {
      // Steps of the lattices of Roberts: powers of the inverse of the golden
      // ratio, and of the root of z^3 = z + 1.
      constexpr double golden  = 0.6180339887498949,
                       plastic = 0.7548776662466927;

      std::vector<std::vector<double>> points;
      if (kind == PointKind::start)
        return {{0.}};
      if (kind == PointKind::interior && dim == 1)
        {
          for (const double x : lattice(n_interior, golden, generator))
            points.push_back({x});
          return points;
        }
      if (kind == PointKind::interior)
        {
          const auto x = lattice(n_interior, plastic, generator);
          const auto t = lattice(n_interior, plastic * plastic, generator);
          for (unsigned int i = 0; i < n_interior; ++i)
            points.push_back({x[i], t[i]});
          return points;
        }
      const unsigned int n = std::ceil(std::sqrt(2. * n_interior));
      for (const double s : lattice(n, golden, generator))
        if (kind == PointKind::initial)
          points.push_back({s, 0.});
        else
          points.push_back({0., s});
      if (kind == PointKind::walls)
        for (unsigned int i = 0; i < n; i += 2)
          points[i][0] = 1.;
      return points;
    }
  } // namespace



  TrainingPoints
  draw_points(const TrainingEquation &equation,
              const unsigned int      n_interior,
              std::mt19937_64        &generator)
  {
    const unsigned int dim = equation.trunk.n_inputs;

    TrainingPoints                   result;
    std::vector<std::vector<double>> points, other_ends;
    for (const Condition &condition : equation.conditions)
      if (result.ranges.count(condition.points) == 0)
        {
          const auto some =
            points_of(condition.points, dim, n_interior, generator);
          result.ranges[condition.points] = {points.size(),
                                             points.size() + some.size()};
          points.insert(points.end(), some.begin(), some.end());
          if (condition.points == PointKind::period)
            for (const auto &point : some)
              other_ends.push_back({1., point[1]});
        }
    result.n = points.size();
    points.insert(points.end(), other_ends.begin(), other_ends.end());

    result.y = HostBlock("training points", dim, points.size());
    for (std::size_t j = 0; j < points.size(); ++j)
      std::copy(points[j].begin(), points[j].end(), &result.y(0, j));
    return result;
  }



  FunctionBatch::FunctionBatch(const std::vector<FourierSeries> &functions)
    : period(functions.front().period)
  {
    const std::size_t n = functions.front().cosine.size();
    const HostBlock   c("coefficients", 2 * n + 1, functions.size());
    for (std::size_t i = 0; i < functions.size(); ++i)
      {
        c(0, i) = functions[i].mean;
        std::copy_n(functions[i].cosine.begin(), n, &c(1, i));
        std::copy_n(functions[i].sine.begin(), n, &c(n + 1, i));
      }
    coefficients = to_memory_space(c);
  }



  HostBlock
  FunctionBatch::values(const std::vector<double> &x) const
  {
    const std::size_t n = (coefficients.extent(0) - 1) / 2;
    const HostBlock   waves("waves", 2 * n + 1, x.size());
    for (std::size_t j = 0; j < x.size(); ++j)
      {
        waves(0, j) = 1.;
        for (std::size_t k = 1; k <= n; ++k)
          {
            const double phase = 2. * M_PI * k * x[j] / period;
            waves(k, j)        = std::cos(phase);
            waves(n + k, j)    = std::sin(phase);
          }
      }
    const Block result = make_block(coefficients.extent(1), x.size());
    multiply(1., 'T', coefficients, 'N', to_memory_space(waves), 0., result);
    return to_host(result);
  }



  Block
  FunctionBatch::sensors(const unsigned int n_sensors) const
  {
    std::vector<double> x(n_sensors);
    for (unsigned int i = 0; i < n_sensors; ++i)
      x[i] = double(i) / (n_sensors - 1);
    const HostBlock by_function = values(x);
    const HostBlock result("sensors", n_sensors, by_function.extent(0));
    for (std::size_t i = 0; i < result.extent(1); ++i)
      for (unsigned int s = 0; s < n_sensors; ++s)
        result(s, i) = by_function(i, s);
    return to_memory_space(result);
  }



  std::vector<FourierSeries>
  draw_functions(const TrainingEquation &equation,
                 const unsigned int      n,
                 std::mt19937_64        &generator)
  {
    std::vector<FourierSeries> functions;
    for (unsigned int i = 0; i < n; ++i)
      functions.push_back(equation.sample(generator));
    return functions;
  }
} // namespace lsr_studies
