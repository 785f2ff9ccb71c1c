// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-loss.h"

#include <cmath>

#include "applications/studies/training/taylor_mode.h"

namespace lsr_studies
{
  namespace
  {
    using torch::Tensor;

    /// Fractional parts of start + i * step.
    Tensor
    lattice(const long n, const double step, std::mt19937_64 &generator)
    {
      const double start =
        std::uniform_real_distribution<double>(0., 1.)(generator);
      return (start + step * torch::arange(n, torch::kDouble)).frac();
    }



    /// Points of one kind.
    Tensor
    points_of(const PointKind    kind,
              const unsigned int dim,
              const unsigned int n_interior,
              std::mt19937_64   &generator)
    {
      // Steps of the lattices of Roberts: powers of the inverse of the golden
      // ratio, and of the root of z^3 = z + 1.
      constexpr double golden  = 0.6180339887498949,
                       plastic = 0.7548776662466927;

      if (kind == PointKind::start)
        return torch::zeros({1, 1}, torch::kDouble);
      if (kind == PointKind::interior && dim == 1)
        return lattice(n_interior, golden, generator).unsqueeze(1);
      if (kind == PointKind::interior)
        {
          const Tensor x = lattice(n_interior, plastic, generator);
          return torch::stack(
            {x, lattice(n_interior, plastic * plastic, generator)}, 1);
        }
      const Tensor s =
        lattice(std::ceil(std::sqrt(2. * n_interior)), golden, generator);
      if (kind == PointKind::initial)
        return torch::stack({s, torch::zeros_like(s)}, 1);
      const Tensor x = torch::zeros_like(s);
      if (kind == PointKind::walls)
        x.slice(0, 0, x.size(0), 2).fill_(1.);
      return torch::stack({x, s}, 1);
    }
  } // namespace



  TrainingPoints
  draw_points(const TrainingEquation &equation,
              const unsigned int      n_interior,
              std::mt19937_64        &generator)
  {
    TrainingPoints      result{{}, {}, 0};
    std::vector<Tensor> points, other_ends;
    for (const Condition &condition : equation.conditions)
      if (result.ranges.count(condition.points) == 0)
        {
          points.push_back(points_of(
            condition.points, equation.trunk.n_inputs, n_interior, generator));
          const long size                 = points.back().size(0);
          result.ranges[condition.points] = {result.n, size};
          result.n += size;
          if (condition.points == PointKind::period)
            other_ends.push_back(points.back() +
                                 torch::tensor({1., 0.}, torch::kDouble));
        }
    points.insert(points.end(), other_ends.begin(), other_ends.end());
    result.y = torch::cat(points);
    return result;
  }



  FunctionBatch::FunctionBatch(const std::vector<FourierSeries> &functions)
    : period(functions.front().period)
  {
    std::vector<Tensor> rows;
    for (const FourierSeries &function : functions)
      rows.push_back(
        torch::cat({torch::tensor({function.mean}, torch::kDouble),
                    torch::tensor(function.cosine, torch::kDouble),
                    torch::tensor(function.sine, torch::kDouble)}));
    coefficients = torch::stack(rows);
  }



  Tensor
  FunctionBatch::values(const Tensor &x) const
  {
    const long   n = (coefficients.size(1) - 1) / 2;
    const Tensor phase =
      2. * M_PI / period *
      torch::outer(torch::arange(1, n + 1, torch::kDouble), x);
    return coefficients.matmul(
      torch::cat({torch::ones_like(x).unsqueeze(0), phase.cos(), phase.sin()}));
  }



  Tensor
  FunctionBatch::sensors(const long n_sensors) const
  {
    return values(torch::arange(n_sensors, torch::kDouble) / (n_sensors - 1));
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
    /// A copy of the parameters.
    Tensor
    as_tensor(const Column &theta)
    {
      const HostColumn host = to_host(theta);
      return torch::from_blob(host.data(), {long(host.size())}, torch::kDouble)
        .clone();
    }



    void
    copy(const Tensor &gradient, const Column &to)
    {
      Kokkos::deep_copy(to,
                        HostColumn(gradient.contiguous().data_ptr<double>(),
                                   to.size()));
    }
  } // namespace



  double
  operator_loss(const TrainingEquation &equation,
                const Column           &branch_theta,
                const Column           &trunk_theta,
                const FunctionBatch    &functions,
                const TrainingPoints   &points,
                const Column           &branch_gradient,
                const Column           &trunk_gradient)
  {
    const Tensor b_theta = as_tensor(branch_theta).requires_grad_(),
                 t_theta = as_tensor(trunk_theta).requires_grad_();
    const Tensor b       = jets(equation.branch,
                          {},
                          b_theta,
                          functions.sensors(equation.branch.n_inputs))[0],
                 t =
                   jets(equation.trunk, equation.curvatures, t_theta, points.y);
    const Tensor y = points.y.narrow(0, 0, points.n),
                 u = functions.values(y.select(1, 0));

    Tensor loss = torch::zeros({}, torch::kDouble);
    for (const Condition &condition : equation.conditions)
      {
        const auto &range  = points.ranges.at(condition.points);
        Tensor      t_here = range.of(t, 1);
        if (condition.points == PointKind::period)
          t_here = t_here - t.narrow(1, points.n, range.size);
        const Tensor s = b.matmul(t_here.transpose(1, 2));
        loss           = loss + condition.weight *
                        condition.residual(range.of(u, 1), range.of(y, 0), s)
                          .square()
                          .mean();
      }
    const auto gradients = torch::autograd::grad({loss}, {b_theta, t_theta});
    copy(gradients[0], branch_gradient);
    copy(gradients[1], trunk_gradient);
    return loss.item<double>();
  }



  OperatorTest::OperatorTest(const TrainingEquation &equation,
                             const unsigned int      n_functions,
                             const std::uint64_t     seed)
    : equation(equation)
  {
    // 26 x 26 points, or 101.
    const unsigned int dim     = equation.trunk.n_inputs;
    const long         n_cells = dim == 1 ? 100 : 25;
    const Tensor       x = torch::arange(n_cells + 1, torch::kDouble) / n_cells;
    points = dim == 1 ? x.unsqueeze(1) : torch::cartesian_prod({x, x});

    std::mt19937_64 generator(seed);
    const auto functions = draw_functions(equation, n_functions, generator);
    sensors   = FunctionBatch(functions).sensors(equation.branch.n_inputs);
    solutions = torch::empty({n_functions, points.size(0)}, torch::kDouble);
    for (unsigned int i = 0; i < n_functions; ++i)
      {
        const auto solution = equation.solve(functions[i]);
        for (long j = 0; j < points.size(0); ++j)
          solutions[i][j] = solution(points[j].data_ptr<double>());
      }
  }



  double
  OperatorTest::mean_error(const Column &branch_theta,
                           const Column &trunk_theta) const
  {
    const torch::NoGradGuard no_grad;
    const Tensor             found =
      jets(equation.branch, {}, as_tensor(branch_theta), sensors)[0].matmul(
        jets(equation.trunk, {}, as_tensor(trunk_theta), points)[0].t());
    return ((found - solutions).norm(2, 1) / solutions.norm(2, 1))
      .mean()
      .item<double>();
  }
} // namespace lsr_studies
