// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "support/messages.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  NetworkScript
  two_layers()
  {
    NetworkScript script("x");
    script.line("h = torch.tanh(" + script.linear("x", "hidden", 2, 5) + ")");
    script.line("return " + script.linear("h", "output", 5, 1) + " + " +
                script.vector("offset", 1, 0.25));
    return script;
  }

  double
  largest(const Column &column)
  {
    double result = 0;
    for (const double entry : to_vector(column))
      result = std::max(result, std::abs(entry));
    return result;
  }
} // namespace

TEST(NetworkScript, MakesTheLayersThatItNames)
{
  const Network network = two_layers().build("two layers", 2, 1);
  EXPECT_EQ(network.n_parameters(), 2 * 5 + 5 + 5 + 1 + 1u);
  EXPECT_TRUE(network.layered());
  // Weights and biases are at most 1 / sqrt(inputs).
  EXPECT_LE(largest(network.parameters()), 1 / std::sqrt(2.));
  EXPECT_GT(largest(network.parameters()), 0.25);
}

TEST(NetworkScript, FullyConnectedIsLayersWithTanhBetweenThem)
{
  NetworkScript layers("x");
  layers.line("h = torch.tanh(" + layers.linear("x * x", "first", 2, 5) + ")");
  layers.line("h = torch.tanh(" + layers.linear("h", "second", 5, 4) + ")");
  layers.line("return " + layers.linear("h", "third", 4, 1));
  NetworkScript script("x");
  script.line("return " + script.fully_connected("x * x", "h", {2, 5, 4, 1}));

  const Network expected = layers.build("layers", 2, 1),
                network  = script.build("fully connected", 2, 1);
  EXPECT_TRUE(network.layered());
  EXPECT_EQ(relative_difference(network.parameters(), expected.parameters()),
            0);
  const Block points =
    make_block_of(2, 3, [](const std::size_t d, const std::size_t i) {
      return 0.3 * (2 * i + d) - 0.7;
    });
  const Column values = make_column(3), expected_values = make_column(3);
  network.evaluate(points, values);
  expected.evaluate(points, expected_values);
  EXPECT_GT(largest(values), 0);
  EXPECT_LT(relative_difference(values, expected_values), 1e-15);

  EXPECT_THROW(script.fully_connected("x", "h", {2}), Error);
}

TEST(NetworkScript, TheSameSeedMakesTheSameNetwork)
{
  const NetworkScript script = two_layers();
  const Column        first  = script.build("first", 2, 1, 3).parameters(),
               again         = script.build("again", 2, 1, 3).parameters(),
               other         = script.build("other", 2, 1, 4).parameters();
  EXPECT_EQ(relative_difference(again, first), 0);
  EXPECT_GT(relative_difference(other, first), 0.1);
}

TEST(NetworkScript, TellsWhatIsWrongWithTheScript)
{
  NetworkScript script("x");
  script.line("return torch.wavelet(x)");
  expect_contains(message([&]() { script.build("with wavelets", 2, 1); }),
                  "with wavelets");
}

// The differences that a network is probed with meet the kink.
TEST(NetworkScript, ParametersMayBeCloseToAKink)
{
  NetworkScript script("x");
  script.line("return " + script.linear("x", "output", 2, 1) +
              " + 100. * torch.relu(" + script.vector("kink", 1, 2e-7) + ")");
  EXPECT_NO_THROW(script.build("close to a kink", 2, 1));
}
