// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/lbfgs.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/data_misfit.h>
#include <lsr/refine/pseudo_time_residual.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

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

  Column
  values(const Network &network, const Sampling &sampling)
  {
    const Column all =
      make_column(sampling.points.extent(1) * network.n_outputs());
    network.evaluate(sampling.points, all);
    return sampling.select(all);
  }

  /// A smooth function of the points, one value for each row of the sampling.
  Column
  smooth_target(const Sampling &sampling, const unsigned int n_outputs)
  {
    const Column t = make_column(sampling.n_values(n_outputs));
    for (std::size_t i = 0; i < t.size(); ++i)
      {
        const std::size_t row   = sampling.rows.empty() ? i : sampling.rows[i];
        const std::size_t point = row / n_outputs;
        t(i) = std::sin(2. * sampling.points(0, point) + row % n_outputs) *
               std::cos(sampling.points(1, point));
      }
    return t;
  }

  double
  distance(const Column &a, const Column &b)
  {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      sum += (a(i) - b(i)) * (a(i) - b(i));
    return std::sqrt(sum);
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
      , b(random_column(n, 7))
      , slope(make_column(n))
      , dual(dual)
    {}

    void
    constrain(const Block &columns) const override
    {
      for (std::size_t j = 0; j < columns.extent(1); ++j)
        columns(0, j) = 0.;
    }

    void
    evaluate(const Column &q, const Column &f) override
    {
      f(0) = 0.;
      for (std::size_t i = 1; i < f.size(); ++i)
        f(i) = q(i) + q(i) * q(i) * q(i) + (i > 1 ? q(i - 1) : 0.) - b(i);
    }

    void
    linearize(const Column &q) override
    {
      for (std::size_t i = 0; i < q.size(); ++i)
        slope(i) = 1. + 3. * q(i) * q(i);
    }

    void
    apply_tangent(const Block &X, const Block &AX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        {
          AX(0, j) = 0.;
          for (std::size_t i = 1; i < X.extent(0); ++i)
            AX(i, j) = slope(i) * X(i, j) + (i > 1 ? X(i - 1, j) : 0.);
        }
    }

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        {
          ATX(0, j) = 0.;
          for (std::size_t i = 1; i < X.extent(0); ++i)
            ATX(i, j) =
              slope(i) * X(i, j) + (i + 1 < X.extent(0) ? X(i + 1, j) : 0.);
        }
    }

    bool
    euclidean() const override
    {
      return !dual;
    }

    Block
    riesz(const Block &, const Block &AX) override
    {
      return solve_riesz(AX);
    }

    Block
    solve_riesz(const Block &F) override
    {
      const Block S = make_block(F.extent(0), F.extent(1));
      for (std::size_t j = 0; j < F.extent(1); ++j)
        for (std::size_t i = 0; i < F.extent(0); ++i)
          S(i, j) = F(i, j) / (1. + i % 3);
      return S;
    }

    double
    norm(const Column &f) override
    {
      double sum = 0;
      for (std::size_t i = 0; i < f.size(); ++i)
        sum += f(i) * f(i) / (dual ? 1. + i % 3 : 1.);
      return std::sqrt(sum);
    }

  private:
    const Column b;
    const Column slope;
    const bool   dual;
  };

  /// $f_i = q_{2i}^2 + q_{2i} q_{2i+1}$: two values a row, the first of which
  /// has the mass 2.
  class PairResidual : public Residual
  {
  public:
    explicit PairResidual(const std::size_t n)
      : Residual(2 * n, n)
      , slopes(make_column(2 * n))
    {}

    void
    apply_mass(const Block &X, const Block &MX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        for (std::size_t i = 0; i < n_rows(); ++i)
          MX(i, j) = 2. * X(2 * i, j);
    }

    void
    apply_transposed_mass(const Block &X, const Block &MTX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        for (std::size_t i = 0; i < n_rows(); ++i)
          {
            MTX(2 * i, j)     = 2. * X(i, j);
            MTX(2 * i + 1, j) = 0.;
          }
    }

    void
    evaluate(const Column &q, const Column &f) override
    {
      for (std::size_t i = 0; i < n_rows(); ++i)
        f(i) = q(2 * i) * (q(2 * i) + q(2 * i + 1));
    }

    void
    linearize(const Column &q) override
    {
      for (std::size_t i = 0; i < n_rows(); ++i)
        {
          slopes(2 * i)     = 2. * q(2 * i) + q(2 * i + 1);
          slopes(2 * i + 1) = q(2 * i);
        }
    }

    void
    apply_tangent(const Block &X, const Block &AX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        for (std::size_t i = 0; i < n_rows(); ++i)
          AX(i, j) =
            slopes(2 * i) * X(2 * i, j) + slopes(2 * i + 1) * X(2 * i + 1, j);
    }

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override
    {
      for (std::size_t j = 0; j < X.extent(1); ++j)
        for (std::size_t k = 0; k < n_values(); ++k)
          ATX(k, j) = slopes(k) * X(k / 2, j);
    }

  private:
    const Column slopes;
  };
} // namespace



TEST(PseudoTimeResidual, tangent_and_transpose_belong_to_the_residual)
{
  CoupledResidual square(30, false);
  PairResidual    rectangular(15);
  for (Residual *steady : {static_cast<Residual *>(&square),
                           static_cast<Residual *>(&rectangular)})
    {
      const std::size_t  n = steady->n_values(), n_rows = steady->n_rows();
      PseudoTimeResidual residual(*steady, random_column(n, 1), 0.3);

      const Column q = random_column(n, 2), x = random_column(n, 3),
                   w = random_column(n_rows, 4);
      residual.linearize(q);
      const Column Ax = make_column(n_rows), ATw = make_column(n);
      residual.apply_tangent(as_block(x), as_block(Ax));
      residual.apply_transposed_tangent(as_block(w), as_block(ATw));
      EXPECT_NEAR(dot(w, Ax), dot(ATw, x), 1e-12 * n);

      const Column derivative = directional_derivative(residual, q, x);
      for (std::size_t i = 0; i < n_rows; ++i)
        EXPECT_NEAR(derivative(i), Ax(i), 1e-7);
    }
}



TEST(PseudoTimeResidual, weights_the_change_of_values_by_the_mass)
{
  constexpr std::size_t n = 4;
  PairResidual          steady(n);
  const Column       q = random_column(2 * n, 1), q0 = random_column(2 * n, 2);
  PseudoTimeResidual residual(steady, q0, 0.3);
  const Column       f = make_column(n), g = make_column(n);
  steady.evaluate(q, f);
  residual.evaluate(q, g);
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR(g(i), 2. * (q(2 * i) - q0(2 * i)) + 0.3 * f(i), 1e-14);

  // The default is the identity, which is square.
  const Column x = random_column(2 * n, 3), Mx = make_column(2 * n);
  CoupledResidual(2 * n, false).apply_mass(as_block(x), as_block(Mx));
  EXPECT_EQ(relative_difference(Mx, x), 0.);
  EXPECT_THROW(steady.Residual::apply_mass(as_block(x), as_block(g)), Error);
}



TEST(PseudoTimeResidual, vanishes_at_the_reference_if_it_is_steady)
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



TEST(LBFGS, finds_the_minimum_of_a_badly_scaled_quadratic)
{
  constexpr std::size_t n = 20;
  const Column          x = random_column(n, 1);
  const unsigned int    n_iterations =
    minimize_by_lbfgs(x, [](const Column &x, const Column &gradient) {
      double value = 0;
      for (std::size_t i = 0; i < n; ++i)
        {
          const double weight = std::pow(10., 3. * i / n);
          value += weight * std::pow(x(i) - double(i), 2);
          gradient(i) = 2. * weight * (x(i) - double(i));
        }
      return value;
    });
  EXPECT_LE(n_iterations, 300u);
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR(x(i), double(i), 1e-6);
}



TEST(LBFGS, ends_with_the_best_point_when_time_is_up)
{
  constexpr unsigned int limit         = 7;
  unsigned int           n_evaluations = 0;
  double                 best          = std::numeric_limits<double>::max();
  const auto             function = [&](const Column &x, const Column &slope) {
    ++n_evaluations;
    const double value = std::pow(x(0), 4) + std::pow(x(1) - x(0), 2);
    slope(0) = 4. * std::pow(x(0), 3) - 2. * (x(1) - x(0));
    slope(1) = 2. * (x(1) - x(0));
    best     = std::min(best, value);
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



TEST(Alignment, both_methods_drive_a_network_towards_a_target)
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



TEST(Alignment, both_methods_reduce_the_pseudo_time_residual_in_any_norm)
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



TEST(Alignment, does_not_depend_on_the_order_of_points)
{
  const auto  sampling = sample(500);
  Sampling    reversed;
  const Block points = make_block(2, 500);
  for (std::size_t i = 0; i < 500; ++i)
    for (unsigned int d = 0; d < 2; ++d)
      points(d, i) = sampling.points(d, 499 - i);
  reversed.points = points;

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



TEST(Alignment, knows_values_that_are_some_rows_of_the_network)
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



TEST(Alignment, fits_as_many_outputs_as_it_is_told_to)
{
  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    {
      Network      network  = make_network(1, 2);
      const auto   sampling = sample(600);
      const Column target   = smooth_target(sampling, 2);
      DataMisfit   residual(target);
      const auto   misfit = [&](const unsigned int output) {
        const Column q   = values(network, sampling);
        double       sum = 0;
        for (std::size_t i = output; i < q.size(); i += 2)
          sum += std::pow(q(i) - target(i), 2);
        return std::sqrt(sum);
      };
      // What nobody looks at may be anything.
      for (std::size_t i = 1; i < target.size(); i += 2)
        target(i) = 1e3;
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



TEST(Alignment, refuses_what_does_not_fit)
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
  parameters           = {};
  parameters.n_outputs = 2;
  EXPECT_THROW(align(network, sampling, target, residual, parameters), Error);

  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    {
      AlignmentParameters with_method;
      with_method.method = method;
      target(3)          = std::nan("");
      EXPECT_THROW(align(network, sampling, target, residual, with_method),
                   Error);
    }
}
