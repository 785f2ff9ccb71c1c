// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains networks for the solution operator of Burgers' equation, and refines
// them.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "applications/studies/data-driven-operators/burgers_data.h"
#include "applications/studies/data-driven-operators/options.h"
#include "applications/studies/data-driven-operators/rank_study.h"
#include "applications/studies/data-driven-operators/train_operator.h"

namespace lsr_studies
{
  namespace
  {
    using Json = nlohmann::ordered_json;

    void
    say(const std::string &line)
    {
      std::cerr << line << std::endl;
    }



    void
    prepare_folder_of(const std::string &file)
    {
      prepare_output_folder(
        std::filesystem::absolute(file).parent_path().string());
    }



    /// The most memory that this process had, in GB.
    double
    peak_memory()
    {
      struct rusage usage;
      getrusage(RUSAGE_SELF, &usage);
      return usage.ru_maxrss * 1024e-9;
    }



    double
    median(std::vector<double> values)
    {
      std::sort(values.begin(), values.end());
      const std::size_t n = values.size();
      return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
    }



    void
    train(const OperatorOptions &options)
    {
      double  seconds = 0;
      DataSet data;
      Network network = [&]() {
        const Stopwatch stopwatch(seconds);
        data = options.data.on_grid();
        return train_operator(options.layout, data, options.training, say);
      }();
      network.save(options.output);
      const DataSet rows = as_rows(data);
      Json          json;
      json["network"]    = options.layout.type;
      json["activation"] = options.layout.activation;
      json["parameters"] = network.n_parameters();
      json["epochs"]     = options.training.epochs;
      json["lbfgs"]      = options.training.lbfgs_iterations;
      json["seed"]       = options.layout.seed;
      json["error_fit"] =
        mean(relative_errors(network, rows.select(DataSet::fit)));
      json["error_test"] =
        mean(relative_errors(network, rows.select(DataSet::test)));
      json["seconds"] = seconds;
      std::cout << json.dump() << std::endl;
    }



    /// Errors on the functions to test: of the network, with the chosen
    /// solution, and with that of all columns without damping.
    struct TestErrors
    {
      std::vector<double> network, refined, undamped;
    };

    void
    write_pairs(const std::string &path, const TestErrors &errors)
    {
      write_atomically(path, [&](std::ostream &out) {
        out.precision(10);
        out << "function,network,refined,undamped\n";
        for (std::size_t i = 0; i < errors.network.size(); ++i)
          out << i << ',' << errors.network[i] << ',' << errors.refined[i]
              << ',' << errors.undamped[i] << '\n';
      });
    }



    void
    write_ranks(const std::string &path, const RankStudy &study)
    {
      write_atomically(path, [&](std::ostream &out) {
        out.precision(10);
        out << "rank,lambda,loss,single_precision_loss,condition,"
               "coefficient_norm,error_fit,error_validation,error_test\n";
        for (const RankStudySolution &s : study.solutions)
          out << s.rank << ',' << s.lambda << ',' << s.loss << ','
              << s.single_precision_loss << ',' << s.condition << ','
              << s.coefficient_norm << ',' << s.fit << ',' << s.validation
              << ',' << s.test << '\n';
      });
    }



    Json
    describe(const RankStudySolution &solution)
    {
      Json json;
      json["rank"]             = solution.rank;
      json["lambda"]           = solution.lambda;
      json["loss"]             = solution.loss;
      json["error_fit"]        = solution.fit;
      json["error_validation"] = solution.validation;
      json["error_test"]       = solution.test;
      return json;
    }



    Json
    report(const OperatorOptions &options,
           const Network         &network,
           const RankStudy       &study,
           const TestErrors      &errors)
    {
      std::vector<double> factors;
      for (std::size_t i = 0; i < errors.network.size(); ++i)
        factors.push_back(errors.network[i] / errors.refined[i]);

      Json json;
      json["parameters"]    = network.n_parameters();
      json["rows"]          = study.n_rows;
      json["subspace"]      = options.study.basis.type;
      json["directions"]    = options.study.basis.n_directions;
      json["network"]       = describe(study.solutions.front());
      json["refined"]       = describe(study.solutions[study.best]);
      json["undamped"]      = describe(study.solutions[study.undamped]);
      json["mean_factor"]   = mean(errors.network) / mean(errors.refined);
      json["median_factor"] = median(factors);
      double total          = 0;
      for (const auto &stage : study.seconds)
        {
          json["seconds"][stage.first] = stage.second;
          total += stage.second;
        }
      json["seconds"]["total"] = total;
      json["memory_GB"]        = peak_memory();
      return json;
    }



    void
    refine(const OperatorOptions &options)
    {
      const DataSet rows = as_rows(options.data.on_grid());
      const Network network =
        Network::load(options.network_file, n_sensors + 1, 1);
      RankStudyParameters parameters = options.study;
      parameters.progress            = say;
      const RankStudy study          = rank_study(network, rows, parameters);

      const DataSet    test = rows.select(DataSet::test);
      const TestErrors errors{
        relative_errors(network, test),
        relative_errors(network, test, study.best_correction),
        relative_errors(network, test, study.undamped_correction)};
      write_ranks(options.output + "-ranks.csv", study);
      write_pairs(options.output + "-pairs.csv", errors);
      std::cout << report(options, network, study, errors).dump() << std::endl;
    }



    void
    run(const OperatorOptions &options)
    {
      Network::set_n_threads(options.n_threads);
      prepare_folder_of(options.output);
      if (options.command == "train")
        train(options);
      else if (options.command == "refine")
        refine(options);
      else
        write_data_set(options.output, as_rows(options.data.on_grid()));
    }
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  return lsr::run_core_program<lsr_studies::OperatorOptions>("lsr-operator",
                                                             argc,
                                                             argv,
                                                             lsr_studies::run);
}
