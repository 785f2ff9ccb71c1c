// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "classification/convolutional_network.h"

#include <lsr/base/exceptions.h>
#include <lsr/network/network_script.h>

#include <map>

namespace lsr
{
  Network
  convolutional_network(const std::uint64_t seed, const std::string &activation)
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
    const auto activate = [&](const std::string &layer) {
      return "h = " + function->second + "(" + layer + ")";
    };

    NetworkScript script("z");
    script.line("h = z.reshape(-1, 1, 28, 28)");
    script.line(activate(script.convolution("h", "conv1", 1, 32, 3, 2, 1)));
    script.line(activate(script.convolution("h", "conv2", 32, 64, 3, 2, 1)));
    script.line("h = torch.flatten(h, 1)");
    script.line(activate(script.linear("h", "fc1", 3136, 32)));
    script.line("return " + script.linear("h", "fc2", 32, 10));
    return script.build("convolutional network", 784, 10, seed);
  }
} // namespace lsr
