// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/convolutional_network.h"

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

#include <map>

namespace lsr_studies
{
  namespace
  {
    /// Writes the layers of the network, each with its activation.
    class Architecture
    {
    public:
      explicit Architecture(const std::string &activation)
        : script("h")
      {
        const std::map<std::string, std::string> functions = {
          {"relu", "torch.relu"},
          {"tanh", "torch.tanh"},
          {"gelu", "torch.gelu"},
          {"identity", ""}};
        const auto found = functions.find(activation);
        require(found != functions.end(),
                "unknown activation '" + activation +
                  "', expected relu, tanh, gelu or identity");
        function = found->second;
      }

      Architecture &
      convolutions()
      {
        script.line("h = h.reshape(-1, 1, 28, 28)");
        activate(script.convolution("h", "conv1", 1, 32, 3, 2, 1));
        activate(script.convolution("h", "conv2", 32, 64, 3, 2, 1));
        script.line("h = torch.flatten(h, 1)");
        return *this;
      }

      Architecture &
      head()
      {
        activate(script.linear("h", "fc1", n_features, 32));
        script.line("h = " + script.linear("h", "fc2", 32, 10));
        return *this;
      }

      Network
      build(const std::string  &name,
            const unsigned int  n_inputs,
            const unsigned int  n_outputs,
            const std::uint64_t seed = 0)
      {
        script.line("return h");
        return script.build(name, n_inputs, n_outputs, seed);
      }

      static constexpr unsigned int n_pixels = 784, n_features = 3136,
                                    n_classes = 10;

    private:
      void
      activate(const std::string &layer)
      {
        script.line("h = " + function + "(" + layer + ")");
      }

      NetworkScript script;
      std::string   function;
    };
  } // namespace



  Network
  convolutional_network(const std::uint64_t seed, const std::string &activation)
  {
    return Architecture(activation)
      .convolutions()
      .head()
      .build("convolutional network",
             Architecture::n_pixels,
             Architecture::n_classes,
             seed);
  }



  ConvolutionsAndHead
  take_apart(const Network &network, const std::string &activation)
  {
    ConvolutionsAndHead parts = {Architecture(activation)
                                   .convolutions()
                                   .build("convolutions",
                                          Architecture::n_pixels,
                                          Architecture::n_features),
                                 Architecture(activation)
                                   .head()
                                   .build("linear layers",
                                          Architecture::n_features,
                                          Architecture::n_classes)};
    const Column        theta = network.parameters();
    const std::size_t   n     = parts.convolutions.n_parameters();
    parts.convolutions.set_parameters(
      Kokkos::subview(theta, Kokkos::make_pair(std::size_t(0), n)));
    parts.head.set_parameters(
      Kokkos::subview(theta, Kokkos::make_pair(n, theta.size())));
    return parts;
  }
} // namespace lsr_studies
