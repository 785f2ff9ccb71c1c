// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Approximates a function of two variables: trains a network, refines it,
// solves the linearized problem by iterations, and follows the correction.

#include <lsr/base/types.h>
#include <lsr/network/training.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/tangent_basis.h>

#include <ctime>
#include <set>

#include "applications/studies/function-approximation/approximation.h"
#include "applications/studies/study.h"

namespace lsr_studies
{
  namespace
  {
    /// The arguments as they are printed, one after the other.
    template <typename... Parts>
    std::string
    text(const Parts &...parts)
    {
      std::ostringstream out;
      (out << ... << parts);
      return out.str();
    }



    /// Processor time of all threads since construction, which does not depend
    /// on the other work of the machine.
    class Clock
    {
    public:
      double
      seconds() const
      {
        return double(std::clock() - start) / CLOCKS_PER_SEC;
      }

    private:
      const std::clock_t start = std::clock();
    };



    /// The options of all commands.
    class Approximation : public Study
    {
    public:
      Approximation(CLI::App &app, const std::string &output_text)
        : Study(app)
      {
        app.add_option("OUTPUT", output, output_text)->required();
        option(app, "--train-points", n_train, "Points to train on");
        option(app, "--test-points", n_test, "Points to test with");
        option(app, "--seed", seed, "Seed of points, network and directions");
      }

    protected:
      virtual void
      run_on(const ApproximationProblem &problem) = 0;

      void
      write(const Table &table, const std::string &path) const
      {
        table.write(path);
        say("Written: " + path);
      }

      std::string   output;
      std::uint64_t seed = 0;

    private:
      void
      run() override
      {
        run_on(ApproximationProblem(n_train, n_test, seed));
      }

      std::size_t n_train = 8000, n_test = 2000;
    };



    class Train : public Approximation
    {
    public:
      explicit Train(CLI::App &app)
        : Approximation(app, "Folder for the results")
      {
        positive_option(app, "--depth", depth, "Hidden layers");
        positive_option(app, "--width", width, "Their width");
        option(app, "--epochs", training.epochs, "Passes over the points");
        positive_option(app,
                        "--batch",
                        training.batch_size,
                        "Points in a mini-batch");
        option(app,
               "--checkpoints",
               checkpoints,
               "Epochs after which the network is written")
          ->delimiter(',');
      }

    private:
      void
      run_on(const ApproximationProblem &problem) override
      {
        prepare_output_folder(output);
        Network network =
          problem.make_network(std::vector<unsigned int>(depth, width), seed);
        say(network.description());

        const std::set<unsigned int> kept(checkpoints.begin(),
                                          checkpoints.end());
        Table                        history("epoch,seconds,train,test");
        const Clock                  clock;
        const auto note = [&](const unsigned int epoch, const double mse) {
          const double test = mean_square(errors(network, problem.test));
          history.add(epoch, clock.seconds(), mse, test);
          if (kept.count(epoch) == 0)
            return;
          network.save(output + "/epoch-" + std::to_string(epoch) + ".pt");
          say(text(
            "Epoch ", epoch, ": mean squared error ", mse, ", test ", test));
        };

        note(0, mean_square(errors(network, problem.train)));
        training.schedule = LearningRate::plateau;
        training.seed     = seed;
        train(network,
              problem.train.points,
              problem.train.targets,
              training,
              [&](const char *, const unsigned int epoch, const double mse) {
                note(epoch, mse);
              });
        write(history, output + "/history.csv");
      }

      unsigned int       depth = 6, width = 128;
      TrainingParameters training = []() {
        TrainingParameters parameters;
        parameters.batch_size = 32;
        return parameters;
      }();
      std::vector<unsigned int> checkpoints =
        {0, 1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300};
    };



    /// The commands that begin with networks in files.
    class OfNetworks : public Approximation
    {
    public:
      OfNetworks(CLI::App &app, const bool with_subspace)
        : Approximation(app, "Table to write (.csv)")
      {
        files = app.add_option("NETWORK", networks, "Networks (.pt)");
        files->required();
        if (!with_subspace)
          return;
        option(app, "--subspace", basis.type, TangentBasisParameters::types);
        positive_option(app,
                        "--directions",
                        basis.n_directions,
                        "Directions of the subspace");
      }

    protected:
      /// The one-shot correction of a network.
      Fit
      refine(const ApproximationProblem &problem, const Network &network)
      {
        basis.seed = seed;
        return fit(*make_tangent_basis(network, basis, problem.train.points),
                   DataStream(problem.train));
      }

      std::vector<std::string> networks;
      CLI::Option             *files;
      TangentBasisParameters   basis;
    };



    class Refine : public OfNetworks
    {
    public:
      explicit Refine(CLI::App &app)
        : OfNetworks(app, true)
      {
        app.add_option("--maps",
                       maps,
                       "Folder for the errors over the square, one table for "
                       "each network");
      }

    private:
      void
      run_on(const ApproximationProblem &problem) override
      {
        Table table("network,subspace,directions,rank,train,test,lattice,"
                    "train_refined,test_refined,lattice_refined,seconds");
        std::vector<Network> loaded;
        for (const std::string &file : networks)
          loaded.push_back(Network::load(file, 2, 1));
        for (std::size_t i = 0; i < loaded.size(); ++i)
          {
            const Clock  clock;
            const Fit    found   = refine(problem, loaded[i]);
            const double seconds = clock.seconds();
            const auto   mse     = [&](const DataSet &data,
                                 const Column  &correction = {}) {
              return mean_square(errors(loaded[i], data, correction));
            };
            const std::string name =
              std::filesystem::path(networks[i]).stem().string();
            table.add(name,
                      basis.type,
                      basis.n_directions,
                      found.choice.rank,
                      mse(problem.train),
                      mse(problem.test),
                      mse(problem.lattice),
                      mse(problem.train, found.correction),
                      mse(problem.test, found.correction),
                      mse(problem.lattice, found.correction),
                      seconds);
            say(text("Refined ", name, " in ", seconds, " s"));
            if (!maps.empty())
              write_map(maps + "/" + name + "-errors.csv",
                        problem.lattice,
                        loaded[i],
                        found.correction);
          }
        write(table, output);
      }

      /// Errors over the square.
      void
      write_map(const std::string &path,
                const DataSet     &lattice,
                const Network     &network,
                const Column      &correction) const
      {
        const HostBlock  points = to_host(lattice.points);
        const HostColumn before = to_host(errors(network, lattice)),
                         after  = to_host(errors(network, lattice, correction));
        Table map("x,y,network,refined");
        for (std::size_t i = 0; i < before.size(); ++i)
          map.add(points(0, i), points(1, i), before(i), after(i));
        write(map, path);
      }

      std::string maps;
    };



    class Linearized : public OfNetworks
    {
    public:
      explicit Linearized(CLI::App &app)
        : OfNetworks(app, false)
      {
        files->expected(1);
        app.add_option("--method", solver.method, "adam, lbfgs, cgls or lsqr")
          ->required()
          ->check(CLI::IsMember({"adam", "lbfgs", "cgls", "lsqr"}));
        option(app, "--iterations", solver.n_iterations, "Iterations");
        positive_option(app, "--rate", solver.rate, "adam: learning rate");
        positive_option(app,
                        "--history",
                        solver.history,
                        "lbfgs: pairs that are kept");
      }

    private:
      void
      run_on(const ApproximationProblem &problem) override
      {
        const Network           network = Network::load(networks.front(), 2, 1);
        Table                   history("products,seconds,train");
        const Clock             clock;
        const LinearizedProblem linearized(network, problem.train);

        unsigned int n_products   = 0;
        double       next_message = 10.;
        const Column correction =
          solver.solve(linearized, [&](const unsigned int n, const double mse) {
            n_products = n;
            history.add(n, clock.seconds(), mse);
            if (clock.seconds() < next_message)
              return;
            next_message += 10.;
            say(text(
              solver.method, ", product ", n, ": mean squared error ", mse));
          });
        const double seconds = clock.seconds();
        write(history, output);

        const auto mse = [&](const DataSet &data) {
          return mean_square(errors(network, data, correction));
        };
        const nlohmann::ordered_json report = {{"method", solver.method},
                                               {"products", n_products},
                                               {"seconds", seconds},
                                               {"train", mse(problem.train)},
                                               {"test", mse(problem.test)}};
        std::cout << report.dump() << std::endl;
      }

      IterativeSolver solver;
    };



    /// The mean squared error over alpha of the network with parameters
    /// theta + alpha correction, and of the linearized one.
    class Line : public OfNetworks
    {
    public:
      explicit Line(CLI::App &app)
        : OfNetworks(app, true)
      {
        files->expected(1);
      }

    private:
      void
      run_on(const ApproximationProblem &problem) override
      {
        constexpr int n_per_decade = 10;

        Network      network = Network::load(networks.front(), 2, 1);
        const Column theta   = network.parameters();
        const Column step    = refine(problem, network).correction;
        const Column before  = errors(network, problem.train);
        const Column after   = errors(network, problem.train, step);

        Table table("alpha,nonlinear,linearized");
        for (int i = -10 * n_per_decade; i <= 0; ++i)
          {
            const double alpha = std::pow(10., double(i) / n_per_decade);
            network.set_parameters(combination(1., theta, alpha, step));
            table.add(alpha,
                      mean_square(errors(network, problem.train)),
                      mean_square(
                        combination(1. - alpha, before, alpha, after)));
          }
        write(table, output);
      }
    };
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  using namespace lsr_studies;
  CLI::App   app("Approximate sin(pi x) sin(pi y) by a network: train, refine, "
                 "and look at the linearized problem.",
               "lsr-approximation");
  Train      train(*app.add_subcommand(
    "train",
    "Train a network with Adam; write it as epoch-N.pt after some epochs, and "
         "history.csv"));
  Refine     refine(*app.add_subcommand(
    "refine",
    "Refine networks; write their mean squared errors before and after"));
  Linearized linearized(*app.add_subcommand(
    "linearized",
    "Solve the linearized problem over all parameters by iterations; write "
    "their mean squared errors"));
  Line       line(*app.add_subcommand(
    "line",
    "Follow the correction of a network; write the mean squared errors of the "
          "network and of its linearization"));
  return run_study(app, argc, argv, {&train, &refine, &linearized, &line});
}
