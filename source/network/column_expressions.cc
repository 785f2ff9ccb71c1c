// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/column_expressions.h"

#include <lsr/base/exceptions.h>

#include <algorithm>

#include "base/syntax_tree.h"
#include "network/layout_text.h"

namespace lsr
{
  void
  ColumnVariables::add(const std::string &name, const std::string &text)
  {
    names.push_back(name);
    texts.push_back(text);
  }



  std::string
  column(const std::string &x, const std::int64_t k)
  {
    return x + "[:, " + std::to_string(k) + ":" + std::to_string(k + 1) + "]";
  }



  ColumnVariables
  input_variables(const std::string &x, const std::int64_t n)
  {
    ColumnVariables                variables;
    const std::vector<std::string> first = {"x", "y", "z"};
    for (std::int64_t k = 0; k < std::min<std::int64_t>(n, 3); ++k)
      variables.add(first[k], column(x, k));
    variables.add("t", column(x, n - 1));
    for (std::int64_t k = 0; k < n; ++k)
      variables.add("x" + std::to_string(k + 1), column(x, k));
    return variables;
  }



  void
  add_output_variables(ColumnVariables   &variables,
                       const std::string &x,
                       const std::int64_t n)
  {
    for (std::int64_t k = 0; k < n; ++k)
      variables.add("u" + std::to_string(k + 1), column(x, k));
  }



  std::string
  compile_expression(const std::string     &text,
                     const std::string     &where,
                     const ColumnVariables &variables,
                     const std::string     &prefix,
                     std::string           &lines)
  {
    try
      {
        const SyntaxTree  tree(text, {variables.names, {}, {}});
        const std::string result =
          tree.torchscript(variables.texts, prefix, lines);
        return tree.is_constant() ?
                 "torch.full_like(points[:, :1], " + result + ")" :
                 result;
      }
    catch (const Error &error)
      {
        throw Error(
          where + ": " + error.what() + " (the variables are " +
          join(variables.names, [](const std::string &n) { return n; }) + ")");
      }
  }
} // namespace lsr
