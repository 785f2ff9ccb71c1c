// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr train: the command line.

#include "applications/lsr/commands.h"
#include "applications/lsr/finite_elements.h"

namespace lsr
{
  namespace
  {
    int
    run(const std::string &name, CommandLine &options)
    {
      return run_with_finite_elements(&FiniteElementCommands::train,
                                      name,
                                      options);
    }
  } // namespace



  void
  add_train(CLI::App &app, Command &command)
  {
    add_command<CommandLine>(
      app,
      command,
      "train",
      "Train a fully connected network on the finite-element solution of a "
      "boundary value problem, or on those of instances of a parametric one.",
      run);
  }
} // namespace lsr
