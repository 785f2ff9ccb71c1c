// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Expressions of parameter files, their derivatives and their TorchScript.

#include "base/syntax_tree.h"
#include "fuzz.h"

LSR_FUZZ(expression)
{
  const lsr::SyntaxTree tree(bytes,
                             {{"x", "y", "u"}, {{"a", 2.}}, {{"f", "x*y"}}});
  const double          at[] = {0.3, 0.7, -1.};
  tree.evaluate(at);
  const lsr::SyntaxTree derivative = tree.derivative(0);
  derivative.evaluate(at);
  tree.substitute(2, derivative).evaluate(at);
  std::string lines;
  derivative.torchscript({"x", "y", "u"}, "v", lines);
}
