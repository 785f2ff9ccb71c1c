// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_fully_connected_h
#define lsr_network_fully_connected_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A fully connected network
   * $q(x) = W_L\,\sigma(W_{L-1} \cdots \sigma(W_1 \hat x + b_1) \cdots) + b_L$,
   * $\hat x = (x - \text{shift}) \cdot \text{scale}$.
   */
  struct FullyConnected
  {
    unsigned int n_inputs  = 2;
    unsigned int n_outputs = 1;

    /// Widths of the hidden layers.
    std::vector<unsigned int> widths = {128, 128, 128, 128, 128, 128};

    /// $\sigma$: tanh, sin, relu, gelu, silu, softplus or sigmoid.
    std::string activation = "tanh";

    /**
     * Standardization of the inputs, stored in the module but not among its
     * parameters. Empty means identity.
     */
    std::vector<double> input_shift, input_scale;

    /// Seed of the initial parameters.
    std::uint64_t seed = 0;

    /**
     * Build the network, with weights and biases uniform in
     * $\pm 1/\sqrt{\text{inputs of the layer}}$ (the default of PyTorch's
     * Linear). It is a TorchScript module of float64 parameters that
     * Network::save() writes and PyTorch reads.
     *
     * Throws lsr::Error for an unknown activation or a layer without units.
     */
    Network
    build() const;
  };
} // namespace lsr

#endif
