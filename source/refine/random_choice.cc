// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/random_choice.h"

#include <numeric>
#include <random>
#include <utility>

namespace lsr
{
  std::vector<std::size_t>
  random_choice(const std::size_t   n,
                const std::size_t   n_chosen,
                const std::uint64_t seed)
  {
    // The beginning of a Fisher-Yates shuffle; the standard library's differs
    // between implementations.
    std::mt19937_64          generator(seed);
    std::vector<std::size_t> numbers(n);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (std::size_t i = 0; i < n_chosen; ++i)
      std::swap(numbers[i], numbers[i + generator() % (n - i)]);
    numbers.resize(n_chosen);
    return numbers;
  }
} // namespace lsr
