// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr train problem.prm: trains a fully connected network on the finite-element
// solution of a boundary value problem, or on the solutions of some instances
// of a parametric problem: a surrogate to be refined, made without Python.

#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/network/training.h>

#include <deal.II/base/quadrature.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/lac/vector.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "applications/lsr/finite_elements.h"
#include "applications/lsr/initial_network.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/problem_case.h"

namespace lsr
{
  namespace
  {
    /// The values that a network shall have.
    struct TrainingData
    {
      Block  points;
      Column values;
    };



    /// All components of @p field at all nodes, also at those of others alone,
    /// in the order of the values of a network: its outputs belong together,
    /// point by point.
    template <int dim>
    HostColumn
    values_at_nodes(const Discretization<dim> &discretization,
                    const FEVector            &field,
                    const Sampling            &nodes)
    {
      const auto           &fe = discretization.finite_element();
      const unsigned int    n  = fe.n_components();
      dealii::FEValues<dim> fe_values(discretization.mapping(),
                                      fe,
                                      dealii::Quadrature<dim>(
                                        fe.get_unit_support_points()),
                                      dealii::update_values);
      std::vector<dealii::types::global_dof_index> dofs(fe.n_dofs_per_cell());
      std::vector<dealii::Vector<double>>          at_nodes(dofs.size(),
                                                   dealii::Vector<double>(n));
      const HostColumn values("lsr::HostColumn", nodes.points.extent(1) * n);
      for (const auto &cell :
           discretization.dof_handler().active_cell_iterators())
        {
          fe_values.reinit(cell);
          fe_values.get_function_values(field, at_nodes);
          cell->get_dof_indices(dofs);
          for (unsigned int i = 0; i < dofs.size(); ++i)
            {
              const std::size_t row =
                nodes.rows.empty() ? dofs[i] : nodes.rows[dofs[i]];
              for (unsigned int c = 0; c < n; ++c)
                values(row - row % n + c) = at_nodes[i](c);
            }
        }
      return values;
    }



    /// The finite-element solution at all nodes.
    template <int dim>
    TrainingData
    solve(ProblemCase<dim> &training)
    {
      Problem<dim> &problem = training.problem;
      training.pcout << "Solving the finite-element system" << std::endl;
      problem.setup();
      print_mesh(problem, training.pcout);
      const FEVector solution = problem.solve(training.pcout);
      const Sampling sampling = nodes(training);
      return {sampling.points,
              to_memory_space(
                values_at_nodes(problem.discretization, solution, sampling))};
    }



    /// The finite-element solutions of all instances of @p table, each at nodes
    /// picked at random, over coordinates and inputs.
    template <int dim>
    TrainingData
    solve(ProblemCase<dim> &training, const InstanceTable &table)
    {
      Problem<dim>              &problem   = training.problem;
      const InstancesParameters &instances = training.parameters.instances;
      problem.advection_diffusion_reaction().set_functions(table.instances[0]);
      problem.setup();
      print_mesh(problem, training.pcout);
      const Sampling      sampling = nodes(training);
      const HostBlock     points   = to_host(sampling.points);
      std::vector<double> coordinates, values;
      std::mt19937_64     generator{0};

      training.pcout << "Solving " << table.instances.size()
                     << " finite-element systems" << std::endl;
      for (std::size_t instance = 0; instance < table.instances.size();
           ++instance)
        {
          problem.set_functions(table.instances[instance]);
          const FEVector solution =
            problem.solve(dealii::ConditionalOStream(std::cout, false));

          // Degrees of freedom; some may share a point.
          std::vector<std::size_t> picked(solution.locally_owned_size());
          std::iota(picked.begin(), picked.end(), 0);
          std::shuffle(picked.begin(), picked.end(), generator);
          if (instances.n_training_points)
            picked.resize(std::min<std::size_t>(*instances.n_training_points,
                                                picked.size()));
          const std::vector<double> &inputs = table.inputs[instance];
          for (const std::size_t i : picked)
            {
              values.push_back(solution.local_element(i));
              const std::size_t point =
                sampling.rows.empty() ? i : sampling.rows[i];
              for (unsigned int d = 0; d < dim; ++d)
                coordinates.push_back(points(d, point));
              coordinates.insert(coordinates.end(),
                                 inputs.begin(),
                                 inputs.end());
            }
        }

      TrainingData data{make_block(dim + instances.inputs.size(),
                                   values.size()),
                        make_column(values.size())};
      Kokkos::deep_copy(data.points,
                        HostBlock(coordinates.data(),
                                  data.points.extent(0),
                                  values.size()));
      Kokkos::deep_copy(data.values, HostColumn(values.data(), values.size()));
      return data;
    }



    /// Train a network on @p data as section Training says, with a line of
    /// progress now and then, and save it as Network/File.
    template <int dim>
    void
    train_on(const TrainingData     &data,
             const ProblemCase<dim> &training,
             const std::string      &path)
    {
      const TrainingSection &section = training.parameters.training;
      const double           mean_square =
        dot(data.values, data.values) / double(data.values.size());
      TrainingParameters parameters = section.training;
      parameters.seed               = section.seed;
      parameters.target = section.target * section.target * mean_square;

      Network network = make_network(section,
                                     data.points,
                                     Communicator(),
                                     training.problem.equation.n_components());
      training.pcout << "Training on " << data.points.extent(1)
                     << " points: " << network.description() << std::endl;
      train(network,
            data.points,
            data.values,
            parameters,
            [&](const char *stage, const unsigned int count, const double mse) {
              training.pcout << "  " << stage << ' ' << count
                             << ": relative l2 error "
                             << std::sqrt(mse / mean_square) << std::endl;
            });
      network.save(path);
      training.pcout << "Written: " << path << std::endl;
    }



    template <int dim>
    void
    train_network(const MPI_Comm       world,
                  const KindOfProblem &kind,
                  const CommandLine   &command_line)
    {
      AssertThrow(dealii::Utilities::MPI::n_mpi_processes(world) == 1,
                  dealii::ExcMessage(
                    "training runs in one process, with threads"));
      ProblemCase<dim> training(world, kind.equation);
      if (!read_parameters(command_line))
        return;
      AssertThrow(!training.parameters.network.mesh_coordinates,
                  dealii::ExcMessage(
                    "Network/Mesh coordinates is true, expected false: only "
                    "lsr refine knows networks of mesh coordinates."));
      require(
        !training.parameters.network.time_value(),
        "Network/Time is a number, expected nothing: networks are trained "
        "without time beside the coordinates.");
      const InstancesParameters &instances = training.parameters.instances;
      require(!kind.has_training_instances || !instances.inputs.empty(),
              "Instances/Inputs is empty, expected names of columns of " +
                instances.training_file + ".");
      InstanceTable table;
      if (kind.has_training_instances)
        {
          table = read_instances(instances.training_file, instances.inputs);
          check_functions(table,
                          training.problem.advection_diffusion_reaction());
        }
      const TrainingData data = training.timer.run("fem", [&]() {
        return kind.has_training_instances ? solve(training, table) :
                                             solve(training);
      });
      training.timer.run("train", [&]() {
        train_on(data, training, training.parameters.network.required_file());
      });
    }
  } // namespace



  int
  train_on_solutions(const std::string &program, CommandLine &options)
  {
    return run_for_dimension(
      program,
      options,
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        train_network<decltype(dim)::value>(world, kind, options);
      });
  }
} // namespace lsr
