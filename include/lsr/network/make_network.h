// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_make_network_h
#define lsr_network_make_network_h

#include <lsr/network/fully_connected.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace lsr
{
  /// A fully connected network of random parameters with tanh between hidden
  /// layers of the given @p widths; see FullyConnected, which has more options.
  inline std::shared_ptr<Network>
  make_network(const unsigned int               n_inputs,
               const unsigned int               n_outputs,
               const std::vector<unsigned int> &widths,
               const std::uint64_t              seed = 0)
  {
    FullyConnected layers;
    layers.n_inputs  = n_inputs;
    layers.n_outputs = n_outputs;
    layers.widths    = widths;
    layers.seed      = seed;
    return std::make_shared<Network>(layers.build());
  }
} // namespace lsr

#endif
