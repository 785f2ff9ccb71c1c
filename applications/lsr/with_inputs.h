// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_with_inputs_h
#define lsr_applications_with_inputs_h

#include <lsr/base/types.h>
#include <lsr/refine/sampling.h>

#include <vector>

namespace lsr
{
  /// The points of @p nodes with @p inputs after their coordinates.
  inline Sampling
  with_inputs(const Sampling &nodes, const std::vector<double> &inputs)
  {
    const HostBlock   x   = to_host(nodes.points);
    const std::size_t dim = x.extent(0);
    const HostBlock   all("lsr::points", dim + inputs.size(), x.extent(1));
    for (std::size_t i = 0; i < x.extent(1); ++i)
      {
        for (std::size_t d = 0; d < dim; ++d)
          all(d, i) = x(d, i);
        for (std::size_t k = 0; k < inputs.size(); ++k)
          all(dim + k, i) = inputs[k];
      }
    return {to_memory_space(all), nodes.rows};
  }
} // namespace lsr

#endif
