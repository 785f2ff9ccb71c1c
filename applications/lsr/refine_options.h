// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_refine_options_h
#define lsr_applications_refine_options_h

#include <lsr/base/exceptions.h>
#include <lsr/refine/linear_case.h>

#include <cstddef>
#include <filesystem>
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
    std::string exported_file, exported_mesh;

    // For a case.
    std::string output_file, values_file;

    void
    add_to(CLI::App &app);

    /// Whether the file is a case, judged by its name.
    bool
    is_case() const
    {
      const std::string extension = std::filesystem::path(file).extension();
      return extension == ".h5" || extension == ".hdf5";
    }

    /// Throw lsr::Error if there are options for the other kind of file.
    void
    refuse_options_of_others() const
    {
      const std::string other = is_case() ? for_parameter_file : for_case;
      for (const CLI::Option *const option : command->get_options())
        require(option->get_group() != other || option->count() == 0,
                option->get_name() + " is an option for " +
                  (is_case() ? "parameter files (.prm)" : "cases (.h5)") +
                  ", found '" + file + "'");
    }

    /// Replace what @p problem says by what was given on the command line.
    void
    apply_to(LinearCase &problem) const;

  private:
    // Headings of the help.
    static constexpr const char *for_parameter_file =
      "Options for a parameter file";
    static constexpr const char *for_case = "Options for a case";

    CLI::App       *command = nullptr;
    SubspaceOptions subspace;
    std::string     rank_text;
  };



  /// Refine the network of a case.
  void
  refine_case(RefineOptions &options);
} // namespace lsr

#endif
