// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_core_program_h
#define lsr_studies_core_program_h

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include <string>

#include "applications/lsr/program.h"

// What studies without deal.II and MPI have in common.

namespace lsr
{
  /// Parse the command line and see to the device, an option that all programs
  /// have. Returns false if help was asked for, which then has been printed;
  /// throws lsr::Error if anything is wrong.
  inline bool
  parse_command_line(CLI::App &app, const int argc, char **argv)
  {
    std::string device = "auto";
    app
      .add_option("--device",
                  device,
                  "Where to compute: cpu, cuda, or auto for what this was "
                  "built for")
      ->capture_default_str();
    try
      {
        app.parse(argc, argv);
      }
    catch (const CLI::ParseError &error)
      {
        if (error.get_exit_code() == 0)
          {
            app.exit(error);
            return false;
          }
        throw Error(std::string(error.what()) + "; see --help");
      }
    require_device(device);
    return true;
  }



  /**
   * The main function of the program called @p name: have @p Options parse the
   * command line, run @p program with them, and turn what is thrown into one
   * line and an exit status.
   */
  template <typename Options>
  int
  run_core_program(const std::string &name,
                   const int          argc,
                   char             **argv,
                   void (*program)(const Options &))
  {
    return report_errors(name, [&]() {
      Options options;
      if (!options.parse(argc, argv))
        return;
      ensure_kokkos_initialized();
      program(options);
    });
  }



  /// The most memory that this process has had, in GB.
  inline double
  peak_memory()
  {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024e-9;
  }
} // namespace lsr

#endif
