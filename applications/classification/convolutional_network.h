// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_convolutional_network_h
#define lsr_applications_convolutional_network_h

#include <lsr/network/network.h>

#include <cstdint>

namespace lsr
{
  /// A classifier of 28 x 28 images, flattened, with ten outputs: two
  /// convolutions and two linear layers, ReLU, 119,530 parameters (paper,
  /// S2.5).
  Network
  convolutional_network(std::uint64_t seed = 0);
} // namespace lsr

#endif
