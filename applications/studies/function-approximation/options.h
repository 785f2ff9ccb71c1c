// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_approximation_options_h
#define lsr_studies_approximation_options_h

#include <lsr/base/exceptions.h>
#include <lsr/refine/make_tangent_basis.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "applications/studies/core_program.h"
#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// The command line of lsr-approximation.
  struct Options
  {
    /// train, refine, linearized or line.
    std::string command;

    // All commands.
    std::size_t   n_train = 8000, n_test = 2000;
    std::uint64_t seed      = 0;
    unsigned int  n_threads = 0;
    std::string   output;

    // train
    unsigned int              depth = 6, width = 128;
    unsigned int              epochs = 300, batch_size = 32;
    std::vector<unsigned int> checkpoints =
      {0, 1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300};

    // All others.
    std::vector<std::string> networks;

    // refine, line
    TangentBasisParameters basis;
    std::string            maps;

    // linearized
    std::string  method;
    double       rate         = 1e-3;
    unsigned int history      = 100;
    unsigned int n_iterations = 1000;

    /// Returns false if help was asked for and printed. Throws lsr::Error for
    /// what does not make sense.
    bool
    parse(int argc, char **argv);

  private:
    void
    add_common(CLI::App &command);

    void
    add_train(CLI::App &app);

    void
    add_basis(CLI::App &command);

    void
    add_refine(CLI::App &app);

    void
    add_linearized(CLI::App &app);

    void
    add_line(CLI::App &app);
  };



  inline void
  Options::add_common(CLI::App &command)
  {
    command.add_option("--train-points", n_train, "Points to train on")
      ->capture_default_str();
    command.add_option("--test-points", n_test, "Points to test with")
      ->capture_default_str();
    command
      .add_option("--seed", seed, "Seed of points, network and directions")
      ->capture_default_str();
    command.add_option("--threads", n_threads, "Threads (default: all cores)");
  }



  inline void
  Options::add_train(CLI::App &app)
  {
    CLI::App &command =
      *app.add_subcommand("train",
                          "Train a network with Adam; write it as epoch-N.pt "
                          "after some epochs, and history.csv");
    command.add_option("OUTPUT", output, "Folder for the results")->required();
    add_common(command);
    command.add_option("--depth", depth, "Hidden layers")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    command.add_option("--width", width, "Their width")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    command.add_option("--epochs", epochs, "Passes over the points")
      ->capture_default_str();
    command.add_option("--batch", batch_size, "Points in a mini-batch")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    command
      .add_option("--checkpoints",
                  checkpoints,
                  "Epochs after which the network is written")
      ->delimiter(',')
      ->capture_default_str();
  }



  inline void
  Options::add_basis(CLI::App &command)
  {
    command
      .add_option("--subspace",
                  basis.type,
                  "structured, rsvd, landmark or parameters")
      ->capture_default_str();
    command
      .add_option("--directions",
                  basis.n_directions,
                  "Directions of the subspace")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  }



  inline void
  Options::add_refine(CLI::App &app)
  {
    CLI::App &command =
      *app.add_subcommand("refine",
                          "Refine networks; write their mean squared errors "
                          "before and after");
    command.add_option("OUTPUT", output, "Table to write (.csv)")->required();
    command.add_option("NETWORKS", networks, "Networks (.pt)")->required();
    add_common(command);
    add_basis(command);
    command.add_option("--maps",
                       maps,
                       "Folder for the errors over the square, one table for "
                       "each network");
  }



  inline void
  Options::add_linearized(CLI::App &app)
  {
    CLI::App &command =
      *app.add_subcommand("linearized",
                          "Solve the linearized problem over all parameters "
                          "by iterations; write their mean squared errors");
    command.add_option("OUTPUT", output, "Table to write (.csv)")->required();
    command.add_option("NETWORK", networks, "Network (.pt)")
      ->required()
      ->expected(1);
    command.add_option("--method", method, "adam, lbfgs, cgls or lsqr")
      ->required()
      ->check(CLI::IsMember({"adam", "lbfgs", "cgls", "lsqr"}));
    command.add_option("--iterations", n_iterations, "Iterations")
      ->capture_default_str();
    command.add_option("--rate", rate, "adam: learning rate")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    command.add_option("--history", history, "lbfgs: pairs that are kept")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    add_common(command);
  }



  inline void
  Options::add_line(CLI::App &app)
  {
    CLI::App &command =
      *app.add_subcommand("line",
                          "Follow the correction of a network; write the mean "
                          "squared errors of the network and of its "
                          "linearization");
    command.add_option("OUTPUT", output, "Table to write (.csv)")->required();
    command.add_option("NETWORK", networks, "Network (.pt)")
      ->required()
      ->expected(1);
    add_common(command);
    add_basis(command);
  }



  inline bool
  Options::parse(int argc, char **argv)
  {
    CLI::App app("Approximate sin(pi x) sin(pi y) by a network: train, refine, "
                 "and look at the linearized problem.",
                 "lsr-approximation");
    app.require_subcommand(1);
    add_train(app);
    add_refine(app);
    add_linearized(app);
    add_line(app);
    if (!parse_command_line(app, argc, argv))
      return false;
    command    = app.get_subcommands().front()->get_name();
    basis.seed = seed;
    if (n_threads == 0)
      n_threads = std::max(1U, std::thread::hardware_concurrency());
    return true;
  }
} // namespace lsr_studies

#endif
