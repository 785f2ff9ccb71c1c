// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_refine_options_h
#define lsr_applications_refine_options_h

#include <lsr/base/exceptions.h>
#include <lsr/refine/linear_case.h>

#include <cstddef>
#include <string>

#include "applications/lsr/program.h"
#include "applications/lsr/subspace_options.h"

namespace lsr
{
  /// The command line of lsr refine.
  struct RefineOptions : CommandLine
  {
    // For a parameter file.
    bool        restart = false;
    std::string exported_file;

    // For a case.
    std::string output_file, values_file;

    void
    add_to(CLI::App &app);

    /// Whether the file is a case, judged by its name.
    bool
    is_case() const;

    /// Throw lsr::Error if there are options for the other kind of file.
    void
    refuse_options_of_others() const;

    /// Replace what @p problem says by what was given on the command line.
    void
    apply_to(LinearCase &problem) const;

  private:
    CLI::App       *command = nullptr;
    SubspaceOptions subspace;
    std::string     rank_text;
  };



  /// Refine the network of a case.
  void
  refine_case(RefineOptions &options);

  /// Refine the network of a parameter file, and return the exit status.
  int
  refine_problem(const std::string &program, RefineOptions &options);
} // namespace lsr

#endif
