// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_commands_h
#define lsr_applications_commands_h

#include "applications/lsr/layout_option.h"
#include "applications/lsr/program.h"

namespace lsr
{
  /// The command line of lsr evaluate; the file has points or parameters.
  struct EvaluateOptions : CommandLine
  {
    std::string              model_file, output_file;
    std::vector<std::string> inputs;
    LayoutOption             layout;

    void
    add_to(CLI::App &app);
  };



  // The subcommands of lsr. Each function adds one to @p app, which, if it is
  // chosen, sets @p command.

  void
  add_refine(CLI::App &app, Command &command);

  void
  add_fit(CLI::App &app, Command &command);

  void
  add_train(CLI::App &app, Command &command);

  void
  add_check(CLI::App &app, Command &command);

  void
  add_evaluate(CLI::App &app, Command &command);



  /**
   * Add a subcommand with the options of a machine and those of @p Options,
   * `options.add_to(subcommand)`, and have it call `run(options)`, in which
   * @p Options is a Machine.
   */
  template <typename Options>
  void
  add_command(CLI::App          &app,
              Command           &command,
              const std::string &name,
              const std::string &description,
              int (*run)(const std::string &, Options &))
  {
    CLI::App &subcommand = *app.add_subcommand(name, description);
    subcommand.get_formatter()->column_width(36);
    const auto options = std::make_shared<Options>();
    options->add_to(subcommand);
    subcommand.callback([&app, &command, name, options, run]() {
      command.name = app.get_name() + " " + name;
      command.run  = [&command, options, run]() {
        return run(command.name, *options);
      };
    });
  }
} // namespace lsr

#endif
