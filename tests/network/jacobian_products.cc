// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "support/messages.h"
#include "support/models.h"
#include "network/jacobian.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 23;

  Block
  points_for(const Network &network)
  {
    return random_points(network.n_inputs(), n_points);
  }

  /// J for a block of directions by forward-mode differentiation.
  Block
  generic_product(const Network &network, const Block &points, const Block &V)
  {
    const Block JV =
      make_block(points.extent(1) * network.n_outputs(), V.extent(1));
    NetworkJacobian(network, points).forward_mode_times(V, JV);
    return JV;
  }

  /// Random directions as explicit columns.
  Block
  random_columns(const Network      &network,
                 const std::size_t   n,
                 const std::uint64_t seed)
  {
    return NetworkJacobian::expand_columns(
      network, NetworkJacobian::random_directions(network, n, seed), 0, n);
  }

  /// Some outputs in turn, one for each point.
  std::vector<unsigned int>
  one_output_each(const Network &network)
  {
    std::vector<unsigned int> outputs(n_points);
    for (std::size_t i = 0; i < n_points; ++i)
      outputs[i] = (2 * i) % network.n_outputs();
    return outputs;
  }

  /// The rows of J that belong to them, by reverse-mode differentiation.
  Block
  generic_rows(const Network &network, const Block &points)
  {
    const auto  outputs = one_output_each(network);
    const Block U =
      make_block_of(n_points * network.n_outputs(),
                    n_points,
                    [&](const std::size_t row, const std::size_t i) {
                      return row == i * network.n_outputs() + outputs[i] ? 1. :
                                                                           0.;
                    });
    const Block JTU = make_block(network.n_parameters(), n_points);
    network.transposed_jacobian_times(points, U, JTU);
    return JTU;
  }

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
    const double        h          = 4e-4;
    const Column        parameters = network.parameters();
    const HostColumn    theta = to_host(parameters), direction = to_host(v);
    std::vector<double> result(n_points * network.n_outputs());
    constexpr int       steps[]   = {-2, -1, 1, 2};
    const double        weights[] = {1. / 12, -8. / 12, 8. / 12, -1. / 12};
    for (unsigned int s = 0; s < 4; ++s)
      {
        network.set_parameters(
          make_column_of(theta.size(), [&](const std::size_t i) {
            return theta(i) + steps[s] * h * direction(i);
          }));
        const HostColumn q = to_host(values(network, points));
        for (std::size_t i = 0; i < q.size(); ++i)
          result[i] += weights[s] / h * q(i);
      }
    network.set_parameters(parameters);
    return to_column(result);
  }
} // namespace



TEST(JacobianProducts, AgreeWithFiniteDifferencesOverRepeatedCalls)
{
  for (auto &[name, network] : all_models())
    {
      if (name.find("relu") != std::string::npos)
        continue; // has kinks
      SCOPED_TRACE(name);
      const Block points = points_for(network);
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
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block       points = points_for(network);
      const std::size_t n      = n_points * network.n_outputs();
      const std::size_t m      = network.n_parameters();
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
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block       points = points_for(network);
      const std::size_t n      = n_points * network.n_outputs();
      const Block       V      = random_block(network.n_parameters(), 3);
      const Block       JV     = make_block(n, 3);
      network.jacobian_times(points, V, JV);
      for (unsigned int j = 0; j < 3; ++j)
        {
          const Block single = make_block(n, 1);
          network.jacobian_times(points, columns(V, j, j + 1), single);
          EXPECT_LT(relative_difference(columns(JV, j, j + 1), single), 1e-14);
        }
    }
}



TEST(JacobianProducts, ChooseAWayThatGivesTheSame)
{
  // From a few directions on, rows of the Jacobian are multiplied.
  for (const auto &[name, network] : all_models())
    for (const std::size_t r : {1, 7, 8, 40})
      {
        SCOPED_TRACE(name);
        const Block points = points_for(network);
        const Block V      = random_block(network.n_parameters(), r);
        const Block JV     = make_block(n_points * network.n_outputs(), r);
        network.jacobian_times(points, V, JV);
        EXPECT_LT(relative_difference(JV, generic_product(network, points, V)),
                  1e-12);
      }
}



TEST(LayeredPath, IsFoundWhereAllWeightsAreInLayers)
{
  for (const auto &[name, network] : all_models())
    EXPECT_EQ(network.layered(),
              name != "no linear layers" && name != "a loop in the model")
      << name << ": " << network.description();
}



TEST(LayeredPath, DescriptionSaysWhatWasFoundOrWhyNot)
{
  const std::map<std::string, std::string> expected = {
    {"convolutions with relu", "2 linear layers, 2 convolutions"},
    {"normalization layers", "24 elementwise parameters"},
    {"deeponet", "6 linear layers, 1 elementwise parameters"},
    {"multionet", "3 parameters differentiated one by one"},
    {"no linear layers", "generic derivatives: no linear layers"},
    {"products with transposed matrices", "3 linear layers"},
    {"a loop in the model", "generic derivatives: 289 parameters, 'w2'"}};
  unsigned int n_found = 0;
  for (const auto &[name, network] : all_models())
    if (expected.count(name) > 0)
      {
        ++n_found;
        expect_contains(network.description(), expected.at(name));
      }
  EXPECT_EQ(n_found, expected.size());
}



TEST(LayeredPath, JacobianRowsEqualGenericProducts)
{
  for (const auto &[name, network] : all_models())
    {
      if (!network.layered())
        continue;
      SCOPED_TRACE(name);
      const Block       points = points_for(network);
      const std::size_t n      = n_points * network.n_outputs();
      const std::size_t m      = network.n_parameters();
      const Block       V      = random_block(m, 2);
      const Block       JV     = generic_product(network, points, V);
      for (unsigned int call = 0; call < 6; ++call)
        {
          const Block J = make_block(n, m);
          NetworkJacobian(network, points).rows(J);
          const Block product = make_block(n, 2);
          multiply(1., 'N', J, 'N', V, 0., product);
          EXPECT_LT(relative_difference(product, JV), 1e-12);
        }
    }
}



TEST(LayeredPath, BatchesOfRowsAreTheRowsInBothPrecisions)
{
  for (const auto &[name, network] : all_models())
    {
      if (!network.layered())
        continue;
      SCOPED_TRACE(name);
      const Block       points = points_for(network);
      const std::size_t n      = n_points * network.n_outputs();
      const std::size_t m      = network.n_parameters();
      const Block       J      = make_block(n, m);
      NetworkJacobian(network, points).rows(J);

      const Block exact  = make_block(n, m);
      const Block single = make_block(n, m);
      NetworkJacobian(network, points).visit_rows<Block>([&](const Block &batch, std::size_t first, std::size_t last) {
          Kokkos::deep_copy(rows(exact, first, last), batch);
        });
      NetworkJacobian(network, points).visit_rows<FloatBlock>([&](const FloatBlock &batch, std::size_t first, std::size_t last) {
          Kokkos::deep_copy(rows(single, first, last), batch);
        });
      EXPECT_EQ(relative_difference(exact, J), 0.);
      EXPECT_LT(relative_difference(single, J), 1e-6);
      EXPECT_GT(relative_difference(single, J), 0.);
    }
}



TEST(JacobianColumns, EqualProductsWithUnitDirections)
{
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block       points = points_for(network);
      const std::size_t m      = network.n_parameters();

      // Every seventh parameter, in no particular order, and one twice.
      std::vector<std::size_t> parameters = {m - 1};
      for (std::size_t p = 0; p < m; p += 7)
        parameters.push_back((p + m / 2) % m);
      parameters.push_back(m - 1);
      const Block V =
        make_block_of(m,
                      parameters.size(),
                      [&](const std::size_t p, const std::size_t j) {
                        return p == parameters[j] ? 1. : 0.;
                      });
      const Block expected = generic_product(network, points, V);
      for (unsigned int call = 0; call < 6; ++call)
        {
          const Block columns =
            make_block(n_points * network.n_outputs(), parameters.size());
          NetworkJacobian(network, points).columns(parameters, columns);
          EXPECT_LT(relative_difference(columns, expected), 1e-12);
        }
    }
}



TEST(JacobianColumns, BadRequestsAreErrors)
{
  const auto  models  = layer_zoo();
  const auto &network = models.front().second;
  const Block points  = points_for(network);
  const Block columns = make_block(n_points, 1);
  EXPECT_THROW(NetworkJacobian(network, points).columns({0, 1}, columns), Error);
  EXPECT_THROW(
    NetworkJacobian(network, points).columns({network.n_parameters()}, columns), Error);
}



TEST(JacobianRowsAsDirections, AreTheTransposedRows)
{
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block points   = points_for(network);
      const Block expected = generic_rows(network, points);
      for (unsigned int call = 0; call < 6; ++call)
        {
          const Block V = make_block(network.n_parameters(), n_points);
          NetworkJacobian(network, points).transposed_rows(one_output_each(network), V);
          EXPECT_LT(relative_difference(V, expected), 1e-12);
        }
    }
}



TEST(JacobianRowsAsDirections, HaveRankOneForVectorsAtPointsOnly)
{
  const std::set<std::string> others = {
    "two arguments, two outputs, shared weights",
    "convolutions with relu",
    "convolutions with tanh",
    "a convolution used twice",
    "several vectors for a point",
    "normalization layers",
    "layers with and without their bias",
    "jets",
    "jets of the modified architecture"};
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block points  = points_for(network);
      const auto  outputs = one_output_each(network);
      ASSERT_EQ(NetworkJacobian(network, points).has_rank_one_rows(),
                network.layered() && others.count(name) == 0);
      if (!NetworkJacobian(network, points).has_rank_one_rows())
        {
          EXPECT_THROW(NetworkJacobian(network, points).rank_one_rows(outputs), Error);
          continue;
        }
      const RankOneDirections V = NetworkJacobian(network, points).rank_one_rows(outputs);
      EXPECT_LT(relative_difference(NetworkJacobian::expand_columns(network, V, 0, n_points),
                                    generic_rows(network, points)),
                1e-12);
    }
}



TEST(RankOneDirections, ProductsEqualThoseOfExplicitColumns)
{
  const std::size_t r = 5;
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Block             points     = points_for(network);
      const RankOneDirections V          = NetworkJacobian::random_directions(network, r, 3);
      const Block             explicit_V = NetworkJacobian::expand_columns(network, V, 0, r);
      const Block expected = generic_product(network, points, explicit_V);
      for (unsigned int call = 0; call < 6; ++call)
        {
          const Block JV = make_block(n_points * network.n_outputs(), r);
          network.jacobian_times(points, V, JV);
          EXPECT_LT(relative_difference(JV, expected), 1e-12);
        }

      const Column y          = random_column(r);
      const Column correction = NetworkJacobian::expand(network, V, y);
      const Column sum        = make_column(network.n_parameters());
      multiply(1., 'N', explicit_V, y, 0., sum);
      EXPECT_LT(relative_difference(correction, sum), 1e-13);
    }
}



TEST(RankOneDirections, ProductsDoNotDependOnTheBatches)
{
  // Many directions and outputs leave few points for a batch.
  for (const auto &[name, network] : layer_zoo())
    {
      SCOPED_TRACE(name);
      constexpr std::size_t   r = 400, n = 700;
      const Block             points = random_points(network.n_inputs(), n);
      const std::size_t       k      = network.n_outputs();
      const RankOneDirections V      = NetworkJacobian::random_directions(network, r, 3);
      const Block             all    = make_block(n * k, r);
      network.jacobian_times(points, V, all);
      const Block some = make_block(13 * k, r);
      network.jacobian_times(columns(points, n - 13, n), V, some);
      EXPECT_LT(relative_difference(rows(all, (n - 13) * k, n * k), some),
                1e-12);
    }
}



TEST(RankOneDirections, AreReproducibleAndIndependent)
{
  const auto  zoo     = all_models();
  const auto &network = zoo.front().second;
  const Block a = random_columns(network, 4, 5);
  const Block b = random_columns(network, 4, 5);
  const Block c = random_columns(network, 4, 6);
  EXPECT_EQ(relative_difference(a, b), 0.);
  EXPECT_GT(relative_difference(a, c), 0.1);
}
