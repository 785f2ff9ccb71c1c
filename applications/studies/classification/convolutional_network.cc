// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/convolutional_network.h"

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

#include <map>

namespace lsr_studies
{
  namespace
  {
    constexpr unsigned int n_pixels = 784, n_features = 3136, n_classes = 10;

    /// The convolutions, the linear layers, or both.
    Network
    build(const std::string  &name,
          const bool          with_convolutions,
          const bool          with_head,
          const std::string  &activation,
          const std::uint64_t seed = 0)
    {
      const std::map<std::string, std::string> functions = {
        {"relu", "torch.relu"},
        {"tanh", "torch.tanh"},
        {"gelu", "torch.gelu"},
        {"identity", ""}};
      const auto function = functions.find(activation);
      require(function != functions.end(),
              "unknown activation '" + activation +
                "', expected relu, tanh, gelu or identity");

      NetworkScript script("h");
      const auto    activate = [&](const std::string &layer) {
        script.line("h = " + function->second + "(" + layer + ")");
      };
      if (with_convolutions)
        {
          script.line("h = h.reshape(-1, 1, 28, 28)");
          activate(script.convolution("h", "conv1", 1, 32, 3, 2, 1));
          activate(script.convolution("h", "conv2", 32, 64, 3, 2, 1));
          script.line("h = torch.flatten(h, 1)");
        }
      if (with_head)
        {
          activate(script.linear("h", "fc1", n_features, 32));
          script.line("h = " + script.linear("h", "fc2", 32, n_classes));
        }
      script.line("return h");
      return script.build(name,
                          with_convolutions ? n_pixels : n_features,
                          with_head ? n_classes : n_features,
                          seed);
    }
  } // namespace



  Network
  convolutional_network(const std::uint64_t seed, const std::string &activation)
  {
    return build("convolutional network", true, true, activation, seed);
  }



  ConvolutionsAndHead
  take_apart(const Network &network, const std::string &activation)
  {
    ConvolutionsAndHead parts = {
      build("convolutions", true, false, activation),
      build("linear layers", false, true, activation)};
    const Column      theta = network.parameters();
    const std::size_t n     = parts.convolutions.n_parameters();
    parts.convolutions.set_parameters(
      Kokkos::subview(theta, Kokkos::make_pair(std::size_t(0), n)));
    parts.head.set_parameters(
      Kokkos::subview(theta, Kokkos::make_pair(n, theta.size())));
    return parts;
  }
} // namespace lsr_studies
