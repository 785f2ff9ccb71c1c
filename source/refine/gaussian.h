// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_gaussian_h
#define lsr_refine_gaussian_h

#include <lsr/base/types.h>

#include <cstdint>

namespace lsr
{
  /**
   * Fill a block with independent standard normal numbers, the same for the
   * same seed whatever the number of threads. Every column has a generator of
   * its own (splitmix64), whose numbers come in pairs by the transformation of
   * Box and Muller.
   */
  void
  fill_gaussian(const Block &block, const std::uint64_t seed);

  /// @copydoc fill_gaussian(const Block&, const std::uint64_t)
  void
  fill_gaussian(const FloatBlock &block, const std::uint64_t seed);
} // namespace lsr

#endif
