// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains branch and trunk of an operator network on an equation.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>

#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>

#include "applications/studies/core_program.h"
#include "applications/studies/physics-informed-operators/train-loss.h"
#include "applications/studies/training/soap.h"

namespace lsr_studies
{
  namespace
  {
    struct Options
    {
      std::string   equation, folder;
      unsigned int  n_iterations = 0, n_functions = 0, n_points = 0;
      double        learning_rate = 0.;
      unsigned int  report_every  = 1000;
      std::uint64_t seed          = 0;
      unsigned int  n_threads     = 1;

      /// Returns false if help was asked for.
      bool
      parse(int argc, char **argv);

      /// Put what the command line says in the place of the equation's own
      /// settings.
      void
      apply(TrainingEquation &equation) const
      {
        const auto replace = [](auto &setting, const auto &option) {
          if (option > 0)
            setting = option;
        };
        replace(equation.n_iterations, n_iterations);
        replace(equation.n_functions, n_functions);
        replace(equation.n_points, n_points);
        replace(equation.learning_rate, learning_rate);
        equation.branch.seed = 2 * seed;
        equation.trunk.seed  = 2 * seed + 1;
      }
    };



    class Training
    {
    public:
      explicit Training(const Options &options)
        : options(options)
        , equation(make_training_equation(options.equation))
        , generator(options.seed)
      {
        options.apply(equation);
      }

      void
      run()
      {
        prepare_output_folder(options.folder);
        Network branch = equation.branch.build(),
                trunk  = equation.trunk.build();
        const Column b = branch.parameters(), db = make_column(b.size()),
                     t = trunk.parameters(), dt = make_column(t.size());
        Soap branch_optimizer(equation.branch), trunk_optimizer(equation.trunk);
        OperatorLoss       loss(equation);
        const OperatorTest test(equation, 50, options.seed + 1000000);
        std::cout << options.equation << ": " << b.size() + t.size()
                  << " parameters" << std::endl;

        const auto start = std::chrono::steady_clock::now();
        double     mean  = 0.;
        for (unsigned int i = 1; i <= equation.n_iterations; ++i)
          {
            const FunctionBatch functions(
              draw_functions(equation, equation.n_functions, generator));
            const double value =
              loss(b,
                   t,
                   functions,
                   draw_points(equation, equation.n_points, generator),
                   db,
                   dt);
            require(std::isfinite(value),
                    "iteration " + std::to_string(i) +
                      ": the loss is not finite; try a smaller learning rate");
            branch_optimizer.step(b, db, rate(i));
            trunk_optimizer.step(t, dt, rate(i));
            mean += value / options.report_every;
            if (i % options.report_every == 0 || i == equation.n_iterations)
              {
                const std::chrono::duration<double> seconds =
                  std::chrono::steady_clock::now() - start;
                branch.set_parameters(b);
                trunk.set_parameters(t);
                report(i,
                       seconds.count(),
                       mean,
                       test.mean_error(branch, trunk));
                save(branch, trunk);
                mean = 0.;
              }
          }
      }

    private:
      /// Rises in the first hundredth, then falls to zero by a cosine.
      double
      rate(const unsigned int iteration) const
      {
        const double phase = double(iteration) / equation.n_iterations;
        return equation.learning_rate * std::min(1., phase / 0.01) * 0.5 *
               (1. + std::cos(M_PI * phase));
      }

      void
      report(const unsigned int iteration,
             const double       seconds,
             const double       loss,
             const double       error)
      {
        std::ostringstream line;
        line << iteration << ',' << std::setprecision(4) << seconds << ','
             << loss << ',' << error << '\n';
        history += line.str();
        std::cout << "  iteration " << iteration << ", " << std::setprecision(4)
                  << seconds << " s: loss " << loss << ", test error " << error
                  << std::endl;
      }

      void
      save(const Network &branch, const Network &trunk) const
      {
        branch.save(options.folder + "/branch.pt");
        trunk.save(options.folder + "/trunk.pt");
        write_atomically(options.folder + "/history.csv",
                         [&](std::ostream &out) {
                           out << "iteration,seconds,loss,test error\n"
                               << history;
                         });
      }

      const Options    options;
      TrainingEquation equation;
      std::mt19937_64  generator;
      std::string      history;
    };



    bool
    Options::parse(const int argc, char **argv)
    {
      CLI::App app("Train an operator network, branch and trunk, on an "
                   "equation: the residual, no data.",
                   "lsr-train-operator");
      app.add_option("EQUATION", equation, "Name of the equation")
        ->required()
        ->check(CLI::IsMember(training_equations()));
      app
        .add_option("FOLDER",
                    folder,
                    "Where branch.pt, trunk.pt and history.csv go")
        ->required();
      app
        .add_option("--iterations",
                    n_iterations,
                    "Steps of the optimizer (default: the equation's)")
        ->check(CLI::PositiveNumber);
      app
        .add_option("--functions",
                    n_functions,
                    "Functions in a step, new ones in each")
        ->check(CLI::PositiveNumber);
      app
        .add_option("--points",
                    n_points,
                    "Interior points in a step, new ones in each")
        ->check(CLI::PositiveNumber);
      app
        .add_option("--learning-rate",
                    learning_rate,
                    "The largest; falls to zero by a cosine")
        ->check(CLI::PositiveNumber);
      app
        .add_option("--report-every",
                    report_every,
                    "Steps between measurements of the test error")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
      app.add_option("--seed", seed, "Of networks, functions and points")
        ->capture_default_str();
      app.add_option("--threads", n_threads, "Threads")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
      return parse_command_line(app, argc, argv);
    }



    void
    run(const Options &options)
    {
      Network::set_n_threads(options.n_threads);
      Training(options).run();
    }
  } // namespace
} // namespace lsr_studies

int
main(int argc, char **argv)
{
  return lsr::run_core_program<lsr_studies::Options>("lsr-train-operator",
                                                     argc,
                                                     argv,
                                                     lsr_studies::run);
}
