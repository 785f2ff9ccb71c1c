// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-loss.h"

#include <lsr/dense/blas.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>
#include <KokkosBlas3_gemm.hpp>

#include <algorithm>
#include <array>
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



  namespace
  {
    /// Columns [first, last) of a block, sharing its memory.
    HostBlock
    part(const HostBlock  &block,
         const std::size_t first,
         const std::size_t last)
    {
      return Kokkos::subview(block,
                             Kokkos::ALL(),
                             Kokkos::make_pair(first, last));
    }



    /// Where a jump over the period is demanded, the entries at one end and at
    /// the other; empty without.
    std::pair<HostBlock, HostBlock>
    ends_of_period(const TrainingPoints &points, const HostBlock &entry)
    {
      const auto range = points.ranges.find(PointKind::period);
      if (range == points.ranges.end())
        return {};
      return {part(entry, range->second.first, range->second.last),
              part(entry, points.n, entry.extent(1))};
    }
  } // namespace



  OperatorLoss::OperatorLoss(const TrainingEquation &equation)
    : equation(equation)
    , branch(equation.branch, {})
    , trunk(equation.trunk, equation.curvatures)
  {}



  double
  OperatorLoss::add_conditions(const TrainingPoints &points,
                               const HostBlock      &u,
                               const Jets           &jets,
                               const Jets           &slopes) const
  {
    std::array<double, 4> jet = {}, slope;
    double                sum = 0.;
    for (const Condition &condition : equation.conditions)
      {
        const auto   range = points.ranges.at(condition.points);
        const double weight =
          condition.weight / u.extent(0) / double(range.last - range.first);
        for (std::size_t j = range.first; j < range.last; ++j)
          for (std::size_t i = 0; i < u.extent(0); ++i)
            {
              for (unsigned int k = 0; k < jets.size(); ++k)
                jet[k] = jets[k](i, j);
              slope.fill(0.);
              const double r = condition.residual(u(i, j),
                                                  &points.y(0, j),
                                                  jet.data(),
                                                  slope.data());
              sum += weight * r * r;
              for (unsigned int k = 0; k < jets.size(); ++k)
                slopes[k](i, j) += 2. * weight * r * slope[k];
            }
      }
    return sum;
  }



  double
  OperatorLoss::operator()(const Column         &branch_theta,
                           const Column         &trunk_theta,
                           const FunctionBatch  &functions,
                           const TrainingPoints &points,
                           const Column         &branch_gradient,
                           const Column         &trunk_gradient)
  {
    std::vector<double> x(points.n);
    for (std::size_t j = 0; j < points.n; ++j)
      x[j] = points.y(0, j);
    const HostBlock u = functions.values(x);

    const HostColumn b_theta = to_host(branch_theta),
                     t_theta = to_host(trunk_theta);
    const HostBlock b        = branch.forward(b_theta,
                                       to_host(functions.sensors(
                                         equation.branch.n_inputs))),
                    t        = trunk.forward(t_theta, points.y);
    const HostBlock db("db", b.extent(0), b.extent(1)),
      dt("dt", t.extent(0), t.extent(1));

    const std::size_t n_all = points.y.extent(1);
    const auto entry = [n_all](const HostBlock &block, const unsigned int k) {
      return part(block, k * n_all, (k + 1) * n_all);
    };
    Jets s, ds;
    for (unsigned int k = 0; k < trunk.jet_size(); ++k)
      {
        const auto [here, there] = ends_of_period(points, entry(t, k));
        KokkosBlas::axpy(-1., there, here);
        s.push_back(HostBlock("s", u.extent(0), points.n));
        ds.push_back(HostBlock("ds", u.extent(0), points.n));
        KokkosBlas::gemm(
          "T", "N", 1., b, part(entry(t, k), 0, points.n), 0., s[k]);
      }
    const double result = add_conditions(points, u, s, ds);

    for (unsigned int k = 0; k < trunk.jet_size(); ++k)
      {
        const HostBlock here = part(entry(t, k), 0, points.n);
        KokkosBlas::gemm("N", "T", 1., here, ds[k], 1., db);
        KokkosBlas::gemm(
          "N", "N", 1., b, ds[k], 0., part(entry(dt, k), 0, points.n));
        const auto [by_here, by_there] = ends_of_period(points, entry(dt, k));
        KokkosBlas::scal(by_there, -1., by_here);
      }
    const HostColumn b_gradient = to_host(branch_gradient),
                     t_gradient = to_host(trunk_gradient);
    branch.backward(b_theta, db, b_gradient);
    trunk.backward(t_theta, dt, t_gradient);
    Kokkos::deep_copy(branch_gradient, b_gradient);
    Kokkos::deep_copy(trunk_gradient, t_gradient);
    return result;
  }



  OperatorTest::OperatorTest(const TrainingEquation &equation,
                             const unsigned int      n_functions,
                             const std::uint64_t     seed)
  {
    // 26 x 26 points, or 101.
    const unsigned int dim     = equation.trunk.n_inputs;
    const unsigned int n_cells = dim == 1 ? 100 : 25;
    const unsigned int n       = n_cells + 1;
    const HostBlock    y("test points", dim, dim == 1 ? n : n * n);
    for (std::size_t j = 0; j < y.extent(1); ++j)
      {
        y(0, j) = double(j % n) / n_cells;
        if (dim == 2)
          y(1, j) = double(j / n) / n_cells;
      }
    points = to_memory_space(y);

    std::mt19937_64 generator(seed);
    const auto functions = draw_functions(equation, n_functions, generator);
    sensors   = FunctionBatch(functions).sensors(equation.branch.n_inputs);
    solutions = HostBlock("solutions", n_functions, y.extent(1));
    for (unsigned int i = 0; i < n_functions; ++i)
      {
        const auto solution = equation.solve(functions[i]);
        for (std::size_t j = 0; j < y.extent(1); ++j)
          solutions(i, j) = solution(&y(0, j));
      }
  }



  double
  OperatorTest::mean_error(const Network &branch, const Network &trunk) const
  {
    const std::size_t width = branch.n_outputs(), n_points = points.extent(1);
    const Column      b_values = make_column(sensors.extent(1) * width),
                 t_values      = make_column(n_points * width);
    branch.evaluate(sensors, b_values);
    trunk.evaluate(points, t_values);
    const Block products = make_block(sensors.extent(1), n_points);
    multiply(1.,
             'T',
             Block(b_values.data(), width, sensors.extent(1)),
             'N',
             Block(t_values.data(), width, n_points),
             0.,
             products);
    const HostBlock found = to_host(products);

    double sum = 0.;
    for (std::size_t i = 0; i < found.extent(0); ++i)
      {
        double difference = 0., size = 0.;
        for (std::size_t j = 0; j < n_points; ++j)
          {
            difference += std::pow(found(i, j) - solutions(i, j), 2);
            size += std::pow(solutions(i, j), 2);
          }
        sum += std::sqrt(difference / size);
      }
    return sum / found.extent(0);
  }
} // namespace lsr_studies
