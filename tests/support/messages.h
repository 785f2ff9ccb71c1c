// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_messages_h
#define lsr_tests_support_messages_h

#include <gtest/gtest.h>

#include <exception>
#include <sstream>
#include <string>

namespace lsr::test
{
  /// The message of the exception that @p action throws, on one line; empty if
  /// it throws none.
  template <typename Action>
  std::string
  message(const Action &action)
  {
    try
      {
        action();
      }
    catch (const std::exception &exception)
      {
        std::istringstream words(exception.what());
        std::string        word, line;
        while (words >> word)
          line += (line.empty() ? "" : " ") + word;
        return line;
      }
    return "";
  }

  /// Expect all these parts in a text.
  template <typename... Parts>
  void
  expect_contains(const std::string &text, const Parts &...parts)
  {
    for (const std::string &part : {std::string(parts)...})
      EXPECT_NE(text.find(part), std::string::npos)
        << "\"" << part << "\" is not in: " << text;
  }
} // namespace lsr::test

#endif
