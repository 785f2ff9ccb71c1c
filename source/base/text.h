// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_text_h
#define lsr_base_text_h

#include <string>
#include <string_view>

// Small functions of texts.

namespace lsr
{
  inline bool
  begins_with(const std::string_view text, const std::string_view start)
  {
    return text.substr(0, start.size()) == start;
  }



  inline bool
  ends_with(const std::string_view text, const std::string_view end)
  {
    return text.size() >= end.size() &&
           text.substr(text.size() - end.size()) == end;
  }



  /// The text without the blanks around it.
  inline std::string
  trim(const std::string &text)
  {
    const std::size_t begin = text.find_first_not_of(" \t\r\n"),
                      end   = text.find_last_not_of(" \t\r\n");
    return begin == std::string::npos ? "" :
                                        text.substr(begin, end - begin + 1);
  }
} // namespace lsr

#endif
