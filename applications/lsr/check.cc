// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr check: the command line.

#include "applications/lsr/check_options.h"
#include "applications/lsr/commands.h"
#include "applications/lsr/finite_elements.h"

namespace lsr
{
  void
  CheckOptions::add_to(CLI::App &app)
  {
    CommandLine::add_to(app);
    app.add_option("--field",
                   field_file,
                   "The predicted field, or several: points or a grid with "
                   "values (.vtu, .csv, .npy, .npz, .h5)");
    app
      .add_option("--values",
                  values,
                  "Names of the columns or arrays of the field, with commas "
                  "between them")
      ->delimiter(',');
    app
      .add_option("--points",
                  points,
                  "Names of the columns or arrays of coordinates, in this "
                  "order, with commas between them")
      ->delimiter(',');
    app.add_option("--axes",
                   axes,
                   "What the indices of an array on a grid stand for, the last "
                   "of which is fastest: y,x, say (default: x,y,z)");
    app.add_flag("--cell-centred",
                 cell_centred,
                 "The values of a grid belong to the centres of its cells, not "
                 "to their corners");
    app.add_option("--goal",
                   goal,
                   "A quantity whose error is estimated, too: the integral of "
                   "the field times this expression (one for each component, "
                   "with commas between them), or 'flux ID' or 'flux ID, "
                   "COMPONENT', the flux through the part ID of the boundary");
    app
      .add_option("--correct",
                  n_corrections,
                  "Newton steps by which the field is corrected; they use one "
                  "Jacobian")
      ->check(CLI::Range(0, 100));
    app
      .add_option("--tolerance",
                  tolerance,
                  "Relative residual at which the solve for the error ends; "
                  "0.1 is a few cycles of multigrid")
      ->check(CLI::Range(1e-14, .9))
      ->capture_default_str();
    app.add_flag("--compare",
                 compare,
                 "Solve for the finite-element solution, too, and compare "
                 "estimates with the true distance from it");
  }



  namespace
  {
    int
    run(const std::string &name, CheckOptions &options)
    {
      return run_with_finite_elements(&FiniteElementCommands::check,
                                      name,
                                      options);
    }
  } // namespace



  void
  add_check(CLI::App &app, Command &command)
  {
    add_command<CheckOptions>(
      app,
      command,
      "check",
      "Estimate how wrong a predicted field is, whatever made it, by the "
      "residual of a boundary value problem, and correct it.",
      run);
  }
} // namespace lsr
