// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_types_h
#define lsr_base_types_h

#include <Kokkos_Core.hpp>

namespace lsr
{
  /// Where dense linear algebra runs: the default execution space of Kokkos.
  using ExecutionSpace = Kokkos::DefaultExecutionSpace;

  /// Where dense blocks live.
  using MemorySpace = ExecutionSpace::memory_space;

  /**
   * A dense block of real numbers, columns contiguous (LAPACK's layout).
   *
   * Reference counted like every Kokkos view: copying a Block copies the
   * handle, not the numbers. The memory of an $n \times r$ block is that of a
   * LibTorch tensor of sizes $[r, n]$, so the two share it without a copy.
   */
  using Block = Kokkos::View<double **, Kokkos::LayoutLeft, MemorySpace>;

  /// A Block in single precision, where that is enough: the rows and the
  /// sketch from which a subspace is built.
  using FloatBlock = Kokkos::View<float **, Kokkos::LayoutLeft, MemorySpace>;

  /// A dense vector: residuals, parameters, reduced coefficients.
  using Column = Kokkos::View<double *, MemorySpace>;

  /// Columns [first, last) of @p block, sharing its memory.
  inline Block
  columns(const Block &block, const std::size_t first, const std::size_t last)
  {
    return Kokkos::subview(block,
                           Kokkos::ALL(),
                           Kokkos::make_pair(first, last));
  }

  /// Rows [first, last) of @p block, sharing its memory.
  inline Block
  rows(const Block &block, const std::size_t first, const std::size_t last)
  {
    return Kokkos::subview(block,
                           Kokkos::make_pair(first, last),
                           Kokkos::ALL());
  }

  /// A vector as a block of one column, sharing its memory.
  inline Block
  as_block(const Column &column)
  {
    return Block(column.data(), column.size(), 1);
  }

  /**
   * Initialize Kokkos if the program has not, and finalize it when the program
   * ends. The functions below call it; programs only need it if they make views
   * themselves, with a deal.II that does not initialize Kokkos (9.4).
   */
  void
  ensure_kokkos_initialized();

  /// A block with uninitialized entries.
  Block
  make_block(const std::size_t n_rows, const std::size_t n_columns);

  /// A block of zeros.
  Block
  make_zero_block(const std::size_t n_rows, const std::size_t n_columns);

  /// A vector of zeros.
  Column
  make_column(const std::size_t n_rows);

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
