// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_batches_h
#define lsr_network_batches_h

#include <algorithm>
#include <cstdint>

namespace lsr
{
  /// Call function(first, count) for consecutive pieces of n points.
  template <typename Function>
  void
  for_each_batch(const std::int64_t n,
                 const std::int64_t size,
                 const Function    &function)
  {
    for (std::int64_t first = 0; first < n; first += size)
      function(first, std::min(size, n - first));
  }
} // namespace lsr

#endif
