// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains branch and trunk of an operator network on an equation.

#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>

#include "applications/studies/physics-informed-operators/train-loss.h"
#include "applications/studies/study.h"
#include "applications/studies/training/soap.h"

namespace lsr_studies
{
  namespace
  {
    class TrainOperator : public Study
    {
    public:
      explicit TrainOperator(CLI::App &app)
        : Study(app, 1)
      {
        app.add_option("EQUATION", name, "Name of the equation")
          ->required()
          ->check(CLI::IsMember(training_equations()));
        app
          .add_option("FOLDER",
                      folder,
                      "Where branch.pt, trunk.pt and history.csv go")
          ->required();
        // These have defaults for each equation.
        const auto add =
          [&](const char *option, auto &value, const char *text) {
            app.add_option(option, value, text)->check(CLI::PositiveNumber);
          };
        add("--iterations",
            n_iterations,
            "Steps of the optimizer (default: the equation's)");
        add("--functions",
            n_functions,
            "Functions in a step, new ones in each");
        add("--points",
            n_points,
            "Interior points in a step, new ones in each");
        add("--learning-rate",
            learning_rate,
            "The largest; falls to zero by a cosine");
        positive_option(app,
                        "--report-every",
                        report_every,
                        "Steps between measurements of the test error");
        option(app, "--seed", seed, "Of networks, functions and points");
      }

    private:
      TrainingEquation
      make_equation() const
      {
        TrainingEquation equation = make_training_equation(name);
        const auto       replace  = [](auto &setting, const auto &option) {
          if (option > 0)
            setting = option;
        };
        replace(equation.n_iterations, n_iterations);
        replace(equation.n_functions, n_functions);
        replace(equation.n_points, n_points);
        replace(equation.learning_rate, learning_rate);
        equation.branch.seed = 2 * seed;
        equation.trunk.seed  = 2 * seed + 1;
        return equation;
      }

      void
      run() override
      {
        prepare_output_folder(folder);
        const TrainingEquation equation = make_equation();
        Network                branch   = equation.branch.build(),
                trunk                   = equation.trunk.build();
        const Column b = branch.parameters(), db = make_column(b.size()),
                     t = trunk.parameters(), dt = make_column(t.size());
        Soap branch_optimizer(equation.branch), trunk_optimizer(equation.trunk);
        const OperatorTest test(equation, 50, seed + 1000000);
        std::mt19937_64    generator(seed);
        Table              history("iteration,seconds,loss,test error", 4);
        std::cout << name << ": " << b.size() + t.size() << " parameters"
                  << std::endl;

        Timer  timer;
        double sum = 0.;
        for (unsigned int i = 1, first = 1; i <= equation.n_iterations; ++i)
          {
            {
              const Timer::Stage  stage(timer, "training");
              const FunctionBatch functions(
                draw_functions(equation, equation.n_functions, generator));
              const double value = operator_loss(equation,
                                                 b,
                                                 t,
                                                 functions,
                                                 draw_points(equation,
                                                             equation.n_points,
                                                             generator),
                                                 db,
                                                 dt);
              require(std::isfinite(value),
                      "iteration " + std::to_string(i) +
                        ": the loss is not finite; try a smaller learning "
                        "rate");
              const double rate = rate_of(double(i) / equation.n_iterations) *
                                  equation.learning_rate;
              branch_optimizer.step(b, db, rate);
              trunk_optimizer.step(t, dt, rate);
              sum += value;
            }
            if (i % report_every > 0 && i < equation.n_iterations)
              continue;
            branch.set_parameters(b);
            trunk.set_parameters(t);
            const double mean  = sum / (i + 1 - first),
                         error = test.mean_error(b, t);
            first              = i + 1;
            sum                = 0.;
            std::cout << "  iteration " << i << ", " << std::setprecision(4)
                      << timer.total() << " s: loss " << mean << ", test error "
                      << error << std::endl;
            history.add(i, timer.total(), mean, error);
            branch.save(folder + "/branch.pt");
            trunk.save(folder + "/trunk.pt");
            history.write(folder + "/history.csv");
          }
      }

      /// Rises in the first hundredth, then falls to zero by a cosine.
      static double
      rate_of(const double phase)
      {
        return std::min(1., phase / 0.01) * 0.5 * (1. + std::cos(M_PI * phase));
      }

      std::string   name, folder;
      unsigned int  n_iterations = 0, n_functions = 0, n_points = 0;
      double        learning_rate = 0.;
      unsigned int  report_every  = 1000;
      std::uint64_t seed          = 0;
    };
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  CLI::App app("Train an operator network, branch and trunk, on an equation: "
               "the residual, no data.",
               "lsr-train-operator");
  lsr_studies::TrainOperator training(app);
  return lsr_studies::run_study(app, argc, argv, {&training});
}
