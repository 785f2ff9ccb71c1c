// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_exported_operators_h
#define lsr_network_exported_operators_h

#include <string>

namespace lsr
{
  /// Whether an operator of ATen, by its name without overload, is a function
  /// of its arguments: no random numbers, no files, no state. Those that write
  /// into an argument ("add_") count as the ones that do not.
  bool
  is_pure_operator(const std::string &name);

  /// Whether an operator only checks something.
  bool
  is_assertion(const std::string &name);
} // namespace lsr

#endif
