// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_layers_h
#define lsr_studies_layers_h

// First: LibTorch and Kokkos have macros of the same names.
#include <lsr/network/fully_connected.h>

#include <torch/torch.h>

#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// A linear layer among the parameters of a network: weights, one output
  /// after another, then biases.
  struct LinearLayer
  {
    long n_inputs, n_outputs, offset;

    long
    end() const
    {
      return offset + (n_inputs + 1) * n_outputs;
    }

    /// Outputs x inputs, in the memory of all parameters @p theta.
    torch::Tensor
    weights(const torch::Tensor &theta) const
    {
      return theta.narrow(0, offset, n_inputs * n_outputs)
        .view({n_outputs, n_inputs});
    }

    torch::Tensor
    biases(const torch::Tensor &theta) const
    {
      return theta.narrow(0, offset + n_inputs * n_outputs, n_outputs);
    }
  };

  /// The layers of a network, in the order of its parameters: the two encoders
  /// of a gated network first.
  inline std::vector<LinearLayer>
  linear_layers(const FullyConnected &layout)
  {
    std::vector<LinearLayer> layers;
    long                     width = layout.n_inputs;
    const auto               add   = [&](const long n_outputs) {
      layers.push_back(
        {width, n_outputs, layers.empty() ? 0 : layers.back().end()});
    };
    if (layout.architecture == "modified" && !layout.widths.empty())
      for (unsigned int encoder = 0; encoder < 2; ++encoder)
        add(layout.widths[0]);
    for (const long next : layout.widths)
      {
        add(next);
        width = next;
      }
    add(layout.n_outputs);
    return layers;
  }
} // namespace lsr_studies

#endif
