// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_fit_options_h
#define lsr_applications_fit_options_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/make_tangent_basis.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "applications/lsr/core_program.h"
#include "applications/lsr/subspace_options.h"

namespace lsr
{
  /// The command line of lsr-fit.
  struct Options
  {
    std::string model_file, data_file;

    /// How the data file is read.
    unsigned int n_outputs = 1;
    bool         has_group = false;

    TangentBasisParameters basis;

    SelectionRule              rule = SelectionRule::automatic;
    std::optional<std::size_t> rank;
    std::optional<double>      lambda;
    unsigned int               n_folds    = 5;
    bool                       exhaustive = false;

    // Few for the cache of a CPU, many for the processors of a GPU.
    std::size_t  block_size = blocks_on_host ? 2048 : 1 << 16;
    unsigned int n_threads  = 0;

    std::string output_file, profile_file, points_file, predictions_file;

    /// Whether the output is the refined network, and not its predictions.
    bool
    output_is_model() const
    {
      return std::filesystem::path(output_file).extension() == ".pt";
    }

    /// Make sure that the files that are asked for can be written.
    void
    prepare_output() const
    {
      for (const std::string &file :
           {output_file, profile_file, predictions_file})
        if (!file.empty())
          prepare_output_folder(
            std::filesystem::absolute(file).parent_path().string());
    }

    /// Returns false if help was asked for and printed. Throws lsr::Error for
    /// what does not make sense.
    bool
    parse(int argc, char **argv);
  };



  /// Points without targets.
  inline DataSet
  read_points(const std::string &path)
  {
    return read_data_set(path, {0, false, false});
  }



  inline bool
  Options::parse(int argc, char **argv)
  {
    CLI::App app("Refine a trained network on data by linearized subspace "
                 "refinement, or evaluate a refined one (with --predict and "
                 "without POINTS).",
                 "lsr-fit");
    app.get_formatter()->column_width(36);
    std::string              rank_text = "auto", lambda_text = "auto";
    std::vector<std::string> prediction;
    std::map<std::string, SelectionRule> rules = {
      {"auto", SelectionRule::automatic},
      {"plateau", SelectionRule::plateau},
      {"validation", SelectionRule::validation},
      {"cross-validation", SelectionRule::cross_validation},
      {"gcv", SelectionRule::generalized_cross_validation}};
    std::string     rule_name = "auto";
    SubspaceOptions subspace;

    app
      .add_option("MODEL",
                  model_file,
                  "Network (TorchScript .pt; a program: use only files that "
                  "you trust)")
      ->required();
    app.add_option("POINTS",
                   data_file,
                   "Data (.csv: x_1..x_d, targets, set[, group]; .h5: data "
                   "sets points, targets, set, group). Set 0: fit, 1: test, "
                   "2: validation");
    app.add_option("--outputs", n_outputs, "Columns of targets")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_flag("--group",
                 has_group,
                 "The data has groups (of functions, say) in its last column");
    subspace.add_to(app, &basis);
    app.add_option("--rank", rank_text, "Columns used, or auto")
      ->capture_default_str();
    app.add_option("--tikhonov", lambda_text, "Tikhonov parameter, or auto")
      ->capture_default_str();
    app
      .add_option("--select",
                  rule_name,
                  "By what they are chosen: auto, plateau, validation, "
                  "cross-validation (of groups if there are any) or gcv")
      ->capture_default_str();
    app.add_flag("--exhaustive",
                 exhaustive,
                 "Search ranks and Tikhonov parameters together even where "
                 "nothing shows overfitting");
    app
      .add_option("--folds",
                  n_folds,
                  "Folds of cross-validation, and of the validation rows")
      ->capture_default_str()
      ->check(CLI::Range(2U, 1000000U));
    app.add_option("--block", block_size, "Points in a block of rows")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_option("--threads", n_threads, "Threads (default: all cores)");
    app.add_option("--output",
                   output_file,
                   "The refined network (.pt), or what it predicts at the "
                   "points (.csv, .h5)");
    app.add_option("--profile",
                   profile_file,
                   "Table of loss, predicted loss, condition and norm of the "
                   "coefficients for all ranks (.csv)");
    app
      .add_option("--predict",
                  prediction,
                  "Points without targets (.csv, .h5), and the file for what "
                  "the refined network predicts there")
      ->expected(2)
      ->type_name("NEW PREDICTIONS");
    if (!parse_command_line(app, argc, argv))
      return false;

    const auto found = rules.find(rule_name);
    require(found != rules.end(),
            "--select " + rule_name +
              ": auto, plateau, validation, cross-validation or gcv expected");
    rule = found->second;
    subspace.apply_to(basis);
    rank   = number_or_auto<std::size_t>(rank_text, "--rank");
    lambda = number_or_auto<double>(lambda_text, "--tikhonov");
    if (!prediction.empty())
      {
        points_file      = prediction[0];
        predictions_file = prediction[1];
      }
    require(!data_file.empty() || !points_file.empty(),
            "POINTS to fit or --predict expected, found neither; see --help");
    n_threads = n_threads_to_use(n_threads);
    return true;
  }
} // namespace lsr

#endif
