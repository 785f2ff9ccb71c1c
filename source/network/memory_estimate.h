// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_memory_estimate_h
#define lsr_network_memory_estimate_h

#include <cstdint>
#include <functional>

namespace lsr
{
  /// How many numbers the tensors have that LibTorch's operators return while
  /// @p action runs: what would be needed if all were kept.
  std::int64_t
  count_computed_numbers(const std::function<void()> &action);
} // namespace lsr

#endif
