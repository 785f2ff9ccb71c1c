// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_random_choice_h
#define lsr_refine_random_choice_h

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lsr
{
  /// @p n_chosen distinct numbers below @p n, in random order; the same for the
  /// same seed everywhere.
  std::vector<std::size_t>
  random_choice(const std::size_t   n,
                const std::size_t   n_chosen,
                const std::uint64_t seed);
} // namespace lsr

#endif
