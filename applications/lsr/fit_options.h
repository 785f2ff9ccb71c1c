// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_fit_options_h
#define lsr_applications_fit_options_h

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "applications/lsr/layout_option.h"
#include "applications/lsr/program.h"
#include "applications/lsr/subspace_options.h"

namespace lsr
{
  /// The command line of lsr fit.
  struct FitOptions : Machine
  {
    std::string  model_file, data_file;
    LayoutOption layout;

    /// How the data file is read.
    unsigned int             n_outputs = 1;
    bool                     has_group = false;
    std::vector<std::string> inputs, targets;

    /// How forward() is called, see Network::Inputs.
    std::string input_names;

    std::optional<SelectionRule> rule;
    std::optional<std::size_t>   rank;
    std::optional<double>        lambda;
    unsigned int                 n_folds    = 5;
    bool                         exhaustive = false;

    // Few for the cache of a CPU, many for the processors of a GPU.
    std::size_t block_size = blocks_on_host ? 2048 : 1 << 16;

    std::string output_file, profile_file;

    TangentBasisParameters basis;

    void
    add_to(CLI::App &app);

    /// Throw lsr::Error for values that do not make sense, and set what
    /// depends on several options.
    void
    complete();

  private:
    SubspaceOptions subspace;
    std::string     rank_text = "auto", lambda_text = "auto";
    std::string     rule_name = "auto";
  };



  inline void
  FitOptions::add_to(CLI::App &app)
  {
    app
      .add_option("MODEL",
                  model_file,
                  "Network: TorchScript (.pt; a program: use only files that "
                  "you trust), or a checkpoint with a --layout")
      ->required();
    app
      .add_option("POINTS",
                  data_file,
                  "Data (text or .npy: x_1..x_d, targets, set[, group], or "
                  "columns with names; .npz or .h5: arrays points, targets, "
                  "set, group). Set 0: fit, 1: test, 2: validation")
      ->required();
    app.add_option("--outputs", n_outputs, "Columns of targets")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
    app.add_option("--inputs",
                   input_names,
                   "If forward() takes several tensors or a dictionary: their "
                   "names in the order of the columns, with widths where these "
                   "are not clear (\"branch: 8, trunk: 2\")");
    app.add_flag("--group",
                 has_group,
                 "The data has groups (of functions, say) in its last column");
    app
      .add_option("--input-columns",
                  inputs,
                  "Names of the columns or arrays that are inputs, in this "
                  "order, with commas between them")
      ->delimiter(',');
    app.add_option("--target-columns", targets, "The same for the targets")
      ->delimiter(',')
      ->excludes("--outputs");
    layout.add_to(app);
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
    app.add_option("--output",
                   output_file,
                   "The refined network (.pt), or what it predicts at the "
                   "points (.csv, .npy, .npz, .h5)");
    app.add_option("--profile",
                   profile_file,
                   "Table of loss, predicted loss, condition and norm of the "
                   "coefficients for all ranks (.csv)");
    Machine::add_to(app);
  }



  inline void
  FitOptions::complete()
  {
    const std::map<std::string, std::optional<SelectionRule>> rules = {
      {"auto", std::nullopt},
      {"plateau", SelectionRule::plateau},
      {"validation", SelectionRule::validation},
      {"cross-validation", SelectionRule::cross_validation},
      {"gcv", SelectionRule::generalized_cross_validation}};

    const auto found = rules.find(rule_name);
    require(found != rules.end(),
            "--select " + rule_name +
              ": auto, plateau, validation, cross-validation or gcv expected");
    rule = found->second;
    subspace.apply_to(basis);
    rank   = number_or_auto<std::size_t>(rank_text, "--rank");
    lambda = number_or_auto<double>(lambda_text, "--tikhonov");
  }
} // namespace lsr

#endif
