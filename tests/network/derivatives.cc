// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 11;

  Block
  moved(const Block &points, const unsigned int k, const double step)
  {
    const Block result = make_block(points.extent(0), points.extent(1));
    Kokkos::deep_copy(result, points);
    for (std::size_t i = 0; i < points.extent(1); ++i)
      result(k, i) += step;
    return result;
  }

  Column
  values(const Network &network, const Block &points, const Column &correction)
  {
    const Column q = make_column(points.extent(1) * network.n_outputs());
    network.evaluate(points, q, correction);
    return q;
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

    const double h        = 1e-4;
    const Block  expected = make_block(2, n);
    const Column sum      = make_column(n);
    const Column center   = values(network, points, correction);
    for (unsigned int k = 0; k < 2; ++k)
      {
        const Column right = values(network, moved(points, k, h), correction);
        const Column left  = values(network, moved(points, k, -h), correction);
        for (std::size_t i = 0; i < n; ++i)
          {
            expected(k, i) = (right(i) - left(i)) / (2 * h);
            sum(i) += (right(i) - 2 * center(i) + left(i)) / (h * h);
          }
      }
    EXPECT_LT(relative_difference(gradients, expected), 1e-6);
    EXPECT_LT(relative_difference(laplacians, sum), 1e-5);
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
      for (std::size_t i = 0; i < n; ++i)
        q(i) += change(i);
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
  const Network scaled = Network::load_bytes(bytes, "scaled", 2, 2, scaling);

  const Block x = random_points(2, n_points);
  const Block y = make_block(2, n_points);
  for (std::size_t i = 0; i < n_points; ++i)
    for (unsigned int k = 0; k < 2; ++k)
      y(k, i) = (x(k, i) - scaling.input_shift[k]) * scaling.input_scale[k];

  const Column q        = values(scaled, x, {});
  const Column expected = values(plain, y, {});
  for (std::size_t i = 0; i < n_points; ++i)
    for (unsigned int c = 0; c < 2; ++c)
      expected(2 * i + c) =
        scaling.output_shift[c] + scaling.output_scale[c] * expected(2 * i + c);
  EXPECT_LT(relative_difference(q, expected), 1e-14);

  check(scaled, random_column(scaled.n_parameters()));
  ASSERT_TRUE(scaled.layered()) << scaled.description();
  const RankOneDirections V       = scaled.random_directions(3, 1);
  const Block             JV      = make_block(2 * n_points, 3);
  const Block             generic = make_block(2 * n_points, 3);
  scaled.jacobian_times(x, V, JV);
  scaled.jacobian_times(x, scaled.expand_columns(V, 0, 3), generic);
  EXPECT_LT(relative_difference(JV, generic), 1e-12);
}
