// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <cmath>

#include "network/jacobian.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 11;

  Block
  moved(const Block &points, const unsigned int k, const double step)
  {
    const HostBlock x = to_host(points);
    return make_block_of(points.extent(0),
                         points.extent(1),
                         [&](const std::size_t d, const std::size_t i) {
                           return x(d, i) + (d == k ? step : 0.);
                         });
  }

  Column
  values(const Network &network, const Block &points, const Column &correction)
  {
    const Column q = make_column(points.extent(1) * network.n_outputs());
    network.evaluate(points, q, correction);
    return q;
  }

  /// A loss that is quadratic in the jets, and mixes their entries.
  double
  quadratic_loss(const Block &jets_of_points, const Block &slopes_of_points)
  {
    const HostBlock jets = to_host(jets_of_points);
    const HostBlock slopes("slopes", jets.extent(0), jets.extent(1));
    double          value = 0;
    for (std::size_t i = 0; i < jets.extent(1); ++i)
      for (std::size_t k = 0; k < jets.extent(0); ++k)
        {
          const std::size_t next = (k + 1) % jets.extent(0);
          const std::size_t last = (k + jets.extent(0) - 1) % jets.extent(0);
          value +=
            (k + 1) * jets(k, i) * jets(k, i) + jets(k, i) * jets(next, i);
          slopes(k, i) =
            2. * (k + 1) * jets(k, i) + jets(next, i) + jets(last, i);
        }
    Kokkos::deep_copy(slopes_of_points, to_memory_space(slopes));
    return value;
  }

  /// That loss and its gradient, added to @p gradient.
  double
  add_quadratic_loss(const Network &network,
                     const Block   &points,
                     const Column  &gradient)
  {
    return network.add_loss_gradient(
      points,
      {1., 0.5},
      [](const Block &jets, const std::size_t, const Block &slopes) {
        return quadratic_loss(jets, slopes);
      },
      gradient);
  }

  /// Gradients and Laplacians against central differences in x.
  void
  check(const Network &network, const Column &correction)
  {
    const Block       points     = random_points(2, n_points);
    const std::size_t n          = n_points * network.n_outputs();
    const Block       gradients  = make_block(2, n);
    const Column      laplacians = make_column(n);
    network.evaluate_gradients(points, gradients, correction);
    network.evaluate_laplacians(points, 2, laplacians, correction);

    const double     h = 1e-4;
    const HostBlock  expected("gradients", 2, n);
    const HostColumn sum("Laplacians", n);
    const auto       q = [&](const Block &x) {
      return to_vector(values(network, x, correction));
    };
    const std::vector<double> center = q(points);
    for (unsigned int k = 0; k < 2; ++k)
      {
        const std::vector<double> right = q(moved(points, k, h)),
                                  left  = q(moved(points, k, -h));
        for (std::size_t i = 0; i < n; ++i)
          {
            expected(k, i) = (right[i] - left[i]) / (2 * h);
            sum(i) += (right[i] - 2 * center[i] + left[i]) / (h * h);
          }
      }
    EXPECT_LT(relative_difference(gradients, to_memory_space(expected)), 1e-6);
    EXPECT_LT(relative_difference(laplacians, to_memory_space(sum)), 1e-5);
  }
} // namespace



TEST(SpatialDerivatives, OfTheNetworkAgreeWithDifferences)
{
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      check(network, {});
    }
}



TEST(SpatialDerivatives, OfTheRefinedPredictionAgreeWithDifferences)
{
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      check(network, random_column(network.n_parameters()));
    }
}



TEST(LossOfDerivatives, SeesValuesGradientsAndWeightedSecondDerivatives)
{
  const Block points = random_points(2, n_points);
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t n          = n_points * network.n_outputs();
      const Block       seen       = make_block(4, n);
      const Column      laplacians = make_column(n);
      const Block       gradients  = make_block(2, n);
      network.evaluate_gradients(points, gradients);
      network.evaluate_laplacians(points, 1, laplacians);
      const HostColumn q      = to_host(values(network, points, {})),
                       second = to_host(laplacians);
      const HostBlock first   = to_host(gradients);
      const Block     expected =
        make_block_of(4, n, [&](const std::size_t k, const std::size_t i) {
          return k == 0 ? q(i) : k == 3 ? 3. * second(i) : first(k - 1, i);
        });

      const auto look =
        [&](const Block &jets, const std::size_t first, const Block &slopes) {
          Kokkos::deep_copy(columns(seen, first, first + jets.extent(1)), jets);
          Kokkos::deep_copy(slopes, 0.);
          return 1.;
        };
      const Column gradient = make_column(network.n_parameters());
      EXPECT_EQ(network.add_loss_gradient(points, {3., 0.}, look, gradient),
                1.);
      EXPECT_LT(relative_difference(seen, expected), 1e-12);
    }
}



TEST(LossOfDerivatives, GradientAgreesWithDifferences)
{
  const Block      points = random_points(2, n_points);
  constexpr double h      = 1e-5;
  for (auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t m         = network.n_parameters();
      const HostColumn  theta     = to_host(network.parameters());
      const HostColumn  direction = to_host(random_column(m));
      const Column      ignored   = make_column(m);
      const Column      gradient  = make_column(m);
      add_quadratic_loss(network, points, gradient);

      const auto moved_loss = [&, &network = network](const double step) {
        network.set_parameters(make_column_of(m, [&](const std::size_t p) {
          return theta(p) + step * direction(p);
        }));
        return add_quadratic_loss(network, points, ignored);
      };
      const double product  = dot(gradient, to_memory_space(direction));
      const double expected = (moved_loss(h) - moved_loss(-h)) / (2 * h);
      EXPECT_NEAR(product, expected, 1e-6 * std::abs(expected));
    }
}



TEST(LossOfDerivatives, MistakesAreReported)
{
  const auto     zoo     = model_zoo();
  const Network &network = zoo.front().second;
  const auto     nothing = [](const Block &, const std::size_t, const Block &) {
    return 0.;
  };
  const Block  points   = random_points(2, n_points);
  const Column gradient = make_column(network.n_parameters());
  EXPECT_THROW(network.add_loss_gradient(points, {1.}, nothing, gradient),
               Error);
  EXPECT_THROW(network.add_loss_gradient(
                 points, {1., 1.}, nothing, make_column(gradient.size() + 1)),
               Error);
}



TEST(RefinedPrediction, IsTheNetworkPlusItsJacobianTimesTheCorrection)
{
  const Block points = random_points(2, n_points);
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t n          = n_points * network.n_outputs();
      const Column      correction = random_column(network.n_parameters());
      const Column      refined    = values(network, points, correction);
      const Column      q          = values(network, points, {});
      const Column      change     = make_column(n);
      network.jacobian_times(points, as_block(correction), as_block(change));
      add(1., change, q);
      EXPECT_LT(relative_difference(refined, q), 1e-13);
    }
}



TEST(Scaling, ActsOnValuesDerivativesAndJacobian)
{
  const std::string bytes =
    torchscript({{"w1", {6, 2}}, {"b1", {6}}, {"w2", {2, 6}}},
                "def forward(self, x):\n"
                "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
                "  return torch.linear(h, self.w2)\n");
  Network::Scaling scaling;
  scaling.input_shift  = {0.5, -1.};
  scaling.input_scale  = {2., 3.};
  scaling.output_shift = {1., 2.};
  scaling.output_scale = {10., -4.};
  const Network plain  = Network::load_bytes(bytes, "plain", 2, 2);
  const Network scaled =
    Network::load_bytes(bytes, "scaled", 2, 2, {scaling, {}, ""});

  const Block     x      = random_points(2, n_points);
  const HostBlock host_x = to_host(x);
  const Block     y =
    make_block_of(2, n_points, [&](const std::size_t k, const std::size_t i) {
      return (host_x(k, i) - scaling.input_shift[k]) * scaling.input_scale[k];
    });

  const HostColumn of_y = to_host(values(plain, y, {}));
  const Column     expected =
    make_column_of(2 * n_points, [&](const std::size_t i) {
      return scaling.output_shift[i % 2] +
             scaling.output_scale[i % 2] * of_y(i);
    });
  EXPECT_LT(relative_difference(values(scaled, x, {}), expected), 1e-14);

  check(scaled, random_column(scaled.n_parameters()));
  ASSERT_TRUE(scaled.layered()) << scaled.description();
  const RankOneDirections V  = NetworkJacobian::random_directions(scaled, 3, 1);
  const Block             JV = make_block(2 * n_points, 3);
  const Block             generic = make_block(2 * n_points, 3);
  scaled.jacobian_times(x, V, JV);
  scaled.jacobian_times(x,
                        NetworkJacobian::expand_columns(scaled, V, 0, 3),
                        generic);
  EXPECT_LT(relative_difference(JV, generic), 1e-12);
}
