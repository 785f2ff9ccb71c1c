// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_memory_estimate_h
#define lsr_network_memory_estimate_h

#include <cstdint>
#include <functional>

namespace lsr
{
  /// Numbers in the tensors that LibTorch's operators return: of all of them,
  /// what would be needed if all were kept, and of the largest one.
  struct ComputedNumbers
  {
    std::int64_t total = 0, largest = 0;
  };

  /// Those of the operators that are called while @p action runs.
  ComputedNumbers
  count_computed_numbers(const std::function<void()> &action);
} // namespace lsr

#endif
