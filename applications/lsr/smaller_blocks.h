// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_fit_smaller_blocks_h
#define lsr_applications_fit_smaller_blocks_h

#include <lsr/base/exceptions.h>

#include <cstddef>
#include <string>

namespace lsr
{
  /**
   * Return @p compute(size), or where that throws OutOfMemory, what it returns
   * for the first half, quarter, ... of @p size for which it does not, down to
   * @p smallest. Each attempt that failed is told to @p say.
   */
  template <typename Compute, typename Say>
  auto
  in_smaller_blocks(std::size_t       size,
                    const std::size_t smallest,
                    const Say        &say,
                    const Compute    &compute)
  {
    for (;; size /= 2)
      try
        {
          return compute(size);
        }
      catch (const OutOfMemory &error)
        {
          if (size / 2 < smallest)
            throw;
          say(std::string(error.what()) + ": again with blocks of " +
              std::to_string(size / 2) + " points instead of " +
              std::to_string(size));
        }
  }
} // namespace lsr

#endif
