// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/gaussian.h"

#include <cmath>

namespace lsr
{
  namespace
  {
    /// The next state, and 64 random bits from it.
    KOKKOS_INLINE_FUNCTION
    std::uint64_t
    splitmix64(std::uint64_t &state)
    {
      state += 0x9e3779b97f4a7c15;
      std::uint64_t z = state;
      z               = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z               = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      return z ^ (z >> 31);
    }



    template <typename Matrix>
    void
    fill(const Matrix &block, const std::uint64_t seed)
    {
      using Real                = typename Matrix::value_type;
      const std::size_t n_rows  = block.extent(0);
      std::uint64_t     start   = seed;
      const auto        columns = splitmix64(start);
      Kokkos::parallel_for(
        "lsr::fill_gaussian",
        Kokkos::RangePolicy<ExecutionSpace>(0, block.extent(1)),
        KOKKOS_LAMBDA(const std::size_t j) {
          std::uint64_t state = columns + j;
          state               = splitmix64(state);
          for (std::size_t i = 0; i < n_rows; i += 2)
            {
              // Two uniform numbers of 32 bits, never 0.
              const std::uint64_t bits = splitmix64(state);
              const Real          u =
                (Real(std::uint32_t(bits >> 32)) + Real(0.5)) * Real(0x1p-32);
              const Real v = Real(std::uint32_t(bits)) * Real(0x1p-32);
              // u may be rounded to 1, but not beyond.
              const Real radius = std::sqrt(-2 * std::log(u));
              const Real angle  = Real(2 * M_PI) * v;
              block(i, j)       = radius * std::cos(angle);
              if (i + 1 < n_rows)
                block(i + 1, j) = radius * std::sin(angle);
            }
        });
      Kokkos::fence();
    }
  } // namespace



  void
  fill_gaussian(const Block &block, const std::uint64_t seed)
  {
    fill(block, seed);
  }



  void
  fill_gaussian(const FloatBlock &block, const std::uint64_t seed)
  {
    fill(block, seed);
  }
} // namespace lsr
