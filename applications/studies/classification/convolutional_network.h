// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_convolutional_network_h
#define lsr_studies_convolutional_network_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>

#include "applications/studies/namespace.h"

namespace lsr_studies
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



  /// The network in two parts: the convolutions, and the linear layers behind
  /// them.
  struct ConvolutionsAndHead
  {
    /// From 784 pixels to 3,136 features.
    Network convolutions;

    /// From these to the ten outputs; 100,714 parameters.
    Network head;
  };

  /// Take apart a network of convolutional_network() with @p activation:
  /// head(convolutions(image)) is the network's value, and the parameters are
  /// the same, those of the head behind those of the convolutions.
  ConvolutionsAndHead
  take_apart(const Network &network, const std::string &activation);
} // namespace lsr_studies

#endif
