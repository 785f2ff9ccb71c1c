// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_print_documents_h
#define lsr_applications_print_documents_h

#include <CLI/CLI.hpp>

namespace lsr
{
  /// Add the option --print to @p app, which writes the manual page of the
  /// program or its completions for a shell, made from all that @p app knows
  /// of options and subcommands.
  void
  add_print_documents(CLI::App &app);
} // namespace lsr

#endif
