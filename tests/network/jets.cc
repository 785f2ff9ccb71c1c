// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/network/fully_connected.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t     n_points = 11;
  const std::vector<double> weights  = {0.7, 0., 1.3};

  FullyConnected
  make_layout(const std::string &activation)
  {
    FullyConnected layout;
    layout.n_inputs   = weights.size();
    layout.n_outputs  = 2;
    layout.widths     = {9, 8, 7};
    layout.activation = activation;
    layout.seed       = 3;
    return layout;
  }

  /// Jets by reverse-mode differentiation of the network itself.
  Block
  differentiated(const Network &network, const Block &points)
  {
    const Block jets =
      make_block(weights.size() + 2, points.extent(1) * network.n_outputs());
    network.add_loss_gradient(
      points,
      weights,
      [&](const Block &some, const std::size_t first, const Block &slopes) {
        Kokkos::deep_copy(columns(jets, first, first + some.extent(1)), some);
        Kokkos::deep_copy(slopes, 0.);
        return 0.;
      },
      make_column(network.n_parameters()));
    return jets;
  }

  void
  compare(const FullyConnected &layout)
  {
    Network      network = layout.build();
    Network      jets    = layout.build_jets(weights);
    const Column theta   = network.parameters();
    EXPECT_EQ(relative_difference(jets.parameters(), theta), 0.);
    ASSERT_EQ(jets.n_outputs(), 2 * (weights.size() + 2));

    // Large parameters bring large arguments of the activation.
    for (const double factor : {1., 4.})
      {
        const HostColumn old = to_host(theta);
        set_entries(theta,
                    [&](const std::size_t p) { return factor * old(p); });
        network.set_parameters(theta);
        jets.set_parameters(theta);

        const Block points   = random_points(weights.size(), n_points, -1., 1.);
        const Block expected = differentiated(network, points);
        const Block found = make_block(expected.extent(0), expected.extent(1));
        jets.evaluate(points, Column(found.data(), found.size()));
        for (std::size_t k = 0; k < expected.extent(0); ++k)
          EXPECT_LT(relative_difference(rows(found, k, k + 1),
                                        rows(expected, k, k + 1)),
                    1e-13)
            << "entry " << k << " of the jets";
      }
  }
} // namespace



TEST(Jets, EqualReverseModeDerivatives)
{
  for (const std::string activation :
       {"tanh", "sin", "gelu", "silu", "softplus", "sigmoid"})
    {
      SCOPED_TRACE(activation);
      compare(make_layout(activation));
    }
}



TEST(Jets, KnowTheScalingOfTheInputs)
{
  FullyConnected layout = make_layout("tanh");
  layout.input_shift    = {0.5, -1., 0.2};
  layout.input_scale    = {2., 3., 0.4};
  compare(layout);
  layout.input_shift.clear();
  compare(layout);
}



TEST(Jets, KnowTheModifiedArchitecture)
{
  for (const std::string activation : {"tanh", "sin", "softplus"})
    {
      SCOPED_TRACE(activation);
      FullyConnected layout = make_layout(activation);
      layout.architecture   = "modified";
      layout.widths         = {9, 9, 9};
      layout.input_scale    = {1., 2., 0.4};
      layout.initialization = activation == "sin" ? "glorot" : "uniform";
      compare(layout);
    }
}



TEST(Jets, HaveLayers)
{
  const auto check_layers = [](const FullyConnected &layout,
                               const std::string    &number) {
    const Network jets = layout.build_jets(weights);
    EXPECT_TRUE(jets.layered());
    expect_contains(jets.description(), number + " linear layers");
    EXPECT_EQ(jets.description().find("differentiated"), std::string::npos)
      << jets.description();
  };
  FullyConnected layout = make_layout("tanh");
  check_layers(layout, "8");
  layout.architecture = "modified";
  layout.widths       = {9, 9, 9};
  check_layers(layout, "12");
}



TEST(Jets, RefuseWhatHasNone)
{
  EXPECT_THROW(make_layout("relu").build_jets(weights), Error);
  EXPECT_THROW(make_layout("magic").build_jets(weights), Error);
  EXPECT_THROW(make_layout("tanh").build_jets({1., 1.}), Error);
}
