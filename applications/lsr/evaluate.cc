// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr evaluate: values of a network at points, or on a mesh.

#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>

#include "applications/lsr/commands.h"
#include "applications/lsr/evaluation.h"
#include "applications/lsr/finite_elements.h"

namespace lsr
{
  void
  EvaluateOptions::add_to(CLI::App &app)
  {
    app
      .add_option("NETWORK",
                  model_file,
                  "Network, refined or not (.pt; a program: use only files "
                  "that you trust), or a checkpoint with a --layout")
      ->required();
    app
      .add_option("POINTS",
                  file,
                  "Points (text, .npy, .npz, .h5), or a parameter file (.prm) "
                  "with a mesh")
      ->required();
    app.add_option("--output",
                   output_file,
                   "Points and values (.csv, .npy, .npz, .h5), or, for a mesh, "
                   "the field (.vtu; default: evaluated.vtu in the output "
                   "folder)");
    app
      .add_option("--input-columns",
                  inputs,
                  "Names of the columns or arrays of coordinates, in this "
                  "order, with commas between them")
      ->delimiter(',');
    layout.add_to(app);
    add_parameter_options(app);
    Machine::add_to(app);
  }



  namespace
  {
    void
    evaluate_at_points(EvaluateOptions &options)
    {
      options.use();
      require(!options.output_file.empty(),
              "--output FILE expected, for points and values");
      Timer         timer; // messages name its stages
      const DataSet points = timer.run("data", [&]() {
        return read_data_set(options.file,
                             {0, false, false, options.inputs, {}, say});
      });
      prepare_output(options.output_file, {options.model_file, options.file});
      const Network network = timer.run("load", [&]() {
        return options.layout.get().load(options.model_file,
                                         points.points.extent(0),
                                         std::nullopt,
                                         {{}, {"", points.points}, ""});
      });
      timer.run("evaluate", [&]() {
        write_data_set(options.output_file, evaluate(network, points));
      });
      say("Written: " + options.output_file);
    }



    int
    run(const std::string &name, EvaluateOptions &options)
    {
#ifdef LSR_WITH_DEALII
      if (std::filesystem::path(options.file).extension() == ".prm")
        return run_with_finite_elements(&FiniteElementCommands::evaluate,
                                        name,
                                        options);
#endif
      return report_errors(name, [&]() { evaluate_at_points(options); });
    }
  } // namespace



  void
  add_evaluate(CLI::App &app, Command &command)
  {
    add_command<EvaluateOptions>(
      app,
      command,
      "evaluate",
      "Evaluate a network at points, or at the nodes of a mesh.",
      run);
  }
} // namespace lsr
