// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_check_options_h
#define lsr_applications_check_options_h

#include <string>
#include <vector>

#include "applications/lsr/program.h"

namespace lsr
{
  /// The command line of lsr check.
  struct CheckOptions : CommandLine
  {
    std::string              field_file, goal, axes;
    std::vector<std::string> points, values;
    bool                     cell_centred = false, compare = false;
    unsigned int             n_corrections = 0;
    double                   tolerance     = 1e-10;

    void
    add_to(CLI::App &app);
  };
} // namespace lsr

#endif
