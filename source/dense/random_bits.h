// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_random_bits_h
#define lsr_dense_random_bits_h

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace lsr
{
  namespace internal
  {
    /// Random bits that belong to @p i, the same on every device and in every
    /// order of the threads (the finalizer of splitmix64).
    KOKKOS_INLINE_FUNCTION
    std::uint64_t
    random_bits(const std::uint64_t i)
    {
      std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15;
      z               = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z               = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      return z ^ (z >> 31);
    }
  } // namespace internal
} // namespace lsr

#endif
