// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_layout_text_h
#define lsr_network_layout_text_h

#include <string>
#include <vector>

#include "base/text.h"
#include "network/checkpoint.h"

// Small functions for the texts of layouts.

namespace lsr
{
  /// The parts between commas that stand in no parentheses; none of an empty
  /// text.
  inline std::vector<std::string>
  split(const std::string &text)
  {
    std::vector<std::string> parts;
    if (trim(text).empty())
      return parts;
    int depth = 0;
    parts.emplace_back();
    for (const char c : text)
      {
        depth += (c == '(' || c == '{') - (c == ')' || c == '}');
        if (c == ',' && depth == 0)
          parts.emplace_back();
        else
          parts.back() += c;
      }
    for (std::string &part : parts)
      part = trim(part);
    return parts;
  }



  template <typename Range, typename Text>
  std::string
  join(const Range &range, const Text &text)
  {
    std::string result;
    for (const auto &element : range)
      result += (result.empty() ? "" : ", ") + text(element);
    return result;
  }



  /// TorchScript for columns [n_points, 1] side by side.
  inline std::string
  side_by_side(const std::vector<std::string> &columns)
  {
    return columns.size() == 1 ?
             columns[0] :
             "torch.cat([" +
               join(columns, [](const std::string &c) { return c; }) + "], 1)";
  }



  inline std::string
  describe(const Checkpoint::Entry &entry)
  {
    return entry.name + " " + c10::str(entry.tensor.sizes());
  }



  /// Some of a list, and how many more there are.
  template <typename T>
  std::string
  describe_some(const std::vector<T> &list, const std::size_t n)
  {
    const std::size_t    shown = list.size() > n + 1 ? n : list.size();
    const std::vector<T> some(list.begin(), list.begin() + shown);
    std::string text = join(some, [](const T &t) { return describe(t); });
    if (shown < list.size())
      text += ", and " + std::to_string(list.size() - shown) + " more";
    return text;
  }
} // namespace lsr

#endif
