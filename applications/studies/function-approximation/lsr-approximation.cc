// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Approximates a function of two variables: trains a network, refines it,
// solves the linearized problem by iterations, and follows the correction.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/dense/host.h>
#include <lsr/network/training.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/make_tangent_basis.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>

#include "applications/studies/function-approximation/approximation_problem.h"
#include "applications/studies/function-approximation/linearized_problem.h"
#include "applications/studies/function-approximation/options.h"

namespace lsr_studies
{
  namespace
  {
    void
    say(const std::string &line)
    {
      std::cerr << line << std::endl;
    }



    /// The arguments as they are printed, one after the other.
    template <typename... Parts>
    std::string
    text(const Parts &...parts)
    {
      std::ostringstream out;
      (out << ... << parts);
      return out.str();
    }



    /// A file of lines that are added as they are found, and written as a
    /// whole in the end.
    class Table
    {
    public:
      explicit Table(const std::string &titles)
      {
        lines.precision(10);
        lines << titles << '\n';
      }

      template <typename First, typename... Rest>
      void
      add(const First &first, const Rest &...rest)
      {
        lines << first;
        ((lines << ',' << rest), ...);
        lines << '\n';
      }

      void
      write(const std::string &path) const
      {
        prepare_output_folder(
          std::filesystem::absolute(path).parent_path().string());
        write_atomically(path, [&](std::ostream &out) { out << lines.str(); });
        say("Written: " + path);
      }

    private:
      std::ostringstream lines;
    };



    /// Processor time of all threads since construction: what the work takes
    /// whatever else the machine does.
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



    // --------------------------------------------------------------- train

    /// The file of the network after an epoch, in the folder of the results.
    std::string
    checkpoint(const Options &options, const unsigned int epoch)
    {
      return (std::filesystem::path(options.output) /
              ("epoch-" + std::to_string(epoch) + ".pt"))
        .string();
    }



    void
    train(const Options &options, const ApproximationProblem &problem)
    {
      prepare_output_folder(options.output);
      Network network = problem.make_network(
        std::vector<unsigned int>(options.depth, options.width), options.seed);
      say(network.description());

      const std::set<unsigned int> kept(options.checkpoints.begin(),
                                        options.checkpoints.end());
      Table                        history("epoch,seconds,train,test");
      const Clock                  clock;
      const auto note = [&](const unsigned int epoch, const double mse) {
        const double test = mean_square(errors(network, problem.test));
        history.add(epoch, clock.seconds(), mse, test);
        if (kept.count(epoch) == 0)
          return;
        network.save(checkpoint(options, epoch));
        say(
          text("Epoch ", epoch, ": mean squared error ", mse, ", test ", test));
      };

      note(0, mean_square(errors(network, problem.train)));
      TrainingParameters parameters;
      parameters.epochs     = options.epochs;
      parameters.batch_size = options.batch_size;
      parameters.schedule   = LearningRate::plateau;
      parameters.seed       = options.seed;
      lsr::train(network,
                 problem.train.points,
                 problem.train.targets,
                 parameters,
                 [&](const char *, const unsigned int epoch, const double mse) {
                   note(epoch, mse);
                 });
      history.write(
        (std::filesystem::path(options.output) / "history.csv").string());
    }



    // -------------------------------------------------------------- refine

    std::vector<Network>
    load_networks(const Options &options)
    {
      std::vector<Network> networks;
      for (const std::string &file : options.networks)
        networks.push_back(Network::load(file, 2, 1));
      return networks;
    }



    /// The one-shot correction of a network.
    Fit
    refine(const Options              &options,
           const ApproximationProblem &problem,
           const Network              &network)
    {
      const auto basis =
        make_tangent_basis(network, options.basis, problem.train.points);
      return fit(network, *basis, DataStream(problem.train));
    }



    /// Errors over the square: x, y, of the network, of the refined one.
    void
    write_map(const std::string          &path,
              const ApproximationProblem &problem,
              const Network              &network,
              const Column               &correction)
    {
      const HostBlock  points = to_host(problem.lattice.points);
      const HostColumn before = to_host(errors(network, problem.lattice));
      const HostColumn after =
        to_host(errors(network, problem.lattice, correction));
      Table map("x,y,network,refined");
      for (std::size_t i = 0; i < before.size(); ++i)
        map.add(points(0, i), points(1, i), before(i), after(i));
      map.write(path);
    }



    void
    refine_all(const Options &options, const ApproximationProblem &problem)
    {
      Table table("network,subspace,directions,rank,train,test,lattice,"
                  "train_refined,test_refined,lattice_refined,seconds");
      const std::vector<Network> networks = load_networks(options);
      for (std::size_t i = 0; i < networks.size(); ++i)
        {
          const Clock  clock;
          const Fit    found   = refine(options, problem, networks[i]);
          const double seconds = clock.seconds();
          const auto   mse     = [&](const DataSet &data,
                               const Column  &correction = {}) {
            return mean_square(errors(networks[i], data, correction));
          };
          const std::string name =
            std::filesystem::path(options.networks[i]).stem().string();
          table.add(name,
                    options.basis.type,
                    options.basis.n_directions,
                    found.choice.rank,
                    mse(problem.train),
                    mse(problem.test),
                    mse(problem.lattice),
                    mse(problem.train, found.correction),
                    mse(problem.test, found.correction),
                    mse(problem.lattice, found.correction),
                    seconds);
          say(text("Refined ", name, " in ", seconds, " s"));
          if (!options.maps.empty())
            write_map((std::filesystem::path(options.maps) /
                       (name + "-errors.csv"))
                        .string(),
                      problem,
                      networks[i],
                      found.correction);
        }
      table.write(options.output);
    }



    // ---------------------------------------------------------- linearized

    Column
    solve(const Options           &options,
          const LinearizedProblem &problem,
          const ProgressOfSolver  &progress)
    {
      if (options.method == "adam")
        return solve_by_adam(problem,
                             options.rate,
                             options.n_iterations,
                             progress);
      if (options.method == "lbfgs")
        return solve_by_lbfgs(problem,
                              options.history,
                              options.n_iterations,
                              progress);
      return (options.method == "cgls" ?
                solve_by_cgls :
                solve_by_lsqr)(problem, options.n_iterations, progress);
    }



    /// Solve the linearized problem by iterations; a line of JSON says what
    /// the solution is worth.
    void
    solve_linearized(const Options              &options,
                     const ApproximationProblem &problem)
    {
      const Network network = Network::load(options.networks.front(), 2, 1);
      Table         history("products,seconds,train");
      const Clock   clock;
      const LinearizedProblem linearized(network, problem.train);

      unsigned int n_products   = 0;
      double       next_message = 10.;
      const Column correction =
        solve(options, linearized, [&](const unsigned int n, const double mse) {
          n_products = n;
          history.add(n, clock.seconds(), mse);
          if (clock.seconds() < next_message)
            return;
          next_message += 10.;
          say(text(
            options.method, ", product ", n, ": mean squared error ", mse));
        });
      const double seconds = clock.seconds();
      history.write(options.output);

      nlohmann::ordered_json report;
      report["method"]   = options.method;
      report["products"] = n_products;
      report["seconds"]  = seconds;
      report["train"] = mean_square(errors(network, problem.train, correction));
      report["test"]  = mean_square(errors(network, problem.test, correction));
      std::cout << report.dump() << std::endl;
    }



    // ---------------------------------------------------------------- line

    /// The mean squared error over alpha of the network with parameters
    /// theta + alpha correction, and of the linearized one.
    void
    follow(const Options &options, const ApproximationProblem &problem)
    {
      constexpr int n_per_decade = 10;

      Network      network = Network::load(options.networks.front(), 2, 1);
      const Column theta   = network.parameters();
      const Column step    = refine(options, problem, network).correction;
      const Column before  = errors(network, problem.train);
      const Column after   = errors(network, problem.train, step);

      Table table("alpha,nonlinear,linearized");
      for (int i = -10 * n_per_decade; i <= 0; ++i)
        {
          const double alpha = std::pow(10., double(i) / n_per_decade);
          network.set_parameters(combination(1., theta, alpha, step));
          table.add(alpha,
                    mean_square(errors(network, problem.train)),
                    mean_square(combination(1. - alpha, before, alpha, after)));
        }
      table.write(options.output);
    }



    void
    run(const Options &options)
    {
      Network::set_n_threads(options.n_threads);
      const ApproximationProblem problem(options.n_train,
                                         options.n_test,
                                         options.seed);
      if (options.command == "train")
        train(options, problem);
      else if (options.command == "refine")
        refine_all(options, problem);
      else if (options.command == "linearized")
        solve_linearized(options, problem);
      else
        follow(options, problem);
    }
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  return lsr::run_core_program<lsr_studies::Options>("lsr-approximation",
                                                     argc,
                                                     argv,
                                                     lsr_studies::run);
}
