// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_command_line_h
#define lsr_applications_command_line_h

#include <lsr/base/device.h>
#include <lsr/fe/equation_registry.h>
#include <lsr/fe/error_message.h>
#include <lsr/network/network.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/parameter_handler.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace lsr
{
  /**
   * The command line that all programs with a parameter file share:
   * `program problem.prm [--set "Section/Name=value"] [--print-parameters]`.
   */
  struct CommandLine
  {
    std::string parameter_file;

    /// What `Equation/Name` says.
    std::string equation = default_equation;

    std::vector<std::string> settings;
    bool                     print_parameters = false;
    bool                     restart          = false;
    std::string              case_file;
    unsigned int             n_threads = 0;
    std::string              device    = "auto";
  };

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

  /**
   * Read what has to be known before all parameters can be declared: load the
   * additional shared libraries, note the name of the equation, and return the
   * dimension, 1, 2 or 3.
   */
  inline int
  read_kind_of_problem(CommandLine &command_line)
  {
    dealii::ParameterHandler prm;
    declare_global_parameters(prm);
    prm.enter_subsection("Equation");
    prm.declare_entry("Name", command_line.equation);
    prm.leave_subsection();
    if (!command_line.parameter_file.empty())
      prm.parse_input(command_line.parameter_file, "", true);
    for (const std::string &setting : command_line.settings)
      for (const char *name :
           {"Dimension=", "Additional shared libraries=", "Equation/Name="})
        if (setting.rfind(name, 0) == 0)
          apply_setting(prm, setting);

    for (const std::string &library : dealii::Utilities::split_string_list(
           prm.get("Additional shared libraries")))
      load_equations(library,
                     std::filesystem::path(command_line.parameter_file)
                       .parent_path()
                       .string());
    prm.enter_subsection("Equation");
    command_line.equation = prm.get("Name");
    prm.leave_subsection();
    return prm.get_integer("Dimension");
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
    if (!command_line.parameter_file.empty())
      prm.parse_input(command_line.parameter_file);
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
             (std::filesystem::path(command_line.parameter_file).parent_path() /
              path)
               .string();
  }

  /**
   * The main function of a program: parse the command line, start MPI, run
   * run_1(), run_2() or run_3() of @p Program according to the dimension, and
   * turn every exception into one message on rank 0 and exit status 1.
   * @p more_options may declare options beyond those that all programs share.
   */
  template <template <int> class Program>
  int
  run_program(
    int                                                   argc,
    char                                                **argv,
    const std::string                                    &name,
    const std::string                                    &description,
    const std::function<void(CLI::App &, CommandLine &)> &more_options = {})
  {
    CommandLine command_line;
    CLI::App    app(description, name);
    app.add_option("parameters",
                   command_line.parameter_file,
                   "Parameter file (.prm)");
    app
      .add_option("--set",
                  command_line.settings,
                  "Override a parameter: \"Section/Name=value\"; may be "
                  "repeated")
      ->allow_extra_args(false);
    app.add_flag("--print-parameters",
                 command_line.print_parameters,
                 "Print a commented parameter file and exit");
    app.add_option("--threads",
                   command_line.n_threads,
                   "Threads of this process (default: the cores of the machine "
                   "divided by the number of MPI processes)");
    app
      .add_option(
        "--device",
        command_line.device,
        "Where networks and dense solvers compute: cpu, cuda, or auto "
        "for what this was built for")
      ->capture_default_str();
    if (more_options)
      more_options(app, command_line);
    try
      {
        app.parse(argc, argv);
      }
    catch (const CLI::ParseError &error)
      {
        if (error.get_exit_code() == 0) // help was asked for
          return app.exit(error);
        std::cerr << name << ": error: " << error.what() << "; see --help"
                  << std::endl;
        return 1;
      }

    // The options are ours: MPI gets none of them.
    int                                      n_arguments = 1;
    char                                    *arguments[] = {argv[0], nullptr};
    char                                   **pointer     = arguments;
    dealii::Utilities::MPI::MPI_InitFinalize mpi(n_arguments, pointer, 1);

    const MPI_Comm     world = MPI_COMM_WORLD;
    const unsigned int rank  = dealii::Utilities::MPI::this_mpi_process(world);
    const unsigned int n_ranks = dealii::Utilities::MPI::n_mpi_processes(world);
    try
      {
        require_device(command_line.device);
        AssertThrow(!command_line.parameter_file.empty() ||
                      command_line.print_parameters,
                    dealii::ExcMessage("no parameter file given; see --help"));
        if (!command_line.parameter_file.empty())
          check_parameter_file(command_line.parameter_file);
        Network::set_n_threads(
          command_line.n_threads > 0 ?
            command_line.n_threads :
            std::max(1U, std::thread::hardware_concurrency() / n_ranks));

        switch (read_kind_of_problem(command_line))
          {
            case 1:
              Program<1>(world, command_line).run();
              break;
            case 2:
              Program<2>(world, command_line).run();
              break;
            default:
              Program<3>(world, command_line).run();
          }
      }
    catch (const std::exception &exception)
      {
        // Mostly all ranks fail alike, and one message is enough: the first
        // speaks at once and ends the others. If it does not, others do.
        if (rank > 0)
          std::this_thread::sleep_for(std::chrono::seconds(1));
        std::cerr << name + ": error: " + error_message(exception) + "\n"
                  << std::flush;
        if (n_ranks > 1)
          MPI_Abort(world, 1);
        return 1;
      }
    return 0;
  }
} // namespace lsr

#endif
