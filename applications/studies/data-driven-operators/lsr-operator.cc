// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains networks for the solution operator of Burgers' equation, and refines
// them.

#include "applications/studies/data-driven-operators/burgers_data.h"
#include "applications/studies/data-driven-operators/rank_study.h"
#include "applications/studies/data-driven-operators/train_operator.h"
#include "applications/studies/study.h"

namespace lsr_studies
{
  namespace
  {
    using Json = nlohmann::ordered_json;

    double
    median(std::vector<double> values)
    {
      std::sort(values.begin(), values.end());
      const std::size_t n = values.size();
      return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
    }



    /// The options of all commands.
    class OfBurgers : public Study
    {
    public:
      explicit OfBurgers(CLI::App &app)
        : Study(app, 1)
      {
        positive_option(app, "--fit", data.n_fit, "Functions to fit");
        positive_option(app,
                        "--validation",
                        data.n_validation,
                        "Functions to choose rank and damping by");
        positive_option(app, "--test", data.n_test, "Functions to test");
        option(app,
               "--field",
               data.field,
               "Initial values: smooth or published");
        option(app, "--tau2", data.tau2, "tau^2 of the smooth field");
        option(app, "--data-seed", data.seed, "Seed of the functions");
      }

    protected:
      BurgersData data;
      std::string output;
    };



    class WriteData : public OfBurgers
    {
    public:
      explicit WriteData(CLI::App &app)
        : OfBurgers(app)
      {
        app.add_option("OUTPUT", output, "File to write (.h5)")->required();
      }

    private:
      void
      run() override
      {
        prepare_folder_of(output);
        write_data_set(output, as_rows(data.on_grid()));
      }
    };



    class Train : public OfBurgers
    {
    public:
      explicit Train(CLI::App &app)
        : OfBurgers(app)
      {
        app.add_option("OUTPUT", output, "Network to write (.pt)")->required();
        option(app, "--network", layout.type, "deeponet or multionet");
        option(app,
               "--activation",
               layout.activation,
               "relu, tanh or tanh_sin");
        option(app,
               "--epochs",
               training.epochs,
               "Passes over the functions with Adam");
        option(app,
               "--lbfgs",
               training.lbfgs_iterations,
               "Iterations of L-BFGS after that");
        option(app,
               "--learning-rate",
               training.learning_rate,
               "Learning rate of Adam at the start");
        option(app,
               "--weight-decay",
               training.weight_decay,
               "Weight decay of Adam");
        option(app,
               "--seed",
               layout.seed,
               "Seed of parameters and mini-batches");
      }

    private:
      void
      run() override
      {
        prepare_folder_of(output);
        Timer         timer;
        const DataSet on_grid =
          timer.run("data", [&]() { return data.on_grid(); });
        const Network network = timer.run("training", [&]() {
          return train_operator(layout, on_grid, training, say);
        });
        network.save(output);
        const DataSet rows  = as_rows(on_grid);
        const auto    error = [&](const DataSet::Part part) {
          return mean(relative_errors(network, rows.select(part)));
        };
        const Json json = {{"network", layout.type},
                           {"activation", layout.activation},
                           {"parameters", network.n_parameters()},
                           {"epochs", training.epochs},
                           {"lbfgs", training.lbfgs_iterations},
                           {"seed", layout.seed},
                           {"error_fit", error(DataSet::fit)},
                           {"error_test", error(DataSet::test)},
                           {"seconds", timer.total()}};
        std::cout << json.dump() << std::endl;
      }

      OperatorNetwork  layout;
      OperatorTraining training;
    };



    class Refine : public OfBurgers
    {
    public:
      explicit Refine(CLI::App &app)
        : OfBurgers(app)
      {
        app
          .add_option("NETWORK",
                      network_file,
                      "Network (TorchScript .pt; a program: use only files "
                      "that you trust)")
          ->required();
        app
          .add_option("OUTPUT",
                      output,
                      "Beginning of the names of the tables to write: "
                      "OUTPUT-ranks.csv, OUTPUT-pairs.csv")
          ->required();
        option(app,
               "--subspace",
               parameters.basis.type,
               TangentBasisParameters::types);
        positive_option(app,
                        "--directions",
                        parameters.basis.n_directions,
                        "Directions of the subspace");
        option(app, "--seed", parameters.basis.seed, "Seed of the directions");
        option(app,
               "--single-precision",
               parameters.n_single_precision,
               "Directions up to which the problem is solved in single "
               "precision, too");
        app.add_flag("!--no-damping",
                     parameters.tikhonov,
                     "Do not look for a Tikhonov parameter");
      }

    private:
      void
      run() override
      {
        prepare_folder_of(output);
        const DataSet rows    = as_rows(data.on_grid());
        const Network network = Network::load(network_file, n_sensors + 1, 1);
        parameters.progress   = say;
        const RankStudy study = rank_study(network, rows, parameters);

        const DataSet test   = rows.select(DataSet::test);
        const auto    before = relative_errors(network, test),
                   refined =
                     relative_errors(network, test, study.best_correction),
                   undamped =
                     relative_errors(network, test, study.undamped_correction);
        Table               pairs("function,network,refined,undamped");
        std::vector<double> factors;
        for (std::size_t i = 0; i < before.size(); ++i)
          {
            pairs.add(i, before[i], refined[i], undamped[i]);
            factors.push_back(before[i] / refined[i]);
          }
        pairs.write(output + "-pairs.csv");
        write_ranks(study);

        const auto &solutions = study.solutions;
        const Json  json      = {{"parameters", network.n_parameters()},
                                 {"rows", study.n_rows},
                                 {"subspace", parameters.basis.type},
                                 {"directions", parameters.basis.n_directions},
                                 {"network", describe(solutions.front())},
                                 {"refined", describe(solutions[study.best])},
                                 {"undamped", describe(solutions[study.undamped])},
                                 {"mean_factor", mean(before) / mean(refined)},
                                 {"median_factor", median(factors)},
                                 {"seconds", to_json(study.timer)},
                                 {"memory_GB", peak_memory()}};
        std::cout << json.dump() << std::endl;
      }

      void
      write_ranks(const RankStudy &study) const
      {
        Table table("rank,lambda,loss,single_precision_loss,condition,"
                    "coefficient_norm,error_fit,error_validation,error_test");
        for (const RankStudySolution &s : study.solutions)
          table.add(s.rank,
                    s.lambda,
                    s.loss,
                    s.single_precision_loss,
                    s.condition,
                    s.coefficient_norm,
                    s.fit,
                    s.validation,
                    s.test);
        table.write(output + "-ranks.csv");
      }

      static Json
      describe(const RankStudySolution &solution)
      {
        return {{"rank", solution.rank},
                {"lambda", solution.lambda},
                {"loss", solution.loss},
                {"error_fit", solution.fit},
                {"error_validation", solution.validation},
                {"error_test", solution.test}};
      }

      std::string         network_file;
      RankStudyParameters parameters;
    };
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  using namespace lsr_studies;
  CLI::App app("Networks for the operator that maps initial values of Burgers' "
               "equation to the solution at t = 1, and their refinement.",
               "lsr-operator");
  WriteData data(
    *app.add_subcommand("data", "Write the data for lsr fit --group"));
  Train  train(*app.add_subcommand(
    "train",
    "Train a network as the paper does, or make an untrained one (--epochs "
     "0)"));
  Refine refine(*app.add_subcommand(
    "refine", "Refine a network, and report losses and errors for all ranks"));
  return run_study(app, argc, argv, {&data, &train, &refine});
}
