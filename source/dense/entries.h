// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_entries_h
#define lsr_dense_entries_h

#include <lsr/base/types.h>

#include <cstddef>

namespace lsr
{
  namespace internal
  {
    // Column by column: the default of the CPU is 256 rows of all columns
    // first.
    using Entries = Kokkos::MDRangePolicy<
      ExecutionSpace,
      Kokkos::Rank<2, Kokkos::Iterate::Left, Kokkos::Iterate::Left>>;

    /// Entries $(i, j)$ of an @p m $\times$ @p n block in the order of its
    /// memory.
    inline Entries
    entries(const std::size_t m, const std::size_t n)
    {
      return Entries({0, 0},
                     {static_cast<long>(m), static_cast<long>(n)},
                     {256, 1});
    }
  } // namespace internal
} // namespace lsr

#endif
