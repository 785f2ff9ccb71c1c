// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_column_expressions_h
#define lsr_network_column_expressions_h

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /// Variables of expressions, by name, with the TorchScript of each: columns
  /// [n_points, 1], or some of them side by side.
  struct ColumnVariables
  {
    std::vector<std::string> names, texts;

    void
    add(const std::string &name, const std::string &text);
  };

  /// TorchScript for column @p k of the variable @p x.
  std::string
  column(const std::string &x, const std::int64_t k);

  /// The @p n columns of @p x, which are inputs, by name: x, y, z are the first
  /// three, t is the last one, and x1, x2, ... are all of them.
  ColumnVariables
  input_variables(const std::string &x, const std::int64_t n);

  /// Name the @p n columns of @p x, which layers return, u1, u2, ...
  void
  add_output_variables(ColumnVariables   &variables,
                       const std::string &x,
                       const std::int64_t n);

  /**
   * Append to @p lines what computes the expression @p text, and return the
   * text of the result. Names that it introduces begin with @p prefix. The
   * TorchScript has a variable `points` with a row for each point.
   *
   * Throws lsr::Error where the expression cannot be read, with @p where in
   * front and the names that there are.
   */
  std::string
  compile_expression(const std::string     &text,
                     const std::string     &where,
                     const ColumnVariables &variables,
                     const std::string     &prefix,
                     std::string           &lines);
} // namespace lsr

#endif
