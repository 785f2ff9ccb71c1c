// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_parameter_file_h
#define lsr_applications_parameter_file_h

#include <lsr/base/exceptions.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/parameter_acceptor.h>

#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "applications/lsr/program.h"

namespace lsr
{
  /// The entries that have to be known before all parameters can be declared.
  struct KindOfProblem
  {
    /// 1, 2 or 3.
    int dimension;

    /// The value of `Equation/Name`.
    std::string equation;

    /// Whether there is a table of instances to be refined, or to be trained
    /// on.
    bool has_instances, has_training_instances;

    /// Whether there is one that a network is to have one correction for.
    bool has_family;
  };

  /// Read that, and load the additional shared libraries.
  KindOfProblem
  read_kind_of_problem(const CommandLine &command_line);

  /**
   * Parse the parameters of all ParameterAcceptor objects, or print a template
   * of them. Returns whether the program is to run.
   *
   * Names of input files are made relative to the folder of the parameter file
   * here, and those of `include` lines are relative to the file they stand in;
   * no other code has to know where the parameter file is.
   */
  bool
  read_parameters(const CommandLine &command_line);



  /**
   * Start MPI, read which kind of problem there is, and call @p action with the
   * communicator, the kind, and the dimension as a type,
   * `decltype(dim)::value`. Returns the exit status.
   */
  template <typename Action>
  int
  run_for_dimension(const std::string &program,
                    CommandLine       &command_line,
                    const Action      &action)
  {
    // The options are ours: MPI gets none of them.
    std::string name        = program;
    int         n_arguments = 1;
    char       *arguments[] = {name.data(), nullptr};
    char      **pointer     = arguments;
    std::optional<dealii::Utilities::MPI::MPI_InitFinalize> mpi;

    const int status = report_errors(program, [&]() {
      // What MPI says where it has none is not readable.
      require_memory_of_threads(1);
      mpi.emplace(n_arguments, pointer, 1);
      clean_up_on_signals(); // PETSc has taken the handlers away
      report_finalization();
    });
    if (status != 0)
      return status;
    const MPI_Comm world = MPI_COMM_WORLD;
    return report_errors(program, [&]() {
      try
        {
          command_line.use(dealii::Utilities::MPI::n_mpi_processes(world));
          const KindOfProblem kind = read_kind_of_problem(command_line);
          if (kind.dimension == 1)
            action(world, kind, std::integral_constant<int, 1>());
          else if (kind.dimension == 2)
            action(world, kind, std::integral_constant<int, 2>());
          else
            action(world, kind, std::integral_constant<int, 3>());
        }
      catch (const dealii::ExceptionBase &exception)
        {
          throw Error(error_message(exception));
        }
    });
  }



  /**
   * The main function of a program that is no subcommand: run() of @p Program,
   * made from a communicator, the command line and the name of the equation.
   * @p more_options may declare options beyond those of CommandLine.
   */
  template <template <int> class Program>
  int
  run_program(int                                    argc,
              char                                 **argv,
              const std::string                     &name,
              const std::string                     &description,
              const std::function<void(CLI::App &)> &more_options = {})
  {
    CLI::App    app(description, name);
    CommandLine command_line;
    command_line.add_to(app);
    if (more_options)
      more_options(app);
    const auto run =
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        Program<decltype(dim)::value>(world, command_line, kind.equation).run();
      };
    Command command{name, [&]() {
                      return run_for_dimension(name, command_line, run);
                    }};
    return run_command(app, argc, argv, command);
  }
} // namespace lsr

#endif
