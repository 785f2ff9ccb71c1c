// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_training_program_h
#define lsr_applications_training_program_h

#include <lsr/dense/blas.h>
#include <lsr/fe/problem.h>
#include <lsr/network/training.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/mpi.h>

#include <cmath>
#include <iostream>

#include "applications/lsr/command_line.h"
#include "applications/lsr/parameters.h"

namespace lsr
{
  /// A program that trains networks for a boundary value problem, in one
  /// process.
  template <int dim>
  class TrainingProgram
  {
  public:
    TrainingProgram(MPI_Comm communicator, const CommandLine &command_line)
      : command_line(command_line)
      , problem(communicator, command_line.equation)
    {
      AssertThrow(dealii::Utilities::MPI::n_mpi_processes(communicator) == 1,
                  dealii::ExcMessage(
                    "training runs in one process, with threads"));
    }

    virtual ~TrainingProgram() = default;

    /// Read the parameter file and do what the program is for.
    void
    run()
    {
      if (!read_parameters(command_line))
        return;
      AssertThrow(!parameters.network.mesh_coordinates,
                  dealii::ExcMessage(
                    "Network/Mesh coordinates is true, expected false: only "
                    "lsr-refine knows networks of mesh coordinates."));
      train();
    }

  protected:
    virtual void
    train() = 0;

    /// Train @p network on values at points as section Training says, with a
    /// line of progress now and then, and save it as Network/File.
    void
    train_on_values(Network      &network,
                    const Block  &points,
                    const Column &targets) const
    {
      const double mean_square = dot(targets, targets) / targets.size();

      const TrainingSection &section  = parameters.training;
      TrainingParameters     training = section.training;
      training.seed                   = section.seed;
      training.target = section.target * section.target * mean_square;

      pcout << "Training on " << points.extent(1)
            << " points: " << network.description() << std::endl;
      lsr::train(
        network,
        points,
        targets,
        training,
        [&](const char *stage, const unsigned int count, const double mse) {
          pcout << "  " << stage << ' ' << count << ": relative l2 error "
                << std::sqrt(mse / mean_square) << std::endl;
        });

      const std::string path =
        relative_to_parameter_file(command_line, parameters.network.file);
      network.save(path);
      pcout << "Written: " << path << std::endl;
    }

    const CommandLine               &command_line;
    const dealii::ConditionalOStream pcout{std::cout, true};
    Problem<dim>                     problem;
    ProgramParameters                parameters;
  };
} // namespace lsr

#endif
