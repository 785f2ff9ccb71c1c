// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr fit: refines a trained network on data.

#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>
#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include "applications/lsr/commands.h"
#include "applications/lsr/evaluation.h"
#include "applications/lsr/fit_options.h"
#include "applications/lsr/fit_report.h"
#include "applications/lsr/smaller_blocks.h"

namespace lsr
{
  namespace
  {
    std::size_t
    n_groups(const DataSet &rows)
    {
      return rows.group.empty() ?
               rows.n_points() :
               std::set<std::int64_t>(rows.group.begin(), rows.group.end())
                 .size();
    }



    unsigned int
    n_folds(const FitOptions &options, const DataSet &rows)
    {
      return std::min<std::size_t>(options.n_folds, n_groups(rows));
    }



    /// Whether to cross-validate: where rows are groups, or where there are
    /// too few of them for generalized cross-validation.
    bool
    cross_validate(const FitOptions &options, const DataSet &rows)
    {
      if (options.rule)
        return options.rule == SelectionRule::cross_validation;
      const bool grouped = !rows.group.empty() && n_groups(rows) > 1;
      return grouped || rows.targets.size() < 2 * options.basis.n_directions;
    }



    FitParameters
    fit_parameters(const FitOptions &options)
    {
      FitParameters parameters;
      parameters.rule          = options.rule;
      parameters.choice.rank   = options.rank;
      parameters.choice.lambda = options.lambda;
      if (options.exhaustive)
        {
          parameters.choice.exhaustive = true;
          parameters.choice.slack      = 0;
        }
      parameters.progress = say;
      return parameters;
    }



    /// Fit in blocks of the size in @p options, or of less if there is no
    /// memory for them.
    Fit
    fit_in_blocks(const FitOptions   &options,
                  const TangentBasis &basis,
                  const DataSet      &rows,
                  const DataSet      &validation)
    {
      const bool         validate = validation.n_points() > 0;
      const unsigned int folds =
        cross_validate(options, rows) ? n_folds(options, rows) : 1;
      const unsigned int validation_folds =
        validate ? n_folds(options, validation) : 1;
      const std::size_t n_points =
        std::max(rows.n_points(), validation.n_points());
      return in_smaller_blocks(
        std::min(options.block_size, n_points),
        /* smallest = */ 256,
        [](const std::string &line) {
          say(line);
          Network::release_cached_memory();
        },
        [&](const std::size_t size) {
          const DataStream stream(rows, folds, size),
            validation_stream(validation, validation_folds, size);
          return fit(basis,
                     stream,
                     fit_parameters(options),
                     validate ? &validation_stream : nullptr);
        });
    }



    /// The rows of the fit get closer; those that it does not know need not.
    void
    warn_of_larger_error(const nlohmann::ordered_json &report)
    {
      for (const std::string rows : {"validation", "test"})
        {
          const double before = report.value("mse_" + rows, 0.),
                       after  = report.value("mse_" + rows + "_refined", 0.);
          if (!(after > before))
            continue;
          std::ostringstream line;
          line << "warning: on the " << rows
               << " rows the refined network has the larger error (mean "
                  "squares "
               << after << ", network " << before
               << "); expected more rows of the fit, fewer directions, or "
                  "validation rows that choose the rank";
          say(line.str());
        }
    }



    /// The correction for the network of @p options on its data.
    Column
    refine_on_data(const FitOptions &options,
                   const Network    &network,
                   const DataSet    &data)
    {
      const DataSet rows       = data.select(DataSet::fit),
                    validation = data.select(DataSet::validation),
                    test       = data.select(DataSet::test);
      require(rows.n_points() > 0,
              options.data_file + ": no point has set 0, so there is nothing "
                                  "to fit");
      say(network.description());

      const auto basis =
        make_tangent_basis(network, options.basis, rows.points);
      const Fit result = fit_in_blocks(options, *basis, rows, validation);
      Timer     timer  = basis->timer();
      timer.add(result.timer);

      const auto report =
        json_report(options, network, result, rows, test, timer);
      std::cout << report.dump() << std::endl;
      warn_of_larger_error(report);
      if (!options.profile_file.empty())
        write_profile(options.profile_file, result);
      return result.correction;
    }



    void
    fit_data(FitOptions &options)
    {
      options.use();
      options.complete();
      Timer         timer; // messages name its stages
      const DataSet data = timer.run("data", [&]() {
        return read_data_set(options.data_file,
                             {options.n_outputs,
                              true,
                              options.has_group,
                              options.inputs,
                              options.targets,
                              say});
      });
      for (const std::string &file :
           {options.output_file, options.profile_file})
        prepare_output(file, {options.model_file, options.data_file});
      const Network network = timer.run("load", [&]() {
        return options.layout.get().load(options.model_file,
                                         data.points.extent(0),
                                         data.n_outputs(),
                                         {{},
                                          {options.input_names, data.points},
                                          ""});
      });
      require_values(network, data, options.data_file);
      const Column correction = timer.run("fit", [&]() {
        return refine_on_data(options, network, data);
      });
      if (options.output_file.empty())
        return;
      const Timer::Stage stage(timer, "output");
      if (std::filesystem::path(options.output_file).extension() == ".pt")
        network.save(options.output_file, correction);
      else
        write_data_set(options.output_file,
                       evaluate(network, data, correction));
      say("Written: " + options.output_file);
    }



    int
    run(const std::string &name, FitOptions &options)
    {
      return report_errors(name, [&]() { fit_data(options); });
    }
  } // namespace



  void
  add_fit(CLI::App &app, Command &command)
  {
    add_command<FitOptions>(
      app, command, "fit", "Refine a trained network on data.", run);
  }
} // namespace lsr
