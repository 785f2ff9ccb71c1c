// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_evaluate_options_h
#define lsr_applications_evaluate_options_h

#include <string>

#include "applications/lsr/program.h"

namespace lsr
{
  /// The command line of lsr evaluate; the file has points or parameters.
  struct EvaluateOptions : CommandLine
  {
    std::string model_file, output_file;

    void
    add_to(CLI::App &app);
  };



  /// Write a refined network on the mesh of a parameter file, and return the
  /// exit status.
  int
  evaluate_on_mesh(const std::string &program, EvaluateOptions &options);
} // namespace lsr

#endif
