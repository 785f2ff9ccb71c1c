// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "physics-informed-operators/train-loss.h"

#include <lsr/dense/blas.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lsr
{
  namespace
  {
    /// Entry @p k of the jets that a network returns, outputs x points.
    Block
    select_entry(const Column      &values,
                 const std::size_t  n_outputs,
                 const unsigned int k,
                 const unsigned int jet_size)
    {
      const Block entry =
        make_block(n_outputs, values.size() / jet_size / n_outputs);
      for (std::size_t i = 0; i < entry.size(); ++i)
        entry.data()[i] = values(i * jet_size + k);
      return entry;
    }



    /// The reverse.
    void
    store_entry(const Block       &entry,
                const unsigned int k,
                const unsigned int jet_size,
                const Column      &values)
    {
      for (std::size_t i = 0; i < entry.size(); ++i)
        values(i * jet_size + k) = entry.data()[i];
    }



    /// Where a jump over the period is demanded: subtract what is at its other
    /// end.
    void
    take_differences(const TrainingPoints &points, const Block &entry)
    {
      const auto range = points.ranges.find(PointKind::period);
      if (range == points.ranges.end())
        return;
      const Block here =
                    columns(entry, range->second.first, range->second.last),
                  there = columns(entry, points.n, entry.extent(1));
      for (std::size_t j = 0; j < here.extent(1); ++j)
        for (std::size_t i = 0; i < here.extent(0); ++i)
          here(i, j) -= there(i, j);
    }



    /// The transposed operation, for slopes.
    void
    pull_differences_back(const TrainingPoints &points, const Block &entry)
    {
      const auto range = points.ranges.find(PointKind::period);
      if (range == points.ranges.end())
        return;
      const Block here =
                    columns(entry, range->second.first, range->second.last),
                  there = columns(entry, points.n, entry.extent(1));
      for (std::size_t j = 0; j < here.extent(1); ++j)
        for (std::size_t i = 0; i < here.extent(0); ++i)
          there(i, j) = -here(i, j);
    }
  } // namespace



  OperatorLoss::OperatorLoss(const TrainingEquation &equation)
    : equation(equation)
    , jet_size(equation.trunk.n_inputs + 2)
  {}



  double
  OperatorLoss::add_conditions(const TrainingPoints &points,
                               const HostBlock      &u,
                               const Jets           &jets,
                               const Jets           &slopes) const
  {
    std::array<double, 4> jet, slope;
    double                sum = 0.;
    for (const Condition &condition : equation.conditions)
      {
        const auto   range = points.ranges.at(condition.points);
        const double weight =
          condition.weight / u.extent(0) / double(range.last - range.first);
        for (std::size_t j = range.first; j < range.last; ++j)
          for (std::size_t i = 0; i < u.extent(0); ++i)
            {
              for (unsigned int k = 0; k < jet_size; ++k)
                jet[k] = jets[k](i, j);
              slope.fill(0.);
              const double r = condition.residual(u(i, j),
                                                  &points.y(0, j),
                                                  jet.data(),
                                                  slope.data());
              sum += weight * r * r;
              for (unsigned int k = 0; k < jet_size; ++k)
                slopes[k](i, j) += 2. * weight * r * slope[k];
            }
      }
    return sum;
  }



  double
  OperatorLoss::operator()(const Network        &branch,
                           const Network        &trunk,
                           const FunctionBatch  &functions,
                           const TrainingPoints &points,
                           const Column         &branch_gradient,
                           const Column         &trunk_gradient) const
  {
    std::vector<double> x(points.n);
    for (std::size_t j = 0; j < points.n; ++j)
      x[j] = points.y(0, j);
    const HostBlock   u     = functions.values(x);
    const std::size_t width = branch.n_outputs(), n_functions = u.extent(0);

    const Block sensors   = functions.sensors(branch.n_inputs()),
                y         = to_memory_space(points.y);
    const Column b_values = make_column(width * n_functions),
                 t_values = make_column(y.extent(1) * trunk.n_outputs());
    branch.evaluate(sensors, b_values);
    trunk.evaluate(y, t_values);

    const Block b(b_values.data(), width, n_functions);
    Jets        t, s, ds;
    for (unsigned int k = 0; k < jet_size; ++k)
      {
        t.push_back(select_entry(t_values, width, k, jet_size));
        take_differences(points, t[k]);
        s.push_back(make_block(n_functions, points.n));
        ds.push_back(make_zero_block(n_functions, points.n));
        multiply(1., 'T', b, 'N', columns(t[k], 0, points.n), 0., s[k]);
      }
    const double result = add_conditions(points, u, s, ds);

    // From here on the slopes take the place of the values.
    const Block db = make_zero_block(width, n_functions);
    for (unsigned int k = 0; k < jet_size; ++k)
      {
        const Block at_points = columns(t[k], 0, points.n);
        multiply(1., 'N', at_points, 'T', ds[k], 1., db);
        multiply(1., 'N', b, 'N', ds[k], 0., at_points);
        pull_differences_back(points, t[k]);
        store_entry(t[k], k, jet_size, t_values);
      }
    branch.transposed_jacobian_times(sensors,
                                     Block(db.data(), db.size(), 1),
                                     as_block(branch_gradient));
    trunk.transposed_jacobian_times(y,
                                    as_block(t_values),
                                    as_block(trunk_gradient));
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
    const std::size_t  width = branch.n_outputs(), n_points = points.extent(1);
    const unsigned int jet_size = trunk.n_outputs() / width;
    const Column       b_values = make_column(sensors.extent(1) * width),
                 t_values       = make_column(n_points * trunk.n_outputs());
    branch.evaluate(sensors, b_values);
    trunk.evaluate(points, t_values);
    const Block found = make_block(sensors.extent(1), n_points);
    multiply(1.,
             'T',
             Block(b_values.data(), width, sensors.extent(1)),
             'N',
             select_entry(t_values, width, 0, jet_size),
             0.,
             found);

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
} // namespace lsr
