// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_normal_block_h
#define lsr_network_normal_block_h

#include <lsr/base/types.h>

#include <cstdint>
#include <random>

namespace lsr
{
  /// Independent standard normal numbers.
  Block
  normal_block(const std::int64_t n_rows,
               const std::int64_t n_columns,
               std::mt19937_64   &generator);
} // namespace lsr

#endif
