// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/normal_block.h"

namespace lsr
{
  Block
  normal_block(const std::int64_t n_rows,
               const std::int64_t n_columns,
               std::mt19937_64   &generator)
  {
    Kokkos::View<double **, Kokkos::LayoutLeft, Kokkos::HostSpace> host(
      "random", n_rows, n_columns);
    std::normal_distribution<double> normal;
    for (std::int64_t j = 0; j < n_columns; ++j)
      for (std::int64_t i = 0; i < n_rows; ++i)
        host(i, j) = normal(generator);
    const Block block = make_block(n_rows, n_columns);
    Kokkos::deep_copy(block, host);
    return block;
  }
} // namespace lsr
