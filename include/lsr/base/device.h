// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_device_h
#define lsr_base_device_h

#include <lsr/base/types.h>

#include <string>

namespace lsr
{
  // Blocks are kept and computed with in the default execution space of the
  // Kokkos that the library was built with: on the GPU if Kokkos has CUDA, and
  // on the CPU if it does not. Networks and dense solvers follow.
  //
  // A program that lets its user choose calls require_device() first.



  /// Whether the CPU can read and write blocks.
  constexpr bool blocks_on_host =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace, MemorySpace>::accessible;

  /// "cpu" or "cuda" (or, in lower case, what else Kokkos calls its device).
  std::string
  device_name();

  /**
   * Throw lsr::Error unless this library computes on the device called
   * @p name, `cpu` or `cuda`, and it is there; `auto` stands for whichever the
   * library was built for.
   */
  void
  require_device(const std::string &name);

  /**
   * Throw lsr::Error unless this process may have the memory that @p n_threads
   * threads of BLAS work in: OpenBLAS asks again and again, for ever, where it
   * is refused. To be called before Network::set_n_threads().
   */
  void
  require_memory_of_threads(const unsigned int n_threads);
} // namespace lsr

#endif
