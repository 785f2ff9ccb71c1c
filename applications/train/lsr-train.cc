// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains a fully connected network on the finite-element solution of a boundary
// value problem: a surrogate to be refined, made without Python.

#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/problem.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>

#include <cmath>

#include "refine/command_line.h"

namespace lsr
{
  /// The network to be made, and how it is trained.
  class TrainingSection : public dealii::ParameterAcceptor
  {
  public:
    TrainingSection()
      : dealii::ParameterAcceptor("Training")
    {
      using namespace dealii::Patterns;
      add_parameter("Hidden layers",
                    layout.widths,
                    "Widths of the hidden layers.");
      add_parameter("Activation",
                    layout.activation,
                    "Activation of the hidden layers.",
                    this->prm,
                    Selection("tanh|sin|relu|gelu|silu|softplus|sigmoid"));
      add_parameter("Standardize inputs",
                    standardize,
                    "Let the network see coordinates with mean zero and "
                    "standard deviation one.");
      add_parameter("Epochs",
                    training.epochs,
                    "Passes over the data with Adam.",
                    this->prm,
                    Integer(0));
      add_parameter("Batch size",
                    training.batch_size,
                    "Points in a mini-batch.",
                    this->prm,
                    Integer(1));
      add_parameter("Learning rate",
                    training.learning_rate,
                    "Learning rate of Adam at the start; it falls to a "
                    "hundredth.",
                    this->prm,
                    Double(0));
      add_parameter("L-BFGS iterations",
                    training.lbfgs_iterations,
                    "Iterations of L-BFGS after that.",
                    this->prm,
                    Integer(0));
      add_parameter("Target",
                    target,
                    "Stop at this relative l2 error over the data.",
                    this->prm,
                    Double(0));
      add_parameter("Seed", seed, "Seed of parameters and mini-batches.");
    }

    FullyConnected     layout;
    TrainingParameters training;
    bool               standardize = true;
    double             target      = 0;
    unsigned int       seed        = 0;
  };



  /// The file that a parameter file for lsr-refine names as its network.
  class NetworkFile : public dealii::ParameterAcceptor
  {
  public:
    NetworkFile()
      : dealii::ParameterAcceptor("Network")
    {
      add_parameter("File",
                    file,
                    "TorchScript file to be written, relative to the folder of "
                    "this file.");
    }

    std::string file = "network.pt";
  };



  template <int dim>
  class TrainProgram
  {
  public:
    TrainProgram(MPI_Comm communicator, const CommandLine &command_line)
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
      // The sections of lsr-refine that do not matter here may stand in the
      // same file.
      if (!read_parameters(command_line, /* skip_undeclared = */ true))
        return;

      const dealii::ConditionalOStream pcout(std::cout, true);
      pcout << "Solving the finite-element system" << std::endl;
      problem.setup();
      const FEVector solution = problem.solve(pcout);
      const Sampling sampling =
        nodal_sampling(problem.discretization.mapping(),
                       problem.discretization.dof_handler(),
                       1);
      const Column targets = make_column(solution.locally_owned_size());
      std::copy_n(solution.begin(), targets.size(), targets.data());

      Network network = make_network(sampling.points);
      pcout << "Training on " << targets.size()
            << " points: " << network.description() << std::endl;
      train_network(network, sampling.points, targets);
      const std::string path =
        relative_to_parameter_file(command_line, section.file());
      network.save(path);
      pcout << "Written: " << path << std::endl;
    }

  private:
    struct Sections
    {
      TrainingSection training;
      NetworkFile     network;

      const std::string &
      file() const
      {
        return network.file;
      }
    };

    Network
    make_network(const Block &points) const
    {
      FullyConnected layout = section.training.layout;
      layout.n_inputs       = dim;
      layout.seed           = section.training.seed;
      if (section.training.standardize)
        for (unsigned int d = 0; d < dim; ++d)
          {
            double sum = 0, squares = 0;
            for (std::size_t i = 0; i < points.extent(1); ++i)
              {
                sum += points(d, i);
                squares += points(d, i) * points(d, i);
              }
            const double mean = sum / points.extent(1);
            layout.input_shift.push_back(mean);
            layout.input_scale.push_back(
              1. / std::sqrt(squares / points.extent(1) - mean * mean));
          }
      return layout.build();
    }

    void
    train_network(Network      &network,
                  const Block  &points,
                  const Column &targets) const
    {
      double mean_square = 0;
      for (std::size_t i = 0; i < targets.size(); ++i)
        mean_square += targets(i) * targets(i) / targets.size();

      TrainingParameters training = section.training.training;
      training.seed               = section.training.seed;
      training.target =
        section.training.target * section.training.target * mean_square;
      train(network,
            points,
            targets,
            training,
            [&](const char *stage, const unsigned int count, const double mse) {
              std::cout << "  " << stage << ' ' << count
                        << ": relative l2 error "
                        << std::sqrt(mse / mean_square) << std::endl;
            });
    }

    const CommandLine &command_line;
    Problem<dim>       problem;
    Sections           section;
  };
} // namespace lsr

int
main(int argc, char **argv)
{
  return lsr::run_program<lsr::TrainProgram>(
    argc,
    argv,
    "lsr-train",
    "Train a fully connected network on the finite-element solution of a "
    "boundary value problem.");
}
