// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains a network on the strong form of a boundary value problem: what
// iterative refinement of the same network, for the same parameter file, is
// compared with.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/network/lbfgs.h>

#include <deal.II/base/timer.h>

#include <cmath>
#include <iomanip>
#include <limits>

#include "baselines/adam.h"
#include "baselines/collocation.h"
#include "refine/command_line.h"
#include "refine/initial_network.h"
#include "refine/parameters.h"

namespace lsr
{
  /// What the command line says beyond what all programs know.
  struct BaselineOptions
  {
    std::string  method;
    double       budget           = 0.;
    double       adam_share       = 0.5;
    double       pseudo_time_step = 0.3;
    unsigned int n_steps          = 300;

    static BaselineOptions &
    instance()
    {
      static BaselineOptions options;
      return options;
    }
  };



  template <int dim>
  class BaselineProgram
  {
  public:
    BaselineProgram(MPI_Comm communicator, const CommandLine &command_line)
      : command_line(command_line)
      , problem(communicator)
    {
      AssertThrow(dealii::Utilities::MPI::n_mpi_processes(communicator) == 1,
                  dealii::ExcMessage(
                    "training runs in one process, with threads"));
    }

    void
    run()
    {
      if (!read_parameters(command_line))
        return;
      setup();
      const double initial_loss = untrained_loss();
      prepare_output_folder(folder().string());
      clock.restart();
      record(initial_loss);
      train();
      record(last_loss);
      network->save((folder() / "network.pt").string());
      pcout << "Results in " << folder().string() << ": history.csv network.pt"
            << std::endl;
    }

  private:
    using Rows = typename Collocation<dim>::Rows;

    /// A line of history.csv.
    struct Record
    {
      double seconds, loss, error;
    };

    /// Subfolder of the output folder, so that methods do not overwrite the
    /// results of each other and of refinement.
    std::filesystem::path
    folder() const
    {
      return std::filesystem::path(parameters.output.folder) / options.method;
    }

    void
    setup()
    {
      pcout << "Making mesh and network" << std::endl;
      problem.setup();
      collocation = std::make_unique<Collocation<dim>>(
        problem, parameters.refinement.dirichlet_row_weight);
      network   = std::make_unique<Network>(make_network(parameters.training,
                                                       collocation->all_nodes(),
                                                       Communicator()));
      theta     = network->parameters();
      generator = std::mt19937_64(parameters.training.seed);
      if (!problem.equation.exact_solution())
        solution = problem.solve(pcout);
      pcout << "  " << collocation->all_nodes().extent(1) << " nodes, "
            << network->description() << std::endl;
    }

    double
    untrained_loss()
    {
      const double value = loss(theta, new_rows(), make_column(theta.size()));
      AssertThrow(std::isfinite(value),
                  dealii::ExcMessage(
                    "The loss of the untrained network is not finite."));
      return value;
    }

    void
    train()
    {
      pcout << "Training for " << options.budget << " s by " << options.method
            << std::endl;
      if (options.method == "pinn")
        adam(options.adam_share * options.budget);
      while (!out_of_time())
        lbfgs();
    }

    bool
    out_of_time() const
    {
      return clock.wall_time() >= options.budget;
    }

    /// The loss at parameters @p x, which the network keeps.
    double
    loss(const Column &x, const Rows &rows, const Column &gradient)
    {
      network->set_parameters(x);
      return collocation->loss(*network, rows, gradient);
    }

    /// Adam on mini-batches until @p end; the learning rate falls to a
    /// hundredth by a cosine.
    void
    adam(const double end)
    {
      const TrainingParameters &training = parameters.training.training;
      const Column              gradient = make_column(theta.size());
      Adam                      optimizer(theta.size());
      for (double now = 0.; now < end; now = clock.wall_time())
        {
          const double value =
            loss(theta,
                 {collocation->sample(training.batch_size, generator), {}, 0.},
                 gradient);
          AssertThrow(std::isfinite(value),
                      dealii::ExcMessage("Adam: the loss is not finite."));
          optimizer.step(theta,
                         gradient,
                         training.learning_rate *
                           (0.505 + 0.495 * std::cos(M_PI * now / end)));
          record_now_and_then(value);
        }
      network->set_parameters(theta);
    }

    /// The equation at a new sample of nodes.
    Rows
    new_rows()
    {
      Rows rows;
      rows.points =
        collocation->sample(parameters.iterations.get().alignment.n_points,
                            generator);
      if (options.method == "tsonn")
        {
          rows.kappa    = 1. / options.pseudo_time_step;
          rows.previous = make_column(rows.points.extent(1));
          network->evaluate(rows.points, rows.previous);
        }
      return rows;
    }

    /// Some steps of L-BFGS on the same nodes; one pseudo-time step of TSONN.
    void
    lbfgs()
    {
      const Rows      rows = new_rows();
      double          best = std::numeric_limits<double>::infinity();
      LBFGSParameters lbfgs_parameters;
      lbfgs_parameters.max_iterations = options.n_steps;
      lbfgs_parameters.out_of_time    = [&]() { return out_of_time(); };
      minimize_by_lbfgs(
        theta,
        [&](const Column &x, const Column &gradient) {
          const double value = loss(x, rows, gradient);
          if (value < best)
            {
              best = value;
              record_now_and_then(value);
            }
          return value;
        },
        lbfgs_parameters);
      network->set_parameters(theta);
      last_loss = best;
    }

    void
    record_now_and_then(const double value)
    {
      constexpr double interval = 3.;
      last_loss                 = value;
      if (clock.wall_time() >= records.back().seconds + interval)
        record(value);
    }

    /// Note where the network is. The clock does not run meanwhile.
    void
    record(const double value)
    {
      clock.stop();
      records.push_back({clock.wall_time(), value, error()});
      pcout << "  " << records.back().seconds << " s: loss " << value
            << ", error " << records.back().error << std::endl;
      write_atomically((folder() / "history.csv").string(),
                       [&](std::ostream &out) {
                         out << std::setprecision(10) << "seconds,loss,error\n";
                         for (const Record &record : records)
                           out << record.seconds << ',' << record.loss << ','
                               << record.error << '\n';
                       });
      clock.start();
    }

    /// The relative L2 error, measured as that of refinement is.
    double
    error() const
    {
      const auto  &discretization = problem.discretization;
      const Column q = make_column(collocation->all_nodes().extent(1));
      network->evaluate(collocation->all_nodes(), q);
      FEVector   u    = discretization.make_vector();
      const auto host = to_host(q);
      std::copy_n(host.data(), host.size(), u.begin());
      u = discretization.make_conforming(u, problem.assembler().constraints());
      if (const auto exact = problem.equation.exact_solution())
        return compute_L2_error(discretization.mapping(),
                                discretization.dof_handler(),
                                u,
                                *exact);
      return compute_difference(discretization.mapping(),
                                discretization.dof_handler(),
                                u,
                                solution)
        .L2;
    }

    const CommandLine               &command_line;
    const BaselineOptions           &options = BaselineOptions::instance();
    const dealii::ConditionalOStream pcout{std::cout, true};

    Problem<dim>      problem;
    ProgramParameters parameters;

    std::unique_ptr<Collocation<dim>> collocation;
    std::unique_ptr<Network>          network;
    FEVector                          solution;
    std::mt19937_64                   generator;

    Column              theta;
    double              last_loss = std::numeric_limits<double>::quiet_NaN();
    dealii::Timer       clock;
    std::vector<Record> records;
  };
} // namespace lsr

int
main(int argc, char **argv)
{
  return lsr::run_program<lsr::BaselineProgram>(
    argc,
    argv,
    "lsr-baseline",
    "Train a fully connected network on the strong form of a boundary value "
    "problem, at the nodes of its mesh.",
    [](CLI::App &app, lsr::CommandLine &) {
      auto &options = lsr::BaselineOptions::instance();
      app
        .add_option("--method",
                    options.method,
                    "pinn: Adam, then L-BFGS, on the residual. tsonn: "
                    "pseudo-time steps, each by L-BFGS")
        ->required()
        ->check(CLI::IsMember({"pinn", "tsonn"}));
      app.add_option("--budget", options.budget, "Seconds of training")
        ->required()
        ->check(CLI::PositiveNumber);
      app
        .add_option("--adam-share",
                    options.adam_share,
                    "pinn: share of the budget that Adam has")
        ->capture_default_str()
        ->check(CLI::Range(0., 1.));
      app
        .add_option("--pseudo-time-step",
                    options.pseudo_time_step,
                    "tsonn: the step")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
      app
        .add_option("--steps",
                    options.n_steps,
                    "Steps of L-BFGS until it gets other nodes, and tsonn its "
                    "next pseudo-time step")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    });
}
