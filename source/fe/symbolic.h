// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_symbolic_h
#define lsr_source_fe_symbolic_h

#include <string>
#include <vector>

namespace lsr
{
  /// Cut @p text into numbers, names and single other characters; no blanks.
  std::vector<std::string>
  tokens(const std::string &text);

  /**
   * Differentiate @p text, an expression in the syntax of muParser, with
   * respect to @p variable; all other names are constants. The result can be
   * read by muParser again.
   */
  std::string
  differentiate(const std::string &text, const std::string &variable);

  /// The functions that differentiate() knows, for messages.
  std::string
  differentiable_functions();
} // namespace lsr

#endif
