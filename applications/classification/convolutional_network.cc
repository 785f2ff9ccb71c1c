// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "classification/convolutional_network.h"

#include <lsr/network/network_script.h>

namespace lsr
{
  Network
  convolutional_network(const std::uint64_t seed)
  {
    NetworkScript script("z");
    script.line("h = z.reshape(-1, 1, 28, 28)");
    script.line("h = torch.relu(" +
                script.convolution("h", "conv1", 1, 32, 3, 2, 1) + ")");
    script.line("h = torch.relu(" +
                script.convolution("h", "conv2", 32, 64, 3, 2, 1) + ")");
    script.line("h = torch.flatten(h, 1)");
    script.line("h = torch.relu(" + script.linear("h", "fc1", 3136, 32) + ")");
    script.line("return " + script.linear("h", "fc2", 32, 10));
    return script.build("convolutional network", 784, 10, seed);
  }
} // namespace lsr
