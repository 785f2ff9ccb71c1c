// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 23;

  Column
  values(const Network &network, const Block &points)
  {
    const Column q = make_column(n_points * network.n_outputs());
    network.evaluate(points, q);
    return q;
  }

  /// Central differences of q along direction v, fourth order.
  Column
  differences(Network &network, const Block &points, const Column &v)
  {
    const double  h         = 1e-3;
    const Column  theta     = network.parameters();
    const Column  moved     = make_column(theta.size());
    const Column  result    = make_column(n_points * network.n_outputs());
    constexpr int steps[]   = {-2, -1, 1, 2};
    const double  weights[] = {1. / 12, -8. / 12, 8. / 12, -1. / 12};
    for (unsigned int s = 0; s < 4; ++s)
      {
        for (std::size_t i = 0; i < theta.size(); ++i)
          moved(i) = theta(i) + steps[s] * h * v(i);
        network.set_parameters(moved);
        const Column q = values(network, points);
        for (std::size_t i = 0; i < q.size(); ++i)
          result(i) += weights[s] / h * q(i);
      }
    network.set_parameters(theta);
    return result;
  }

  double
  dot(const Column &a, const Column &b)
  {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      sum += a(i) * b(i);
    return sum;
  }
} // namespace



TEST(JacobianProducts, AgreeWithFiniteDifferencesOverRepeatedCalls)
{
  const Block points = random_points(2, n_points);
  for (auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      for (unsigned int call = 0; call < 6; ++call)
        {
          Column      v  = random_column(network.n_parameters(), 100 + call);
          const Block JV = make_block(n_points * network.n_outputs(), 1);
          network.jacobian_times(points, as_block(v), JV);
          EXPECT_LT(
            relative_difference(JV, as_block(differences(network, points, v))),
            1e-7);
        }
    }
}



TEST(JacobianProducts, ForwardAndReverseModeAreTransposed)
{
  const Block points = random_points(2, n_points);
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t n = n_points * network.n_outputs();
      const std::size_t m = network.n_parameters();
      for (unsigned int call = 0; call < 6; ++call)
        {
          const Column v   = random_column(m, 10 + call);
          const Column u   = random_column(n, 20 + call);
          const Column Jv  = make_column(n);
          const Column JTu = make_column(m);
          network.jacobian_times(points, as_block(v), as_block(Jv));
          network.transposed_jacobian_times(points, as_block(u), as_block(JTu));
          EXPECT_NEAR(dot(u, Jv),
                      dot(JTu, v),
                      1e-12 * std::sqrt(dot(u, u) * dot(Jv, Jv)));
        }
    }
}



TEST(JacobianProducts, BlocksEqualSingleDirections)
{
  const Block points = random_points(2, n_points);
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t n  = n_points * network.n_outputs();
      const Block       V  = random_block(network.n_parameters(), 3);
      const Block       JV = make_block(n, 3);
      network.jacobian_times(points, V, JV);
      for (unsigned int j = 0; j < 3; ++j)
        {
          const Block single = make_block(n, 1);
          network.jacobian_times(points, columns(V, j, j + 1), single);
          EXPECT_LT(relative_difference(columns(JV, j, j + 1), single), 1e-14);
        }
    }
}



TEST(LayeredPath, IsFoundWhereAllWeightsAreInLinearLayers)
{
  for (const auto &[name, network] : model_zoo())
    EXPECT_EQ(network.layered(),
              name != "no linear layers" && name != "a loop in the model")
      << name << ": " << network.description();
}



TEST(LayeredPath, JacobianRowsEqualGenericProducts)
{
  const Block points = random_points(2, n_points);
  for (const auto &[name, network] : model_zoo())
    {
      if (!network.layered())
        continue;
      SCOPED_TRACE(name);
      const std::size_t n = n_points * network.n_outputs();
      const std::size_t m = network.n_parameters();
      const Block       J = make_block(n, m);
      network.jacobian_rows(points, J);

      const Block v  = random_block(m, 1);
      const Block Jv = make_block(n, 1);
      network.jacobian_times(points, v, Jv);
      const Block product = make_block(n, 1);
      for (std::size_t i = 0; i < n; ++i)
        {
          product(i, 0) = 0;
          for (std::size_t k = 0; k < m; ++k)
            product(i, 0) += J(i, k) * v(k, 0);
        }
      EXPECT_LT(relative_difference(product, Jv), 1e-12);
    }
}



TEST(RankOneDirections, ProductsEqualThoseOfExplicitColumns)
{
  const Block       points = random_points(2, n_points);
  const std::size_t r      = 5;
  for (const auto &[name, network] : model_zoo())
    {
      SCOPED_TRACE(name);
      const std::size_t       n          = n_points * network.n_outputs();
      const RankOneDirections V          = network.random_directions(r, 3);
      const Block             explicit_V = network.expand_columns(V, 0, r);
      const Block             expected   = make_block(n, r);
      network.jacobian_times(points, explicit_V, expected);
      const Block JV = make_block(n, r);
      network.jacobian_times(points, V, JV);
      EXPECT_LT(relative_difference(JV, expected), 1e-12);

      const Column y          = random_column(r);
      const Column correction = network.expand(V, y);
      const Column sum        = make_column(network.n_parameters());
      for (std::size_t i = 0; i < sum.size(); ++i)
        for (std::size_t k = 0; k < r; ++k)
          sum(i) += explicit_V(i, k) * y(k);
      EXPECT_LT(relative_difference(correction, sum), 1e-13);
    }
}



TEST(RankOneDirections, AreReproducibleAndIndependent)
{
  const auto  zoo     = model_zoo();
  const auto &network = zoo.front().second;
  const Block a = network.expand_columns(network.random_directions(4, 5), 0, 4);
  const Block b = network.expand_columns(network.random_directions(4, 5), 0, 4);
  const Block c = network.expand_columns(network.random_directions(4, 6), 0, 4);
  EXPECT_EQ(relative_difference(a, b), 0.);
  EXPECT_GT(relative_difference(a, c), 0.1);
}
