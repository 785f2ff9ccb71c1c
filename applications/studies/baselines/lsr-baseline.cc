// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains or refines a network on the strong form of a boundary value problem:
// to compare with refinement of the same network by finite elements, for the
// same parameter file.

#include <lsr/fe/comparison.h>
#include <lsr/fe/problem.h>
#include <lsr/fe/strong_residual.h>
#include <lsr/refine/iterative_lsr.h>

#include <deal.II/base/timer.h>

#include <cmath>
#include <limits>
#include <optional>

#include "applications/lsr/initial_network.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/parameters.h"
#include "applications/studies/baselines/adam.h"
#include "applications/studies/baselines/collocation.h"
#include "applications/studies/study.h"
#include "network/lbfgs.h"

namespace lsr_studies
{
  /// The options that only this program has.
  struct BaselineOptions
  {
    std::string  method;
    std::string  points           = "nodes";
    std::size_t  n_points         = 5000;
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
    BaselineProgram(MPI_Comm           communicator,
                    const CommandLine &command_line,
                    const std::string &equation)
      : command_line(command_line)
      , problem(communicator, equation)
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
      AssertThrow(!parameters.network.mesh_coordinates,
                  dealii::ExcMessage(
                    "Network/Mesh coordinates is true, expected false: only "
                    "lsr refine knows networks of mesh coordinates."));
      train();
    }

  private:
    const CommandLine               &command_line;
    const dealii::ConditionalOStream pcout{std::cout, true};
    Problem<dim>                     problem;
    ProgramParameters                parameters;

    using Rows = typename Collocation<dim>::Rows;

    void
    train()
    {
      setup();
      if (options.method == "lsr")
        refine();
      else
        minimize_loss();
    }

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
      const auto &equation = problem.advection_diffusion_reaction();
      pcout << "Making mesh and network" << std::endl;
      problem.setup();
      form =
        std::make_unique<StrongForm<dim>>(equation, problem.discretization);
      points = std::make_unique<CollocationPoints<dim>>(problem.discretization);
      layout =
        make_layout(parameters.training, points->nodes(), Communicator());
      network   = layout.build();
      theta     = network->parameters();
      generator = std::mt19937_64(parameters.training.seed);
      if (!problem.equation.exact_solution())
        solution = problem.solve(pcout);
      pcout << "  " << points->nodes().extent(1) << " nodes, "
            << network->description() << std::endl;
    }

    // ------------------------------------------------------- refinement

    /// The residual at new points.
    StrongResidual<dim>
    sample_residual()
    {
      const std::size_t n = options.n_points;
      return StrongResidual<dim>(*form,
                                 options.points == "mesh" ?
                                   points->sample_mesh(n, generator) :
                                   points->sample_nodes(n, generator),
                                 points->boundary(),
                                 points->boundary_values(),
                                 parameters.refinement.dirichlet_row_weight);
    }

    /// Iterative refinement with the strong form as the residual.
    void
    refine()
    {
      const Network       jets      = layout.build_jets(form->diffusion());
      StrongResidual<dim> residual  = sample_residual();
      IterativeParameters iterative = parameters.iterations.get();
      iterative.max_seconds = std::min(iterative.max_seconds, options.budget);
      iterative.refinement  = parameters.refinement.get();
      iterative.refinement.progress = [&](const std::string &line) {
        pcout << line << std::endl;
      };
      iterative.alignment.progress  = iterative.refinement.progress;
      iterative.alignment.n_outputs = 1;

      IterativeLSR iteration(jets, residual.sampling(), residual, iterative);
      iteration.resample = [&](const unsigned int i) {
        if (i > 0)
          residual = sample_residual();
      };
      iteration.make_basis = [&](const unsigned int i) {
        return make_tangent_basis(jets,
                                  parameters.refinement.basis_of(i),
                                  residual.sampling().points);
      };
      iteration.after_iteration = [&](const IterationRecord &record) {
        note(record, iteration, jets, residual.n_rows());
      };
      pcout << "Refining for " << options.budget << " s at "
            << residual.n_rows() << " points" << std::endl;
      const std::string reason = iteration.run();
      pcout << "Stopped: " << reason << std::endl;

      network->set_parameters(jets.parameters());
      network->save((folder() / "refined.pt").string(),
                    iteration.refinement().correction);
      pcout << "Results in " << folder().string() << ": history.csv refined.pt"
            << std::endl;
    }

    /// Two lines of the history, for the network and for the refined
    /// prediction, unless that was rejected.
    void
    note(const IterationRecord &record,
         const IterativeLSR    &iteration,
         const Network         &jets,
         const double           n_rows)
    {
      pcout << "Iteration " << record.iteration << ": alignment "
            << record.n_alignment_steps << " steps, "
            << record.alignment_seconds << " s, refinement "
            << record.refinement_seconds << " s, rank " << record.rank << ", "
            << record.n_linearizations << " linearizations"
            << (record.accepted ? "" : ": rejected") << std::endl;
      if (!record.accepted)
        return;
      network->set_parameters(jets.parameters());
      const double seconds = iteration.history().seconds();
      add(seconds - record.refinement_seconds,
          std::pow(record.network_residual, 2) / n_rows,
          error(),
          "network");
      add(seconds,
          std::pow(record.refined_residual, 2) / n_rows,
          error(iteration.refinement().correction),
          "refined");
    }

    // --------------------------------------------------------- training

    void
    minimize_loss()
    {
      collocation = std::make_unique<Collocation<dim>>(
        *form,
        points->boundary(),
        points->boundary_values(),
        parameters.refinement.dirichlet_row_weight);
      const double initial_loss = untrained_loss();
      clock.restart();
      record(initial_loss);
      pcout << "Training for " << options.budget << " s by " << options.method
            << std::endl;
      if (options.method == "pinn")
        adam(options.adam_share * options.budget);
      while (!out_of_time())
        lbfgs();
      record(last_loss);
      network->save((folder() / "network.pt").string());
      pcout << "Results in " << folder().string() << ": history.csv network.pt"
            << std::endl;
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
                 {points->sample_nodes(training.batch_size, generator), {}, 0.},
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
        points->sample_nodes(parameters.iterations.get().alignment.n_points,
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
      if (clock.wall_time() >= last_seconds + interval)
        record(value);
    }

    /// Note where the network is. The clock does not run meanwhile.
    void
    record(const double value)
    {
      clock.stop();
      add(clock.wall_time(), value, error(), "network");
      clock.start();
    }

    // ---------------------------------------------------------- results

    /// A line of history.csv.
    void
    add(const double       seconds,
        const double       loss,
        const double       error,
        const std::string &state)
    {
      pcout << "  " << seconds << " s, " << state << ": loss " << loss
            << ", error " << error << std::endl;
      history.add(seconds, loss, error, state);
      history.write((folder() / "history.csv").string());
      last_seconds = seconds;
    }

    /// The relative L2 error of the network, or of the refined prediction,
    /// measured as that of refinement by finite elements is.
    double
    error(const Column &correction = {}) const
    {
      const auto  &discretization = problem.discretization;
      const Column q              = make_column(points->nodes().extent(1));
      network->evaluate(points->nodes(), q, correction);
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

    const BaselineOptions &options = BaselineOptions::instance();

    std::unique_ptr<StrongForm<dim>>        form;
    std::unique_ptr<CollocationPoints<dim>> points;
    std::unique_ptr<Collocation<dim>>       collocation;
    FullyConnected                          layout;
    std::optional<Network>                  network;
    FEVector                                solution;
    std::mt19937_64                         generator;

    Column        theta;
    double        last_loss = std::numeric_limits<double>::quiet_NaN();
    dealii::Timer clock;
    Table         history{"seconds,loss,error,state"};
    double        last_seconds = 0.;
  };
} // namespace lsr_studies

int
main(int argc, char **argv)
{
  using namespace lsr_studies;
  return run_program<BaselineProgram>(
    argc,
    argv,
    "lsr-baseline",
    "Train or refine a fully connected network on the strong form of a "
    "boundary value problem.",
    [](CLI::App &app) {
      auto &options = BaselineOptions::instance();
      app
        .add_option("--method",
                    options.method,
                    "pinn: Adam, then L-BFGS, on the residual. tsonn: "
                    "pseudo-time steps, each by L-BFGS. lsr: iterative "
                    "refinement, with sections LSR and Iterations of "
                    "the parameter file")
        ->required()
        ->check(CLI::IsMember({"pinn", "tsonn", "lsr"}));
      app
        .add_option("--budget",
                    options.budget,
                    "Seconds of training; after them no iteration of lsr "
                    "begins")
        ->required()
        ->check(CLI::PositiveNumber);
      option(app,
             "--points",
             options.points,
             "lsr: whether the equation is demanded at random nodes or at "
             "random points in the mesh")
        ->check(CLI::IsMember({"nodes", "mesh"}));
      positive_option(app,
                      "--number-of-points",
                      options.n_points,
                      "lsr: so many of these, others in every iteration");
      option(app,
             "--adam-share",
             options.adam_share,
             "pinn: share of the budget that Adam has")
        ->check(CLI::Range(0., 1.));
      positive_option(app,
                      "--pseudo-time-step",
                      options.pseudo_time_step,
                      "tsonn: the step");
      positive_option(app,
                      "--steps",
                      options.n_steps,
                      "Steps of L-BFGS until it gets other nodes, and tsonn "
                      "its next pseudo-time step");
    });
}
