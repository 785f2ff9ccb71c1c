// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_command_line_h
#define lsr_applications_command_line_h

#include <lsr/base/exceptions.h>
#include <lsr/fe/equation_registry.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/parameter_handler.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "applications/lsr/program.h"

namespace lsr
{
  /// Set "Section/Subsection/Name=value".
  inline void
  apply_setting(dealii::ParameterHandler &prm, const std::string &setting)
  {
    const auto equals = setting.find('=');
    AssertThrow(equals != std::string::npos,
                dealii::ExcMessage("--set '" + setting +
                                   "': expected \"Section/Name=value\"."));
    std::istringstream       path(setting.substr(0, equals));
    std::vector<std::string> parts;
    for (std::string part; std::getline(path, part, '/');)
      parts.push_back(part);
    AssertThrow(!parts.empty(),
                dealii::ExcMessage("--set '" + setting +
                                   "': the name is missing, expected "
                                   "\"Section/Name=value\"."));
    const std::vector<std::string> sections(parts.begin(), parts.end() - 1);
    for (const std::string &section : sections)
      {
        AssertThrow(prm.subsection_path_exists({section}),
                    dealii::ExcMessage("--set '" + setting +
                                       "': there is no section '" + section +
                                       "' (see --print-parameters)."));
        prm.enter_subsection(section);
      }
    try
      {
        prm.set(parts.back(), setting.substr(equals + 1));
      }
    catch (const std::exception &exception)
      {
        AssertThrow(false,
                    dealii::ExcMessage("--set '" + setting +
                                       "': " + error_message(exception) +
                                       " (see --print-parameters)"));
      }
    for (std::size_t i = 0; i < sections.size(); ++i)
      prm.leave_subsection();
  }

  /// Throw unless @p path is a file that can be read.
  inline void
  check_parameter_file(const std::string &path)
  {
    namespace fs = std::filesystem;
    AssertThrow(fs::exists(path),
                dealii::ExcMessage(path +
                                   ": no such file, expected a parameter file "
                                   "(.prm)."));
    AssertThrow(fs::is_regular_file(path),
                dealii::ExcMessage(path + ": not a regular file, expected a "
                                          "parameter file (.prm)."));
  }

  /// The entries that belong to no section.
  inline void
  declare_global_parameters(dealii::ParameterHandler &prm)
  {
    using namespace dealii::Patterns;
    prm.declare_entry("Dimension",
                      "2",
                      Integer(1, 3),
                      "Dimension of the mesh; time counts as a dimension on "
                      "space-time meshes.");
    prm.declare_entry("Additional shared libraries",
                      "",
                      List(FileName()),
                      "Libraries with equations of your own (see "
                      "Equation/Name), separated by commas, relative to the "
                      "folder of this file. They are programs: use only those "
                      "that you trust.");
  }

  /// What has to be known before all parameters can be declared.
  struct KindOfProblem
  {
    /// 1, 2 or 3.
    int dimension;

    /// What `Equation/Name` says.
    std::string equation;

    /// Whether there is a table of instances to be refined, or to be trained
    /// on.
    bool has_instances, has_training_instances;
  };

  /// Read that, and load the additional shared libraries.
  inline KindOfProblem
  read_kind_of_problem(const CommandLine &command_line)
  {
    dealii::ParameterHandler prm;
    declare_global_parameters(prm);
    prm.enter_subsection("Equation");
    prm.declare_entry("Name", default_equation);
    prm.leave_subsection();
    prm.enter_subsection("Instances");
    prm.declare_entry("File", "");
    prm.declare_entry("Training file", "");
    prm.leave_subsection();
    if (!command_line.file.empty())
      prm.parse_input(command_line.file, "", true);
    for (const std::string &setting : command_line.settings)
      for (const char *name : {"Dimension=",
                               "Additional shared libraries=",
                               "Equation/Name=",
                               "Instances/File=",
                               "Instances/Training file="})
        if (setting.rfind(name, 0) == 0)
          apply_setting(prm, setting);

    for (const std::string &library : dealii::Utilities::split_string_list(
           prm.get("Additional shared libraries")))
      load_equations(
        library,
        std::filesystem::path(command_line.file).parent_path().string());
    const auto get = [&](const char *section, const char *name) {
      prm.enter_subsection(section);
      const std::string value = prm.get(name);
      prm.leave_subsection();
      return value;
    };
    return {int(prm.get_integer("Dimension")),
            get("Equation", "Name"),
            !get("Instances", "File").empty(),
            !get("Instances", "Training file").empty()};
  }

  /**
   * Parse the parameters of all ParameterAcceptor objects, or print a template
   * of them. Returns whether the program is to run.
   */
  inline bool
  read_parameters(const CommandLine &command_line)
  {
    auto &prm = dealii::ParameterAcceptor::prm;
    declare_global_parameters(prm);
    dealii::ParameterAcceptor::declare_all_parameters(prm);
    if (!command_line.file.empty())
      prm.parse_input(command_line.file);
    for (const std::string &setting : command_line.settings)
      apply_setting(prm, setting);
    if (command_line.print_parameters)
      {
        prm.print_parameters(std::cout, dealii::ParameterHandler::PRM);
        return false;
      }
    dealii::ParameterAcceptor::parse_all_parameters(prm);
    return true;
  }

  /// A path in a parameter file is relative to the folder of this file.
  inline std::string
  relative_to_parameter_file(const CommandLine &command_line,
                             const std::string &path)
  {
    AssertThrow(!path.empty(),
                dealii::ExcMessage("Network/File is empty, expected the name "
                                   "of a file."));
    return std::filesystem::path(path).is_absolute() ?
             path :
             (std::filesystem::path(command_line.file).parent_path() / path)
               .string();
  }

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
    dealii::Utilities::MPI::MPI_InitFinalize mpi(n_arguments, pointer, 1);
    const MPI_Comm                           world = MPI_COMM_WORLD;
    return report_errors(program, [&]() {
      try
        {
          command_line.use(dealii::Utilities::MPI::n_mpi_processes(world));
          AssertThrow(
            !command_line.file.empty() || command_line.print_parameters,
            dealii::ExcMessage("no parameter file given; see --help"));
          if (!command_line.file.empty())
            check_parameter_file(command_line.file);
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
    Command command{
      name, [&]() {
        return run_for_dimension(
          name,
          command_line,
          [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
            Program<decltype(dim)::value>(world, command_line, kind.equation)
              .run();
          });
      }};
    return run_command(app, argc, argv, command);
  }
} // namespace lsr

#endif
