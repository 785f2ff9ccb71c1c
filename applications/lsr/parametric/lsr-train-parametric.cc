// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Trains a fully connected network of coordinates and parameters on
// finite-element solutions of some instances of a parametric problem.

#include <lsr/dense/host.h>
#include <lsr/fe/nodal_sampling.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "applications/lsr/initial_network.h"
#include "applications/lsr/parametric/parametric_table.h"
#include "applications/lsr/training_program.h"

namespace lsr
{
  template <int dim>
  class TrainParametricProgram : public TrainingProgram<dim>
  {
  public:
    using TrainingProgram<dim>::TrainingProgram;

  private:
    using TrainingProgram<dim>::command_line;
    using TrainingProgram<dim>::pcout;
    using TrainingProgram<dim>::problem;
    using TrainingProgram<dim>::parameters;

    void
    train() override
    {
      const ParametricTable table =
        read_parametric_table(relative_to_parameter_file(command_line,
                                                         section.training_file),
                              section.inputs);
      problem.advection_diffusion_reaction().set_functions(table.instances[0]);
      problem.setup();
      nodes = nodal_sampling(problem.discretization.mapping(),
                             problem.discretization.dof_handler(),
                             1);

      pcout << "Solving " << table.instances.size() << " finite-element systems"
            << std::endl;
      for (std::size_t i = 0; i < table.instances.size(); ++i)
        add_instance(table.instances[i], table.inputs[i]);

      // On the CPU, views of the vectors.
      const Column targets =
        to_memory_space(HostColumn(values.data(), values.size()));
      const Block points = to_memory_space(HostBlock(
        coordinates.data(), dim + section.inputs.size(), values.size()));
      Network     network =
        make_network(parameters.training, points, Communicator(), 1);
      this->train_on_values(network, points, targets);
    }

    /// Values of the solution of one instance at nodes picked at random.
    void
    add_instance(const Instance &instance, const std::vector<double> &mu)
    {
      problem.set_functions(instance);
      const HostBlock points = to_host(nodes.points);
      const FEVector  solution =
        problem.solve(dealii::ConditionalOStream(std::cout, false));

      // Degrees of freedom; some may share a point.
      std::vector<std::size_t> picked(solution.locally_owned_size());
      std::iota(picked.begin(), picked.end(), 0);
      std::shuffle(picked.begin(), picked.end(), generator);
      if (section.n_training_points > 0)
        picked.resize(
          std::min<std::size_t>(section.n_training_points, picked.size()));
      for (const std::size_t i : picked)
        {
          values.push_back(solution.local_element(i));
          const std::size_t point = nodes.rows.empty() ? i : nodes.rows[i];
          for (unsigned int d = 0; d < dim; ++d)
            coordinates.push_back(points(d, point));
          coordinates.insert(coordinates.end(), mu.begin(), mu.end());
        }
    }

    ParametricSection   section;
    Sampling            nodes;
    std::vector<double> coordinates, values;
    std::mt19937_64     generator{0};
  };
} // namespace lsr

int
main(int argc, char **argv)
{
  return lsr::run_program<lsr::TrainParametricProgram>(
    argc,
    argv,
    "lsr-train-parametric",
    "Train a fully connected network of coordinates and parameters on "
    "finite-element solutions of a parametric problem.");
}
