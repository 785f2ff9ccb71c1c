// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains a fully connected network on the finite-element solution of a boundary
// value problem: a surrogate to be refined, made without Python.

#include <lsr/dense/host.h>
#include <lsr/fe/nodal_sampling.h>

#include "applications/lsr/initial_network.h"
#include "applications/lsr/training_program.h"

namespace lsr
{
  template <int dim>
  class TrainProgram : public TrainingProgram<dim>
  {
  public:
    using TrainingProgram<dim>::TrainingProgram;

  private:
    using TrainingProgram<dim>::pcout;
    using TrainingProgram<dim>::problem;
    using TrainingProgram<dim>::parameters;

    void
    train() override
    {
      pcout << "Solving the finite-element system" << std::endl;
      problem.setup();
      const FEVector solution = problem.solve(pcout);
      const Sampling sampling =
        nodal_sampling(problem.discretization.mapping(),
                       problem.discretization.dof_handler(),
                       problem.equation.n_components());
      Network      network = make_network(parameters.training,
                                     sampling.points,
                                     Communicator(),
                                     problem.equation.n_components());
      const Column targets =
        all_values(sampling, solution, network.n_outputs());
      this->train_on_values(network, sampling.points, targets);
    }

    /// Nodal values in the order of the values of a network: its outputs
    /// belong together, point by point.
    static Column
    all_values(const Sampling    &sampling,
               const FEVector    &nodal_values,
               const unsigned int n_outputs)
    {
      const HostColumn values("lsr::HostColumn",
                              sampling.points.extent(1) * n_outputs);
      for (std::size_t i = 0; i < nodal_values.locally_owned_size(); ++i)
        values(sampling.rows.empty() ? i : sampling.rows[i]) =
          nodal_values.local_element(i);
      return to_memory_space(values);
    }
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
