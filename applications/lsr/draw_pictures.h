// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_draw_pictures_h
#define lsr_applications_draw_pictures_h

#include <chrono>
#include <string>
#include <vector>

namespace lsr
{
  /// The pictures that were drawn, and, where there could be more, one sentence
  /// that says what is missing and how it can be drawn by hand.
  struct Pictures
  {
    std::vector<std::string> files;
    std::string              failure;
  };

  /**
   * Let draw.py draw the results in a folder. It is run by `python3`, and
   * killed after @p time_limit. Pictures are a convenience: this function does
   * not throw. To be called on one rank.
   */
  Pictures
  draw_pictures(
    const std::string         &folder,
    const std::chrono::seconds time_limit = std::chrono::seconds(120));

  /// The same with another script.
  Pictures
  draw_pictures(const std::string         &script,
                const std::string         &folder,
                const std::chrono::seconds time_limit);
} // namespace lsr

#endif
