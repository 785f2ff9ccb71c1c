// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/problem_case.h"

#include <lsr/base/exceptions.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/grid_sampling.h>
#include <lsr/fe/nodal_sampling.h>

#include <filesystem>
#include <iostream>

#include "applications/lsr/draw_pictures.h"
#include "applications/lsr/initial_network.h"

namespace lsr
{
  template <int dim>
  ProblemCase<dim>::ProblemCase(const MPI_Comm     world,
                                const std::string &equation)
    : communicator(world)
    , pcout(std::cout, dealii::Utilities::MPI::this_mpi_process(world) == 0)
    , problem(world, equation)
  {}



  template <int dim>
  void
  load_network(ProblemCase<dim> &run)
  {
    const NetworkParameters &parameters = run.parameters.network;
    if (parameters.file.empty())
      return;
    const unsigned int n_inputs = parameters.time_value() ? dim + 1 : dim;
    run.network =
      run.stage("load", "Loading the network " + parameters.file, [&]() {
        return parameters.load(n_inputs, run.problem.equation.n_components());
      });
    run.pcout << "  " << run.network->description() << std::endl;
  }



  template <int dim>
  Block
  grid_input(const ProblemCase<dim> &run, const std::size_t instance)
  {
    const GridParameters          &parameters = run.parameters.network.grid;
    const std::vector<std::string> texts      = parameters.expressions();
    if (texts.empty())
      return parameters.read_sample(instance);
    const std::string where = "Network/Grid/Inputs";
    const auto       *equation =
      dynamic_cast<const AdvectionDiffusionReaction<dim> *>(
        &run.problem.equation);
    std::vector<Expression<dim>> fields;
    for (const std::string &text : texts)
      fields.push_back(equation != nullptr ?
                         equation->parse_function(text, where) :
                         Expression<dim>(text, where));
    const ExpressionFunction<dim> channels(fields);
    return parameters.has_points() ? sample_at(parameters.points(dim),
                                               channels,
                                               parameters.channels_last()) :
                                     parameters.grid<dim>().sample(channels);
  }



  template <int dim>
  Sampling
  nodes(const ProblemCase<dim> &run)
  {
    const auto              &discretization = run.problem.discretization;
    const NetworkParameters &parameters     = run.parameters.network;
    if (!parameters.grid.empty())
      {
        require(!parameters.mesh_coordinates && !parameters.time_value(),
                "Network/Mesh coordinates or Network/Time is set, expected "
                "the default for a network on a grid.");
        const GridParameters &grid = parameters.grid;
        if (grid.has_points())
          return point_sampling(discretization.mapping(),
                                discretization.dof_handler(),
                                grid.points(dim),
                                grid_input(run),
                                grid.channels_last());
        return grid_sampling(discretization.mapping(),
                             discretization.dof_handler(),
                             grid.template grid<dim>(),
                             grid_input(run),
                             grid.interpolation());
      }
    const auto sample = [&](const dealii::Mapping<dim> &mapping) {
      return nodal_sampling(mapping,
                            discretization.dof_handler(),
                            discretization.n_components(),
                            parameters.time_value());
    };
    return parameters.mesh_coordinates ?
             sample(*discretization.mesh_coordinates()) :
             sample(discretization.mapping());
  }



  namespace
  {
    template <int dim>
    Network
    untrained_network(const ProblemCase<dim> &run)
    {
      require(!run.parameters.network.time_value(),
              "Network/Time is a number, expected nothing: an untrained "
              "network (Network/File is empty) has coordinates as its only "
              "inputs.");
      return make_network(run.parameters.training,
                          run.nodes.points,
                          run.communicator,
                          run.problem.equation.n_components());
    }
  } // namespace



  template <int dim>
  void
  make_mesh(ProblemCase<dim> &run, const unsigned int further_refinements)
  {
    Problem<dim> &problem = run.problem;
    problem.setup(further_refinements);
    run.nodes = nodes(run);
    if (!run.network)
      run.network = untrained_network(run);
    for (unsigned int i = 0; i < problem.n_adaptive_refinements(); ++i)
      {
        problem.adapt(network_field(run));
        run.nodes = nodes(run);
      }
  }



  namespace
  {
    /// The boundary ids of a mesh file for which no condition is given. The
    /// id of faces that it says nothing about is 0.
    template <int dim>
    std::string
    natural_boundaries(const Problem<dim> &problem)
    {
      const auto &discretization = problem.discretization;
      const auto  conditions     = problem.equation.dirichlet_conditions();
      std::string names;
      if (!discretization.has_mesh_file() ||
          conditions.count(dealii::numbers::invalid_boundary_id) > 0)
        return names;
      for (const auto id : discretization.boundary_ids())
        if (conditions.count(id) == 0 &&
            !problem.equation.has_boundary_term(id))
          names += (names.empty() ? "" : ", ") +
                   discretization.boundary_name(id) +
                   (id == 0 ? " (faces that the file gives no id)" : "");
      return names;
    }
  } // namespace



  template <int dim>
  void
  print_mesh(const Problem<dim>               &problem,
             const dealii::ConditionalOStream &pcout)
  {
    const auto &discretization = problem.discretization;
    pcout << "  " << discretization.triangulation().n_global_active_cells()
          << " cells, " << discretization.finite_element().get_name() << ", "
          << discretization.dof_handler().n_dofs() << " degrees of freedom"
          << std::endl;
    for (const std::string &note : discretization.notes())
      pcout << "  " << note << std::endl;
    if (const std::string names = natural_boundaries(problem); !names.empty())
      pcout << "  Natural boundary conditions (no flux), for no condition is "
               "given: boundary ids "
            << names << std::endl;
  }



  template <int dim>
  FEVector
  network_field(const ProblemCase<dim> &run, const Column &correction)
  {
    return FiniteElementResidual<dim>(run.problem.assembler(), ResidualNorm::l2)
      .field(run.nodes.evaluate(*run.network, correction));
  }



  template <int dim>
  void
  draw(ProblemCase<dim> &run)
  {
    if (!run.parameters.output.pictures || !run.pcout.is_active())
      return;
    std::cout << "Drawing pictures" << std::endl;
    const Pictures pictures = draw_pictures(run.parameters.output.folder);
    run.written.insert(run.written.end(),
                       pictures.files.begin(),
                       pictures.files.end());
    if (!pictures.failure.empty())
      std::cout << pictures.failure << std::endl;
  }



  template <int dim>
  void
  print_files(const ProblemCase<dim> &run)
  {
    run.pcout << "Results in " << run.parameters.output.folder << ":";
    for (const std::string &file : run.written)
      run.pcout << ' ' << std::filesystem::path(file).filename().string();
    run.pcout << std::endl;
  }



#define LSR_INSTANTIATE(dim)                                                 \
  template struct ProblemCase<dim>;                                          \
  template void     load_network(ProblemCase<dim> &);                        \
  template Block    grid_input(const ProblemCase<dim> &, const std::size_t); \
  template Sampling nodes(const ProblemCase<dim> &);                         \
  template void     make_mesh(ProblemCase<dim> &, const unsigned int);       \
  template void     print_mesh(const Problem<dim> &,                         \
                               const dealii::ConditionalOStream &);          \
  template FEVector network_field(const ProblemCase<dim> &, const Column &); \
  template void     draw(ProblemCase<dim> &);                                \
  template void     print_files(const ProblemCase<dim> &);

  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)

#undef LSR_INSTANTIATE
} // namespace lsr
