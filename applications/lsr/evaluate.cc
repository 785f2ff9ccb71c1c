// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr evaluate: values of a refined network at points.

#include "applications/lsr/commands.h"
#include "applications/lsr/evaluation.h"

namespace lsr
{
  namespace
  {
    struct EvaluateOptions : Machine
    {
      std::string model_file, points_file, output_file;

      void
      add_to(CLI::App &app)
      {
        app
          .add_option("NETWORK",
                      model_file,
                      "Refined network (.pt; a program: use only files that "
                      "you trust)")
          ->required();
        app
          .add_option("POINTS",
                      points_file,
                      "Points without targets (.csv, .h5)")
          ->required();
        app
          .add_option("--output", output_file, "Points and values (.csv, .h5)")
          ->required();
        Machine::add_to(app);
      }
    };



    int
    run(const std::string &name, EvaluateOptions &options)
    {
      return report_errors(name, [&]() {
        options.use();
        const DataSet points =
          read_data_set(options.points_file, {0, false, false});
        prepare_folder_of(options.output_file);
        const RefinedNetwork refined =
          RefinedNetwork::load(options.model_file, points.points.extent(0));
        write_data_set(options.output_file, evaluate(refined, points));
        say("Written: " + options.output_file);
      });
    }
  } // namespace



  void
  add_evaluate(CLI::App &app, Command &command)
  {
    add_command<EvaluateOptions>(
      app, command, "evaluate", "Evaluate a refined network at points.", run);
  }
} // namespace lsr
