// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_sample_sizes_h
#define lsr_network_sample_sizes_h

#include <string>
#include <vector>

namespace lsr
{
  /// The tensor of one sample in words, such as "[1, 3, 65, 65]".
  template <typename Size>
  std::string
  describe_sample(const std::vector<Size> &sizes)
  {
    std::string text = "[1";
    for (const Size size : sizes)
      text += ", " + std::to_string(size);
    return text + "]";
  }
} // namespace lsr

#endif
