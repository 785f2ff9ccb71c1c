// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_training_program_h
#define lsr_applications_training_program_h

#include <lsr/fe/problem.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/mpi.h>

#include <iostream>

#include "refine/command_line.h"
#include "refine/parameters.h"

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

    const CommandLine               &command_line;
    const dealii::ConditionalOStream pcout{std::cout, true};
    Problem<dim>                     problem;
    ProgramParameters                parameters;
  };
} // namespace lsr

#endif
