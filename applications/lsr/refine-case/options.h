// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_refine_case_options_h
#define lsr_applications_refine_case_options_h

#include <lsr/base/atomic_file.h>
#include <lsr/refine/linear_case.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "applications/lsr/core_program.h"
#include "applications/lsr/subspace_options.h"

namespace lsr
{
  /// The command line of lsr-refine-case.
  struct Options
  {
    std::string  case_file, output_file, values_file;
    unsigned int n_threads = 0;

    /// Returns false if help was asked for and printed. Throws lsr::Error for
    /// what does not make sense.
    bool
    parse(int argc, char **argv);

    /// Replace what @p problem says by what was given on the command line.
    void
    apply_to(LinearCase &problem) const
    {
      subspace.apply_to(problem.basis);
      if (rank_text.empty())
        return;
      const auto rank = number_or_auto<std::size_t>(rank_text, "--rank");
      require(rank != std::size_t(0),
              "--rank 0: auto or a positive number expected");
      problem.refinement.rank = rank.value_or(0);
    }

    /// Make sure that the files that are asked for can be written.
    void
    prepare_output() const
    {
      for (const std::string &file : {output_file, values_file})
        if (!file.empty())
          prepare_output_folder(
            std::filesystem::absolute(file).parent_path().string());
    }

  private:
    SubspaceOptions subspace;
    std::string     rank_text;
  };



  inline bool
  Options::parse(int argc, char **argv)
  {
    CLI::App app("Refine a network for a linear problem that lsr-refine "
                 "--export-case has written into a file. Options that are not "
                 "given are those of the file.",
                 "lsr-refine-case");
    app.get_formatter()->column_width(36);
    app
      .add_option("CASE",
                  case_file,
                  "The case (.h5; the network inside is a program: use only "
                  "files that you trust)")
      ->required();
    subspace.add_to(app);
    app.add_option("--rank", rank_text, "Columns used, or auto");
    app.add_option("--threads", n_threads, "Threads (default: all cores)");
    app.add_option("--output",
                   output_file,
                   "The refined network (.pt), for lsr-fit --predict");
    app.add_option("--values",
                   values_file,
                   "Points and refined values, constraints obeyed (.csv, .h5)");
    if (!parse_command_line(app, argc, argv))
      return false;
    n_threads = n_threads_to_use(n_threads);
    return true;
  }
} // namespace lsr

#endif
