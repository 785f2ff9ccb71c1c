// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_point_hash_h
#define lsr_refine_point_hash_h

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace lsr
{
  /**
   * A number that looks random, from the leading digits of the @p n coordinates
   * of a point: with it points can be drawn such that the sample does not
   * depend on which rank has which points. Different seeds give independent
   * numbers.
   */
  inline std::uint64_t
  point_hash(const double       *point,
             const std::size_t   n,
             const std::uint64_t seed = 0)
  {
    std::uint64_t state = 0x9e3779b97f4a7c15 * (seed + 1);
    for (std::size_t d = 0; d < n; ++d)
      {
        // Ranks may disagree about the last digits of a point they share; the
        // factor keeps the coordinates of regular meshes away from where
        // rounding jumps.
        const auto digits = static_cast<std::int64_t>(
          std::llround(point[d] * 1.1283791670955126e9));
        state ^= static_cast<std::uint64_t>(digits);
        // The finalizer of SplitMix64.
        state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
        state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
        state ^= state >> 31;
      }
    return state;
  }
} // namespace lsr

#endif
