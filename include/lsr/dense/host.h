// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_host_h
#define lsr_dense_host_h

#include <lsr/base/types.h>

namespace lsr
{
  /// A Block in host memory, where LAPACK can work on it.
  using HostBlock =
    Kokkos::View<double **, Kokkos::LayoutLeft, Kokkos::HostSpace>;

  /// A Column in host memory.
  using HostColumn = Kokkos::View<double *, Kokkos::HostSpace>;

  /// @p block in host memory: itself where it is there already, else a copy.
  inline HostBlock
  to_host(const Block &block)
  {
    // Slices are strided, and only contiguous memory moves between spaces.
    if (!block.span_is_contiguous() &&
        !Kokkos::SpaceAccessibility<Kokkos::HostSpace, MemorySpace>::accessible)
      {
        const Block contiguous = make_block(block.extent(0), block.extent(1));
        Kokkos::deep_copy(contiguous, block);
        return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                   contiguous);
      }
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), block);
  }

  /// @copydoc to_host(const Block&)
  inline HostColumn
  to_host(const Column &column)
  {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), column);
  }

  /// The reverse of to_host().
  inline Block
  to_memory_space(const HostBlock &block)
  {
    return Kokkos::create_mirror_view_and_copy(MemorySpace(), block);
  }

  /// @copydoc to_memory_space(const HostBlock&)
  inline Column
  to_memory_space(const HostColumn &column)
  {
    return Kokkos::create_mirror_view_and_copy(MemorySpace(), column);
  }
} // namespace lsr

#endif
