// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_program_h
#define lsr_applications_program_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/communicator.h>
#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>
#include <lsr/network/network.h>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// The command line and the errors of all programs.

namespace lsr
{
  /// The options of all programs: where they compute, and by how many threads.
  struct Machine
  {
    std::string                 device = "auto";
    std::optional<unsigned int> n_threads;

    void
    add_to(CLI::App &app)
    {
      app
        .add_option("--threads",
                    n_threads,
                    "Threads of this process (default: the cores of the "
                    "machine divided by the number of MPI processes)")
        ->check(CLI::Range(1U, max_n_threads()));
      app
        .add_option("--device",
                    device,
                    "Where networks and dense solvers compute: cpu, cuda, or "
                    "auto for the device of this build")
        ->capture_default_str();
    }

    /// Throws lsr::Error if the device is not there.
    void
    use(const unsigned int n_ranks = 1)
    {
      require_device(device);
      if (!n_threads)
        n_threads = std::max(1U, std::thread::hardware_concurrency() / n_ranks);
      require_memory_of_threads(*n_threads);
      Network::set_n_threads(*n_threads);
    }

  private:
    /// More threads than this only wait for each other.
    static unsigned int
    max_n_threads()
    {
      return std::max(64U, 4 * std::thread::hardware_concurrency());
    }
  };



  /// The options of programs with a parameter file.
  struct CommandLine : Machine
  {
    std::string              file;
    std::vector<std::string> settings;
    bool                     print_parameters = false;

    void
    add_to(CLI::App &app)
    {
      app.add_option("FILE", file, "Parameter file (.prm)");
      add_parameter_options(app);
      Machine::add_to(app);
    }

  protected:
    void
    add_parameter_options(CLI::App &app)
    {
      app
        .add_option("--set",
                    settings,
                    "Override a parameter: \"Section/Name=value\"; may be "
                    "repeated")
        ->allow_extra_args(false);
      app.add_flag("--print-parameters",
                   print_parameters,
                   "Print a commented parameter file and exit");
    }
  };



  /// Why something that was written to the standard output is lost; empty if
  /// nothing is.
  inline std::string
  lost_output()
  {
    errno = 0;
    std::cout.flush();
    if (std::cout && std::fflush(stdout) == 0)
      return "";
    // What has failed before has left no reason: once more.
    const bool is_known = errno != 0 || ::write(STDOUT_FILENO, "\n", 1) < 0;
    return "the standard output cannot be written" +
           (is_known ? ": " + std::string(std::strerror(errno)) : "");
  }



  /// What a message says of an exception; where memory was too small, also in
  /// which stage. Some exceptions carry the words of others.
  inline std::string
  reason_of(const std::exception &exception)
  {
    // Tables of deal.II throw where they cannot be written.
    std::string reason = lost_output();
    if (!reason.empty())
      return reason;
    reason = exception.what();
    // Kokkos has more to say, on lines about tracebacks.
    if (reason.find("Kokkos failed to allocate") != std::string::npos)
      reason = "out of memory: " + reason.substr(0, reason.find('\n'));
    const std::string unsaid = "std::bad_alloc", said = "out of memory";
    const std::size_t at = reason.find(unsaid);
    if (at != std::string::npos)
      reason.replace(at, unsaid.size(), said);
    if (reason.find(said) != std::string::npos &&
        !Timer::current_stage().empty())
      reason += ", in the stage '" + Timer::current_stage() + "'";
    if (at != std::string::npos)
      reason +=
        "; fewer directions, a coarser mesh or smaller blocks need less";
    return reason;
  }



  /// Say @p reason as the program called @p name, and return the exit status
  /// 1. Where MPI is running, all processes end.
  inline int
  fail(const std::string &name, const std::string &reason)
  {
    Communicator ranks;
#ifdef LSR_WITH_MPI
    int has_mpi = 0;
    MPI_Initialized(&has_mpi);
    int had_mpi = 0;
    MPI_Finalized(&had_mpi);
    if (has_mpi != 0 && had_mpi == 0)
      ranks = Communicator(MPI_COMM_WORLD);
#endif
    // Mostly all ranks fail alike, and one message is enough: the first speaks
    // at once and ends the others. If it does not, others do.
    if (ranks.rank() > 0)
      std::this_thread::sleep_for(std::chrono::seconds(1));
    std::cerr << name + ": error: " + reason + "\n" << std::flush;
#ifdef LSR_WITH_MPI
    if (ranks.size() > 1)
      MPI_Abort(ranks.get(), 1);
#endif
    return 1;
  }



  /// The same of the exception that is being handled; if there is none, a
  /// library has ended the program.
  inline std::string
  reason_of_end()
  {
    const std::string stage = " in the stage '" + Timer::current_stage() + "'";
    if (std::current_exception() == nullptr)
      return "a library has ended the program" + stage;
    try
      {
        throw;
      }
    catch (const std::exception &exception)
      {
        return reason_of(exception);
      }
    catch (...) // Trilinos throws numbers
      {
        return "a library has failed without a reason" + stage;
      }
  }



  /// The name of the program while it works, for neither exit() nor
  /// std::terminate() is called then but by libraries: by OpenBLAS and
  /// LibTorch, say, if there is no memory.
  inline std::string working_program;

  inline void
  report_exit()
  {
    if (!working_program.empty())
      fail(std::exchange(working_program, ""), reason_of_end());
  }

  [[noreturn]] inline void
  report_termination()
  {
    if (working_program.empty())
      std::abort();
    report_exit();
    std::quick_exit(1); // no destructors: nobody knows what they would find
  }



#ifdef LSR_WITH_MPI
  /// To be called when MPI has started: from now on a library that finalizes
  /// it ends the program, as Trilinos' ML does if there is no memory, and other
  /// processes would wait for ever.
  inline void
  report_finalization()
  {
    const auto report = [](MPI_Comm, int, void *, void *) -> int {
      if (!working_program.empty())
        report_termination();
      return MPI_SUCCESS;
    };
    int key = MPI_KEYVAL_INVALID;
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, report, &key, nullptr);
    // What this communicator has is deleted first of all.
    MPI_Comm_set_attr(MPI_COMM_SELF, key, nullptr);
  }
#endif



  /**
   * Run @p action of the program called @p name and return its exit status:
   * every exception becomes one message and the status 1. Where MPI is running,
   * all processes end.
   */
  template <typename Action>
  int
  report_errors(const std::string &name, const Action &action)
  {
    static const int is_registered = std::atexit(report_exit);
    (void)is_registered;
    std::optional<std::string> failure;
    working_program     = name;
    const auto previous = std::set_terminate(report_termination);
    try
      {
        action();
      }
    catch (...)
      {
        failure = reason_of_end();
      }
    std::set_terminate(previous);
    working_program.clear();
    return failure ? fail(name, *failure) : 0;
  }



  /// Whether other programs are running right now.
  inline bool
  others_are_running()
  {
    // "0.20 0.18 0.12 1/80 11206": one of 80 threads is running, this one.
    std::ifstream file("/proc/loadavg");
    std::string   average;
    int           n_running = 0;
    return file >> average >> average >> average >> n_running && n_running > 1;
  }



  /**
   * Beside other programs, let threads of OpenMP that wait for others do so for
   * some microseconds, and then leave their core to them, unless the
   * environment says how. By default they keep it for milliseconds, which makes
   * this program ten times slower there. The runtime reads this before main():
   * the program is started again, which takes the time to load LibTorch.
   */
  inline void
  wait_briefly(char **argv)
  {
    for (const char *const chosen :
         {"GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_WAIT_POLICY"})
      if (std::getenv(chosen) != nullptr)
        return;
    const char *const n_threads = std::getenv("OMP_NUM_THREADS");
    if (n_threads != nullptr && n_threads == std::string("1"))
      return;
    std::error_code             error;
    const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
    // Not where a loader or an emulator runs the program.
    if (error ||
        program.filename() != std::filesystem::path(argv[0]).filename() ||
        !others_are_running())
      return;
    setenv("GOMP_SPINCOUNT", "1000", 1);
    execv(program.c_str(), argv);
  }



  /// The subcommand of the command line: its full name, and the function that
  /// returns its exit status.
  struct Command
  {
    std::string          name;
    std::function<int()> run;
  };



  /// The exit status of a program that has succeeded otherwise: 1, and a
  /// message, if what it wrote to the standard output is lost.
  inline int
  status_of_standard_output(const std::string &name)
  {
    const std::string lost = lost_output();
    if (lost.empty())
      return 0;
    std::cerr << name + ": error: " + lost + "\n" << std::flush;
    return 1;
  }



  /// Parse the command line of @p app, whose options or subcommands set
  /// @p command, and run it. Returns the exit status.
  inline int
  run_command(CLI::App &app, const int argc, char **argv, Command &command)
  {
    wait_briefly(argv);
    clean_up_on_signals();
    try
      {
        app.parse(argc, argv);
      }
    catch (const CLI::ParseError &error)
      {
        if (error.get_exit_code() == 0) // help or version
          {
            app.exit(error);
            return status_of_standard_output(command.name);
          }
        for (const CLI::App *const chosen : app.get_subcommands())
          command.name = app.get_name() + " " + chosen->get_name();
        std::cerr << command.name << ": error: " << error.what()
                  << "; see --help" << std::endl;
        return 1;
      }
    const int status = command.run();
    return status != 0 ? status : status_of_standard_output(command.name);
  }
} // namespace lsr

#endif
