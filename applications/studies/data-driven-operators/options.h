// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_operator_options_h
#define lsr_studies_operator_options_h

#include <lsr/base/exceptions.h>

#include <string>

#include "applications/studies/core_program.h"
#include "applications/studies/data-driven-operators/burgers_data.h"
#include "applications/studies/data-driven-operators/operator_networks.h"
#include "applications/studies/data-driven-operators/rank_study.h"
#include "applications/studies/data-driven-operators/train_operator.h"

namespace lsr_studies
{
  /// The command line of lsr-operator.
  struct OperatorOptions
  {
    /// `train`, `refine` or `data`.
    std::string command;

    BurgersData data;

    OperatorNetwork  layout;
    OperatorTraining training;

    RankStudyParameters study;

    std::string  network_file, output;
    unsigned int n_threads = 1;

    /// Returns false if help was asked for and printed. Throws lsr::Error for
    /// what does not make sense.
    bool
    parse(int argc, char **argv);

  private:
    void
    add_data_options(CLI::App &app);

    void
    add_train(CLI::App &app);

    void
    add_refine(CLI::App &app);

    void
    add_data(CLI::App &app);
  };



  /// An option whose default is shown.
  template <typename Value>
  CLI::Option *
  add_option_with_default(CLI::App          &app,
                          const std::string &name,
                          Value             &value,
                          const std::string &text)
  {
    return app.add_option(name, value, text)->capture_default_str();
  }



  inline void
  OperatorOptions::add_data_options(CLI::App &app)
  {
    add_option_with_default(app, "--fit", data.n_fit, "Functions to fit")
      ->check(CLI::PositiveNumber);
    add_option_with_default(app,
                            "--validation",
                            data.n_validation,
                            "Functions to choose rank and damping by")
      ->check(CLI::PositiveNumber);
    add_option_with_default(app, "--test", data.n_test, "Functions to test")
      ->check(CLI::PositiveNumber);
    add_option_with_default(app,
                            "--field",
                            data.field,
                            "Initial values: smooth or published");
    add_option_with_default(app,
                            "--tau2",
                            data.tau2,
                            "tau^2 of the smooth field");
    add_option_with_default(app,
                            "--data-seed",
                            data.seed,
                            "Seed of the functions");
    add_option_with_default(app, "--threads", n_threads, "Threads")
      ->check(CLI::PositiveNumber);
  }



  inline void
  OperatorOptions::add_train(CLI::App &app)
  {
    CLI::App &train =
      *app.add_subcommand("train",
                          "Train a network as the paper does, or make an "
                          "untrained one (--epochs 0)");
    train.add_option("OUTPUT", output, "Network to write (.pt)")->required();
    add_option_with_default(train,
                            "--network",
                            layout.type,
                            "deeponet or multionet");
    add_option_with_default(train,
                            "--activation",
                            layout.activation,
                            "relu, tanh or tanh_sin");
    add_option_with_default(train,
                            "--epochs",
                            training.epochs,
                            "Passes over the functions with Adam");
    add_option_with_default(train,
                            "--lbfgs",
                            training.lbfgs_iterations,
                            "Iterations of L-BFGS after that");
    add_option_with_default(train,
                            "--learning-rate",
                            training.learning_rate,
                            "Learning rate of Adam at the start");
    add_option_with_default(train,
                            "--weight-decay",
                            training.weight_decay,
                            "Weight decay of Adam");
    add_option_with_default(train,
                            "--seed",
                            layout.seed,
                            "Seed of parameters and mini-batches");
    add_data_options(train);
  }



  inline void
  OperatorOptions::add_refine(CLI::App &app)
  {
    CLI::App &refine =
      *app.add_subcommand("refine",
                          "Refine a network, and report losses and errors for "
                          "all ranks");
    refine
      .add_option("NETWORK",
                  network_file,
                  "Network (TorchScript .pt; a program: use only files that "
                  "you trust)")
      ->required();
    refine
      .add_option("OUTPUT",
                  output,
                  "Beginning of the names of the tables to write: "
                  "OUTPUT-ranks.csv, OUTPUT-pairs.csv")
      ->required();
    add_option_with_default(refine,
                            "--subspace",
                            study.basis.type,
                            TangentBasisParameters::types);
    add_option_with_default(refine,
                            "--directions",
                            study.basis.n_directions,
                            "Directions of the subspace")
      ->check(CLI::PositiveNumber);
    add_option_with_default(refine,
                            "--seed",
                            study.basis.seed,
                            "Seed of the directions");
    add_option_with_default(refine,
                            "--single-precision",
                            study.n_single_precision,
                            "Directions up to which the problem is solved in "
                            "single precision, too");
    refine.add_flag("!--no-damping",
                    study.tikhonov,
                    "Do not look for a Tikhonov parameter");
    add_data_options(refine);
  }



  inline void
  OperatorOptions::add_data(CLI::App &app)
  {
    CLI::App &write =
      *app.add_subcommand("data", "Write the data for lsr fit --group");
    write.add_option("OUTPUT", output, "File to write (.h5)")->required();
    add_data_options(write);
  }



  inline bool
  OperatorOptions::parse(int argc, char **argv)
  {
    CLI::App app("Networks for the operator that maps initial values of "
                 "Burgers' equation to the solution at t = 1, and their "
                 "refinement.",
                 "lsr-operator");
    app.require_subcommand(1);
    add_data(app);
    add_train(app);
    add_refine(app);
    if (!parse_command_line(app, argc, argv))
      return false;
    command = app.get_subcommands().front()->get_name();
    return true;
  }
} // namespace lsr_studies

#endif
