// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine: the command line.

#include "applications/lsr/commands.h"
#include "applications/lsr/finite_elements.h"
#include "applications/lsr/refine_options.h"

namespace lsr
{
  namespace
  {
    int
    run(const std::string &name, RefineOptions &options)
    {
      if (options.is_case())
        return report_errors(name, [&]() { refine_case(options); });
#ifdef LSR_WITH_DEALII
      return run_with_finite_elements(&FiniteElementCommands::refine,
                                      name,
                                      options);
#else
      return report_errors(name, [&]() {
        throw Error("'" + options.file +
                    "' is no case (.h5), expected one: this lsr was built "
                    "without deal.II, which parameter files need");
      });
#endif
    }
  } // namespace



  void
  RefineOptions::add_to(CLI::App &app)
  {
    command = &app;
#ifdef LSR_WITH_DEALII
    app.option_defaults()->group(for_parameter_file);
    add_parameter_options(app);
    app.add_flag("--restart",
                 restart,
                 "Continue an iterative refinement from the checkpoint in the "
                 "output folder");
    const auto not_empty = [](const std::string &file) {
      return std::string(file.empty() ? "the name of a file expected" : "");
    };
    app
      .add_option("--export-case",
                  exported_file,
                  "Write network, nodes, residual and Jacobian into this file, "
                  "a case (.h5), and end; it can be refined without deal.II. A "
                  "nonlinear problem is linearized at the network")
      ->check(not_empty);
    app
      .add_option("--export-mesh",
                  exported_mesh,
                  "Write the mesh into this file (.h5), and end: coordinates "
                  "of the nodes, cells and boundary ids, for networks that "
                  "take fields at the nodes (Network/Grid/Point file)")
      ->check(not_empty);
#endif
    app.option_defaults()->group(for_case);
    subspace.add_to(app);
    app.add_option("--rank", rank_text, "Columns used, or auto");
    app.add_option("--output",
                   output_file,
                   "The refined network (.pt), for lsr evaluate");
    app.add_option("--values",
                   values_file,
                   "Points and refined values, constraints obeyed "
                   "(.csv, .npy, .npz, .h5)");

    app.option_defaults()->group("Options");
    app.add_option("FILE",
                   file,
                   "Parameter file (.prm), or a case that --export-case has "
                   "written (.h5; the network inside is a program: use only "
                   "files that you trust)");
    Machine::add_to(app);
  }



  void
  RefineOptions::apply_to(LinearCase &problem) const
  {
    subspace.apply_to(problem.basis);
    if (rank_text.empty())
      return;
    const auto rank = number_or_auto<std::size_t>(rank_text, "--rank");
    require(rank != std::size_t(0),
            "--rank 0: auto or a positive number expected");
    problem.refinement.rank = rank;
  }



  void
  add_refine(CLI::App &app, Command &command)
  {
    add_command<RefineOptions>(
      app,
      command,
      "refine",
      "Refine a trained network for a boundary value problem, or for many "
      "instances of it, and compare with the finite-element solution; or "
      "refine a network for an exported problem.",
      run);
  }
} // namespace lsr
