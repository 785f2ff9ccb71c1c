// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_finite_elements_h
#define lsr_applications_finite_elements_h

#include <string>

#include "applications/lsr/check_options.h"
#include "applications/lsr/commands.h"
#include "applications/lsr/refine_options.h"

namespace lsr
{
  /// What needs deal.II: each runs a subcommand on a parameter file and returns
  /// the exit status.
  struct FiniteElementCommands
  {
    int (*refine)(const std::string &program, RefineOptions &options);
    int (*train)(const std::string &program, CommandLine &options);
    int (*evaluate)(const std::string &program, EvaluateOptions &options);
    int (*check)(const std::string &program, CheckOptions &options);
  };

  // They are in files of their names.

  int
  refine_problem(const std::string &program, RefineOptions &options);

  int
  train_on_solutions(const std::string &program, CommandLine &options);

  int
  evaluate_on_mesh(const std::string &program, EvaluateOptions &options);

  int
  check_field(const std::string &program, CheckOptions &options);



  /**
   * These commands. They are in a library of their own, beside the libraries of
   * this build or installation, which is loaded here: deal.II and what it
   * stands on take longer to load than many a fit takes, which needs none of
   * them. Throws lsr::Error if that library is not there.
   */
  const FiniteElementCommands &
  finite_element_commands();

  /// Run one of them, or say why it cannot be loaded; returns the exit status.
  template <typename Options>
  int
  run_with_finite_elements(
    int (*FiniteElementCommands::*command)(const std::string &, Options &),
    const std::string &program,
    Options           &options)
  {
    int (*run)(const std::string &, Options &) = nullptr;

    const int status = report_errors(program, [&]() {
      run = finite_element_commands().*command;
    });
    return status != 0 ? status : run(program, options);
  }
} // namespace lsr

#endif
