// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_convolutional_network_h
#define lsr_applications_convolutional_network_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>

namespace lsr
{
  /**
   * A classifier of 28 x 28 images, flattened, with ten outputs: two
   * convolutions and two linear layers, 119,530 parameters (paper, S2.5).
   *
   * @p activation is relu, tanh or gelu; with identity, for comparison, the
   * network is linear, and its refinement a linear classifier of the pixels.
   * Throws lsr::Error for any other.
   */
  Network
  convolutional_network(std::uint64_t      seed       = 0,
                        const std::string &activation = "relu");
} // namespace lsr

#endif
