// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <set>

#include "network/jacobian.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// Every one of some first inputs with every one of some last ones, in an
  /// order that does not follow either.
  Block
  tensor_grid(const unsigned int n_inputs,
              const unsigned int n_first,
              const std::size_t  n_functions,
              const std::size_t  n_places)
  {
    const HostBlock functions = to_host(random_points(n_inputs, n_functions));
    const HostBlock places =
      to_host(random_points(n_inputs, n_places, 0., 1., 2));
    const std::size_t n = n_functions * n_places;
    return make_block_of(n_inputs,
                         n,
                         [&](const std::size_t k, const std::size_t i) {
                           const std::size_t p =
                             (7 * i + 3) % n; // 7 does not divide n
                           return k < n_first ? functions(k, p / n_places) :
                                                places(k, p % n_places);
                         });
  }

  /// Models that consist of subnetworks, and how many inputs the first sees.
  const std::map<std::string, unsigned int> separable = {{"deeponet", 5},
                                                         {"multionet", 5},
                                                         {"branches", 1}};
} // namespace



TEST(Subnetworks, AreFoundWhereTheyMeetBehindAllWeights)
{
  std::set<std::string> found;
  for (const auto &[name, network] : all_models())
    {
      const std::string description = network.description();
      if (description.find("subnetworks of") != std::string::npos)
        found.insert(name);
      else
        EXPECT_FALSE(
          NetworkJacobian(network, random_points(network.n_inputs(), 2))
            .separated_times(random_block(network.n_parameters(), 1),
                             make_block(2 * network.n_outputs(), 1),
                             /* only_if_fast = */ false))
          << name;
    }
  for (const auto &[name, n_first] : separable)
    EXPECT_EQ(found.count(name), 1u) << name;
  EXPECT_EQ(found.size(), separable.size());
}



TEST(SeparatedProducts, EqualPlainOnesOnGridsAndScatteredPoints)
{
  for (const auto &[name, network] : all_models())
    {
      if (separable.count(name) == 0)
        continue;
      SCOPED_TRACE(name);
      for (const Block &points :
           {tensor_grid(network.n_inputs(), separable.at(name), 9, 11),
            random_points(network.n_inputs(), 19)})
        {
          const Block V        = random_block(network.n_parameters(), 5);
          const Block expected = make_block(points.extent(1), 5);
          NetworkJacobian(network, points).forward_mode_times(V, expected);
          for (unsigned int call = 0; call < 6; ++call)
            {
              const Block JV = make_block(points.extent(1), 5);
              EXPECT_TRUE(
                NetworkJacobian(network, points).separated_times(V, JV, false));
              EXPECT_LT(relative_difference(JV, expected), 1e-12);
            }
        }
    }
}



TEST(SeparatedProducts, RespectTheScalingOfInputsAndOutputs)
{
  const std::string bytes = torchscript(
    {{"bw", {8, 3}}, {"bb", {8}}, {"tw", {8, 1}}, {"scale", {2}}},
    "def forward(self, x):\n"
    "  b = torch.tanh(torch.linear(x[:, :3], self.bw, self.bb))\n"
    "  t = torch.tanh(torch.linear(x[:, -1].unsqueeze(1), self.tw))\n"
    "  y = b * t\n"
    "  return torch.stack([torch.sum(y[:, :4], 1), torch.sum(y[:, 4:], 1)], "
    "1) * self.scale\n");
  Network::Scaling scaling;
  scaling.input_shift  = {0.1, 0.2, 0.3, 0.4};
  scaling.input_scale  = {1., 2., 3., 4.};
  scaling.output_scale = {10., -3.};
  scaling.output_shift = {1., 2.};
  const Network network =
    Network::load_bytes(bytes, "scaled", 4, 2, {scaling, {}, ""});
  const Block points   = tensor_grid(4, 3, 5, 8);
  const Block V        = random_block(network.n_parameters(), 3);
  const Block expected = make_block(80, 3), JV = make_block(80, 3);
  NetworkJacobian(network, points).forward_mode_times(V, expected);
  EXPECT_TRUE(NetworkJacobian(network, points).separated_times(V, JV, false));
  EXPECT_LT(relative_difference(JV, expected), 1e-12);
}



TEST(SeparatedProducts, PayOnGridsOnly)
{
  for (const auto &[name, model] : all_models())
    {
      SCOPED_TRACE(name);
      const Network    &network      = model;
      const bool        is_separable = separable.count(name) > 0;
      const std::size_t n_first      = is_separable ? separable.at(name) : 1;
      const auto        separated    = [&](const Block &points) {
        return NetworkJacobian(network, points)
          .separated_times(random_block(network.n_parameters(), 1),
                           make_block(points.extent(1) * network.n_outputs(),
                                      1),
                           /* only_if_fast = */ true);
      };
      EXPECT_EQ(separated(tensor_grid(network.n_inputs(), n_first, 30, 32)),
                is_separable);
      EXPECT_FALSE(separated(random_points(network.n_inputs(), 200)));
    }
}
