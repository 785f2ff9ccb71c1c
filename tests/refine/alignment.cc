// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../source/refine/geodesic_acceleration.h"
#include "../source/refine/pseudo_time_residual.h"
#include "network/lbfgs.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;
using Method = AlignmentParameters::Method;

namespace
{
  Network
  make_network(const std::uint64_t seed, const unsigned int n_outputs = 1)
  {
    FullyConnected layout;
    layout.widths    = {24, 24};
    layout.n_outputs = n_outputs;
    layout.seed      = seed;
    return layout.build();
  }

  Sampling
  sample(const std::size_t n_points)
  {
    Sampling sampling;
    sampling.points = random_points(2, n_points, -1., 1.);
    return sampling;
  }

  /// alpha x + y
  Column
  sum(const double alpha, const Column &x, const Column &y)
  {
    const HostColumn a = to_host(x), b = to_host(y);
    return make_column_of(x.size(), [&](const std::size_t i) {
      return alpha * a(i) + b(i);
    });
  }

  Column
  values(const Network &network, const Sampling &sampling)
  {
    return sampling.evaluate(network);
  }

  /// A smooth function of the points, one value for each row of the sampling.
  Column
  smooth_target(const Sampling &sampling, const unsigned int n_outputs)
  {
    const HostBlock points = to_host(sampling.points);
    return make_column_of(
      sampling.n_values(n_outputs), [&](const std::size_t i) {
        const std::size_t row   = sampling.rows.empty() ? i : sampling.rows[i];
        const std::size_t point = row / n_outputs;
        return std::sin(2. * points(0, point) + row % n_outputs) *
               std::cos(points(1, point));
      });
  }

  /**
   * $f_i = q_i + q_i^3 + q_{i-1} - b_i$, in the norm of a diagonal $K$ or in
   * the Euclidean one. The first row is determined by a constraint.
   */
  class CoupledResidual : public Residual
  {
  public:
    CoupledResidual(const std::size_t n, const bool dual)
      : Residual(n, n)
      , b(to_host(random_column(n, 7)))
      , slope("slope", n)
    {
      if (dual)
        set_inner_product(std::make_shared<DualNorm>(
          [](const std::size_t i) { return 1. + i % 3; }));
    }

    void
    set_zero(const Block &columns) const override
    {
      Kokkos::deep_copy(lsr::rows(columns, 0, 1), 0.);
    }

    void
    evaluate(const Column &values, const Column &f) override
    {
      const HostColumn q = to_host(values);
      set_entries(f, [&](const std::size_t i) {
        return i == 0 ?
                 0. :
                 q(i) + q(i) * q(i) * q(i) + (i > 1 ? q(i - 1) : 0.) - b(i);
      });
    }

    void
    linearize(const Column &values) override
    {
      const HostColumn q = to_host(values);
      for (std::size_t i = 0; i < q.size(); ++i)
        slope(i) = 1. + 3. * q(i) * q(i);
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return i == 0 ? 0. : slope(i) * x(i, j) + (i > 1 ? x(i - 1, j) : 0.);
      });
    }

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override
    {
      const HostBlock x = to_host(X);
      set_entries(ATX, [&](const std::size_t i, const std::size_t j) {
        return i == 0 ?
                 0. :
                 slope(i) * x(i, j) + (i + 1 < x.extent(0) ? x(i + 1, j) : 0.);
      });
    }

    void
    apply_mass(const Block &X, const Block &MX) override
    {
      Kokkos::deep_copy(MX, X);
    }

    void
    require_mass() const override
    {}

  private:
    /// K is diagonal, but does not say so.
    const HostColumn b, slope;
  };

  /// $f_i = q_{2i}^2 + q_{2i} q_{2i+1}$: two values a row, the first of which
  /// has the mass 2.
  class PairResidual : public Residual
  {
  public:
    explicit PairResidual(const std::size_t n)
      : Residual(2 * n, n)
      , slopes("slopes", 2 * n)
    {}

    void
    apply_mass(const Block &X, const Block &MX) override
    {
      const HostBlock x = to_host(X);
      set_entries(MX, [&](const std::size_t i, const std::size_t j) {
        return 2. * x(2 * i, j);
      });
    }

    void
    require_mass() const override
    {}

    void
    apply_transposed_mass(const Block &X, const Block &MTX) override
    {
      const HostBlock x = to_host(X);
      set_entries(MTX, [&](const std::size_t k, const std::size_t j) {
        return k % 2 == 0 ? 2. * x(k / 2, j) : 0.;
      });
    }

    void
    evaluate(const Column &values, const Column &f) override
    {
      const HostColumn q = to_host(values);
      set_entries(f, [&](const std::size_t i) {
        return q(2 * i) * (q(2 * i) + q(2 * i + 1));
      });
    }

    void
    linearize(const Column &values) override
    {
      const HostColumn q = to_host(values);
      for (std::size_t i = 0; i < n_rows(); ++i)
        {
          slopes(2 * i)     = 2. * q(2 * i) + q(2 * i + 1);
          slopes(2 * i + 1) = q(2 * i);
        }
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return slopes(2 * i) * x(2 * i, j) +
               slopes(2 * i + 1) * x(2 * i + 1, j);
      });
    }

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override
    {
      const HostBlock x = to_host(X);
      set_entries(ATX, [&](const std::size_t k, const std::size_t j) {
        return slopes(k) * x(k / 2, j);
      });
    }

  private:
    const HostColumn slopes;
  };
} // namespace



TEST(PseudoTimeResidual, HasItsJacobian)
{
  CoupledResidual square(30, false);
  PairResidual    rectangular(15);
  for (Residual *steady : {static_cast<Residual *>(&square),
                           static_cast<Residual *>(&rectangular)})
    {
      const std::size_t  n = steady->n_values();
      PseudoTimeResidual residual(*steady, random_column(n, 1), 0.3);

      expect_jacobian(residual, random_column(n, 2));
    }
}



TEST(PseudoTimeResidual, WeightsTheChangeOfValuesByTheMass)
{
  constexpr std::size_t n = 4;
  PairResidual          steady(n);
  const Column       q = random_column(2 * n, 1), q0 = random_column(2 * n, 2);
  PseudoTimeResidual residual(steady, q0, 0.3);
  const Column       f = make_column(n), g = make_column(n);
  steady.evaluate(q, f);
  residual.evaluate(q, g);
  const auto now = to_vector(q), before = to_vector(q0),
             of_steady = to_vector(f), found = to_vector(g);
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR(found[i],
                2. * (now[2 * i] - before[2 * i]) + 0.3 * of_steady[i],
                1e-14);

  // There is none by default.
  const Column x = random_column(2 * n, 3);
  EXPECT_THROW(steady.Residual::apply_mass(as_block(x), as_block(g)), Error);
}



TEST(PseudoTimeResidual, VanishesAtTheReferenceIfItIsSteady)
{
  constexpr std::size_t n = 10;
  const Column          t = random_column(n, 5);
  DataMisfit            steady(t);
  PseudoTimeResidual    residual(steady, t, 2.);
  const Column          f = make_column(n);
  residual.evaluate(t, f);
  EXPECT_EQ(norm(f), 0.);
  EXPECT_THROW(PseudoTimeResidual(steady, t, 0.), Error);
  EXPECT_THROW(PseudoTimeResidual(steady, make_column(n + 1), 1.), Error);
}



TEST(LBFGS, FindsTheMinimumOfABadlyScaledQuadratic)
{
  constexpr std::size_t n = 20;
  const Column          x = random_column(n, 1);
  const unsigned int    n_iterations =
    minimize_by_lbfgs(x, [](const Column &at, const Column &gradient) {
      const HostColumn x     = to_host(at);
      double           value = 0;
      set_entries(gradient, [&](const std::size_t i) {
        const double weight = std::pow(10., 3. * i / n);
        value += weight * std::pow(x(i) - double(i), 2);
        return 2. * weight * (x(i) - double(i));
      });
      return value;
    });
  EXPECT_LE(n_iterations, 300u);
  const auto minimum = to_vector(x);
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR(minimum[i], double(i), 1e-6);
}



TEST(LBFGS, EndsWithTheBestPointWhenTimeIsUp)
{
  constexpr unsigned int limit         = 7;
  unsigned int           n_evaluations = 0;
  double                 best          = std::numeric_limits<double>::max();
  const auto             function = [&](const Column &at, const Column &slope) {
    ++n_evaluations;
    const HostColumn x = to_host(at);
    const double     value = std::pow(x(0), 4) + std::pow(x(1) - x(0), 2);
    set_entry(slope, 0, 4. * std::pow(x(0), 3) - 2. * (x(1) - x(0)));
    set_entry(slope, 1, 2. * (x(1) - x(0)));
    best = std::min(best, value);
    return value;
  };
  LBFGSParameters parameters;
  parameters.out_of_time = [&]() { return n_evaluations >= limit; };
  const Column x         = random_column(2, 1);
  minimize_by_lbfgs(x, function, parameters);
  EXPECT_EQ(n_evaluations, limit);
  const double reached = best;
  EXPECT_EQ(function(x, make_column(2)), reached);
}



// Twice the length, four times the error of a step and eight times that of an
// accelerated one, in any norm, with rows that are nonlinear in the values.
TEST(GeodesicAcceleration, FollowsTheCurveToSecondOrder)
{
  for (const bool dual : {false, true})
    {
      SCOPED_TRACE(dual ? "dual" : "Euclidean");
      const Network            network = make_network(1);
      const AlignmentObjective objective{
        sample(12), std::make_shared<CoupledResidual>(12, dual)};
      Residual             &residual = *objective.residual;
      const StructuredBasis basis(network, 40, 0);
      const Column          q = values(network, objective.sampling),
                   g          = objective.rows(q);
      const Block X           = objective.sampling.jacobian_times(basis);
      residual.set_zero(X);
      residual.linearize(q);
      const ReducedProblem problem(X, g, residual);
      const double         lambda = 0.1 * problem.column_scale();
      const Column         whole  = problem.solve_damped(lambda);

      // The distance to $g + G y$ after a step, without and with its second
      // order.
      const auto errors = [&](const double length) {
        const Column y      = sum(length, whole, make_column(whole.size()));
        const Column change = make_column(q.size()), Gy = make_column(g.size());
        multiply(1., 'N', X, y, 0., change);
        residual.apply_jacobian(as_block(change), as_block(Gy));

        GeodesicAcceleration acceleration(basis, y);
        acceleration.add(objective, 1.);
        const Column second =
          acceleration.step(problem, 1e-6 * lambda, Communicator());
        std::vector<double> result;
        for (const Column &step : {y, second})
          {
            Network moved = network.clone();
            moved.set_parameters(
              sum(1., basis.expand(step), network.parameters()));
            const Column rows =
              objective.rows(values(moved, objective.sampling));
            result.push_back(residual.norm(sum(-1., sum(1., Gy, g), rows)));
          }
        return result;
      };
      const std::vector<double> shorter = errors(1e-4), longer = errors(2e-4);
      EXPECT_NEAR(longer[0] / shorter[0], 4., 0.4);
      EXPECT_NEAR(longer[1] / shorter[1], 8., 0.8);
      EXPECT_LT(longer[1], longer[0] / 10);
    }
}



TEST(Alignment, BothMethodsDriveANetworkTowardsATarget)
{
  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    for (const unsigned int n_outputs : {1u, 2u})
      {
        Network      network  = make_network(1, n_outputs);
        const auto   sampling = sample(600);
        const Column target   = smooth_target(sampling, n_outputs);
        DataMisfit   residual(target);
        const double before = distance(values(network, sampling), target);

        AlignmentParameters parameters;
        parameters.method       = method;
        parameters.max_steps    = 200;
        parameters.n_directions = 50;
        const Alignment alignment =
          align(network, sampling, target, residual, parameters);
        const double after = distance(values(network, sampling), target);
        EXPECT_LT(after, 0.1 * before) << "outputs: " << n_outputs;
        EXPECT_LE(alignment.final_norm,
                  parameters.reduction * alignment.initial_norm);
        EXPECT_GT(alignment.n_steps, 0u);
      }
}



TEST(Alignment, BothMethodsReduceThePseudoTimeResidualInAnyNorm)
{
  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    for (const bool dual : {false, true})
      {
        Network         network  = make_network(1);
        const auto      sampling = sample(300);
        const Column    target   = smooth_target(sampling, 1);
        CoupledResidual steady(300, dual);

        PseudoTimeResidual objective(steady, target, 0.1);
        const auto         norm = [&]() {
          const Column g = make_column(300);
          objective.evaluate(values(network, sampling), g);
          return objective.norm(g) / std::sqrt(300.);
        };
        const double before = norm();

        AlignmentParameters parameters;
        parameters.method           = method;
        parameters.pseudo_time_step = 0.1;
        parameters.n_directions     = 100;
        parameters.reduction        = 0.2;
        parameters.max_steps        = 100;
        const Alignment alignment =
          align(network, sampling, target, steady, parameters);
        EXPECT_NEAR(alignment.initial_norm, before, 1e-10 * before);
        EXPECT_NEAR(alignment.final_norm, norm(), 1e-10 * before);
        EXPECT_LT(norm(), 0.5 * before) << "dual: " << dual;
      }
}



TEST(Alignment, DoesNotDependOnTheOrderOfPoints)
{
  const auto      sampling = sample(500);
  Sampling        reversed;
  const HostBlock points = to_host(sampling.points);
  reversed.points =
    make_block_of(2, 500, [&](const std::size_t d, const std::size_t i) {
      return points(d, 499 - i);
    });

  AlignmentParameters parameters;
  parameters.n_directions = 30;
  parameters.max_steps    = 10;
  Column theta[2];
  for (const bool is_reversed : {false, true})
    {
      const Sampling &used    = is_reversed ? reversed : sampling;
      Network         network = make_network(1);
      const Column    target  = smooth_target(used, 1);
      DataMisfit      residual(target);
      align(network, used, target, residual, parameters);
      theta[is_reversed] = network.parameters();
    }
  EXPECT_LT(relative_difference(theta[0], theta[1]), 1e-8);
  EXPECT_GT(relative_difference(theta[0], make_network(1).parameters()), 1e-2);
}



TEST(Alignment, KnowsValuesThatAreSomeRowsOfTheNetwork)
{
  Network  network  = make_network(1, 2);
  Sampling sampling = sample(400);
  for (std::size_t i = 0; i < 400; ++i)
    if (i % 3 != 0)
      sampling.rows.push_back(2 * i + i % 2);
  std::reverse(sampling.rows.begin(), sampling.rows.end());
  const Column target = smooth_target(sampling, 2);
  DataMisfit   residual(target);
  const double before = distance(values(network, sampling), target);

  AlignmentParameters parameters;
  parameters.n_directions = 30;
  parameters.max_steps    = 100;
  align(network, sampling, target, residual, parameters);
  EXPECT_LT(distance(values(network, sampling), target), 0.1 * before);
}



TEST(Alignment, FitsAsManyOutputsAsItIsToldTo)
{
  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    {
      Network      network  = make_network(1, 2);
      const auto   sampling = sample(600);
      const Column target   = smooth_target(sampling, 2);
      DataMisfit   residual(target);
      const auto   misfit = [&](const unsigned int output) {
        const auto q = to_vector(values(network, sampling)),
                   t = to_vector(target);
        double sum   = 0;
        for (std::size_t i = output; i < q.size(); i += 2)
          sum += std::pow(q[i] - t[i], 2);
        return std::sqrt(sum);
      };
      // Values of outputs that are not fitted may be anything.
      for (std::size_t i = 1; i < target.size(); i += 2)
        set_entry(target, i, 1e3);
      const double first = misfit(0), second = misfit(1);

      AlignmentParameters parameters;
      parameters.method       = method;
      parameters.max_steps    = 200;
      parameters.n_directions = 50;
      parameters.n_outputs    = 1;
      align(network, sampling, target, residual, parameters);
      EXPECT_LT(misfit(0), 0.1 * first);
      EXPECT_GT(misfit(1), 0.9 * second);
    }
}



TEST(Alignment, RefusesWhatDoesNotFit)
{
  Network      network  = make_network(1);
  const auto   sampling = sample(20);
  const Column target   = smooth_target(sampling, 1);
  DataMisfit   residual(target);

  AlignmentParameters parameters;
  EXPECT_THROW(align(network, sampling, make_column(19), residual), Error);
  parameters.pseudo_time_step = -1;
  EXPECT_THROW(align(network, sampling, target, residual, parameters), Error);
  parameters.pseudo_time_step = 1;
  parameters.n_points         = 10;
  EXPECT_THROW(align(network, sampling, target, residual, parameters), Error);
  parameters = {};
  for (const unsigned int n : {0, 2})
    {
      parameters.n_outputs = n;
      EXPECT_THROW(align(network, sampling, target, residual, parameters),
                   Error);
    }
  parameters          = {};
  parameters.n_points = 0;
  EXPECT_THROW(align(network, sampling, target, residual, parameters), Error);

  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    {
      AlignmentParameters with_method;
      with_method.method = method;
      set_entry(target, 3, std::nan(""));
      EXPECT_THROW(align(network, sampling, target, residual, with_method),
                   Error);
    }
}
