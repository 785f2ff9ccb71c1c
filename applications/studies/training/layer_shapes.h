// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_layer_shapes_h
#define lsr_studies_layer_shapes_h

#include <lsr/network/fully_connected.h>

#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// A linear layer, and where its parameters begin: weights, one output after
  /// another, then biases.
  struct LayerShape
  {
    std::size_t n_inputs, n_outputs, offset;

    std::size_t
    n_parameters() const
    {
      return (n_inputs + 1) * n_outputs;
    }
  };

  /// The layers of a network, in the order of its parameters: encoders first.
  inline std::vector<LayerShape>
  layer_shapes(const FullyConnected &layout)
  {
    std::vector<LayerShape> shapes;
    const auto              add = [&](const std::size_t n_inputs,
                         const std::size_t n_outputs) {
      const std::size_t offset =
        shapes.empty() ? 0 :
                                      shapes.back().offset + shapes.back().n_parameters();
      shapes.push_back({n_inputs, n_outputs, offset});
    };
    if (layout.architecture == "modified" && !layout.widths.empty())
      for (unsigned int encoder = 0; encoder < 2; ++encoder)
        add(layout.n_inputs, layout.widths[0]);
    std::size_t width = layout.n_inputs;
    for (const unsigned int next : layout.widths)
      {
        add(width, next);
        width = next;
      }
    add(width, layout.n_outputs);
    return shapes;
  }
} // namespace lsr_studies

#endif
