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

  /// A Block in single precision, for what need not be exact: the rows and the
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
   * Initialize Kokkos if nobody has, and finalize it when the program ends. The
   * functions below call it; programs only need it if they make views
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
} // namespace lsr

#endif
