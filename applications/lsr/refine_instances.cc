// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine with a table of instances: refines networks for many instances of
// a problem, and compares errors and times with solving each of them by finite
// elements. The networks are one network of coordinates and parameters, refined
// in one tangent space or by one correction, or those that an operator makes of
// functions.


#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/timer.h>

#include <filesystem>
#include <memory>

#include "applications/lsr/instances_case.h"
#include "applications/lsr/parameter_file.h"
#include "source/network/operator_network.h"

namespace lsr
{
  template <int dim>
  std::unique_ptr<FiniteElementResidual<dim>>
  make_residual(const InstancesCase<dim> &run)
  {
    const SubspaceParameters &parameters = run.parameters.refinement;
    // Galerkin's method knows no other norm.
    return std::make_unique<FiniteElementResidual<dim>>(
      run.problem.assembler(),
      run.use_galerkin() ? ResidualNorm::l2 : residual_norm(parameters.norm),
      parameters.dirichlet_row_weight,
      parameters.sobolev_weight);
  }



  namespace
  {
    /// The values of the input function of the present instance at the sensors.
    template <int dim>
    std::vector<double>
    sensors(const InstancesCase<dim> &run)
    {
      const InstancesParameters &instances = run.parameters.instances;
      const Expression<dim>      input =
        run.problem.advection_diffusion_reaction().parse_function(
          instances.input_function, "Instances/Input function");
      std::vector<double> values;
      for (unsigned int s = 0; s < instances.n_sensors; ++s)
        {
          dealii::Point<dim> x;
          x[0] = s / (instances.n_sensors - 1.);
          values.push_back(input.value(x));
        }
      return values;
    }
  } // namespace



  template <int dim>
  Sampling
  instance_points(const InstancesCase<dim> &run,
                  const InstanceTable      &table,
                  const std::size_t         i)
  {
    if (!run.parameters.network.grid.empty())
      {
        Sampling points = run.nodes;
        points.points   = grid_input(run, i);
        return points;
      }
    return with_inputs(run.nodes,
                       !run.surrogate &&
                           run.parameters.instances.has_sensors() ?
                         sensors(run) :
                         table.inputs[i]);
  }



  namespace
  {
    /// Wall time of @p action in seconds.
    template <typename Action>
    double
    time(const MPI_Comm communicator, const Action &action)
    {
      dealii::Timer timer(communicator, true);
      action();
      timer.stop();
      return timer.wall_time();
    }



    /// Refuse parameters that are for a single problem.
    template <int dim>
    void
    check_parameters(const InstancesCase<dim> &run)
    {
      const auto refuse = [](const bool asked_for, const std::string &name) {
        require(!asked_for,
                name + " is set, expected the default: instances are refined "
                       "without it.");
      };
      const ProgramParameters &parameters = run.parameters;
      refuse(parameters.network.mesh_coordinates, "Network/Mesh coordinates");
      refuse(parameters.network.time_value().has_value(), "Network/Time");
      refuse(run.problem.n_adaptive_refinements() > 0,
             "Mesh/Adaptive refinements");
      refuse(parameters.refinement.residual_subspace, "LSR/Residual subspace");
      refuse(parameters.iterations.get().max_iterations > 1,
             "Iterations/Number");
      refuse(parameters.output.further_refinements > 0,
             "Output/Further refinements");
      require(!run.use_galerkin() ||
                (run.problem.discretization.strong_dirichlet() &&
                 !run.problem.discretization.petrov_galerkin_in_time()),
              "Instances/Test functions = tangent space, expected all: "
              "Dirichlet conditions are weighted rows, or test functions are "
              "others than the elements.");
      const std::size_t n_inputs  = parameters.instances.inputs.size(),
                        reference = parameters.instances.reference.size();
      require(reference == 0 || reference == n_inputs,
              "Instances/Reference has " + std::to_string(reference) +
                " numbers, expected one for each of the " +
                std::to_string(n_inputs) + " inputs.");
    }



    template <int dim>
    void
    load_network(InstancesCase<dim> &run)
    {
      const InstancesParameters &instances = run.parameters.instances;
      const NetworkParameters   &network   = run.parameters.network;
      if (instances.has_operator())
        run.pcout << "Loading the networks " << instances.branch << " and "
                  << instances.trunk << std::endl;
      else
        run.pcout << "Loading the network " << network.file << std::endl;
      if (instances.has_operator() && !run.is_family())
        {
          run.surrogate =
            std::make_unique<OperatorSurrogate>(instances.branch,
                                                instances.trunk,
                                                instances.n_sensors,
                                                dim,
                                                run.parameters.training.layout);
          return;
        }
      if (instances.has_operator())
        run.space.network =
          operator_network(Network::load(instances.branch, instances.n_sensors),
                           Network::load(instances.trunk, dim));
      else
        {
          run.space.network = network.load(dim + instances.n_inputs(), 1);
          run.report.network_checksum = run.space.network->checksum();
        }
      run.report.n_parameters = run.space.network->n_parameters();
      run.pcout << "  " << run.space.network->description() << std::endl;
    }



    template <int dim>
    void
    make_mesh(InstancesCase<dim> &run)
    {
      Problem<dim> &problem = run.problem;
      run.pcout << "Making mesh and finite-element space" << std::endl;
      problem.advection_diffusion_reaction().set_functions(
        run.table.instances[0]);
      problem.setup();
      run.nodes         = nodes(run);
      run.report.n_dofs = problem.discretization.dof_handler().n_dofs();
      print_mesh(problem, run.pcout);
    }



    /// The space of the network of @p run at @p points.
    template <int dim>
    void
    make_space(InstancesCase<dim> &run, const Sampling &points)
    {
      const SubspaceParameters &parameters = run.parameters.refinement;
      Space                    &space      = run.space;
      const auto                residual   = make_residual(run);
      space.basis                          = make_tangent_basis(*space.network,
                                       parameters.basis_of(0),
                                       points.points,
                                       run.communicator);
      space.tangents                       = std::make_unique<TangentSpace>(
        *space.basis, points, *residual, parameters.drop_tolerance);
      run.report.n_columns = space.tangents->columns().extent(1);
    }



    template <int dim>
    void
    measure_errors(const InstancesCase<dim> &run,
                   const FEVector           &network_field,
                   const FEVector           &refined_field,
                   const FEVector           &solution,
                   InstanceRecord           &record)
    {
      const bool  has_solution = run.parameters.instances.finite_elements;
      const auto &mapping      = run.problem.discretization.mapping();
      const auto &dof_handler  = run.problem.discretization.dof_handler();
      const auto  distance     = [&](const FEVector &field) {
        return compute_difference(mapping, dof_handler, field, solution).L2;
      };
      if (has_solution)
        {
          record.network_error    = distance(network_field);
          record.refined_error    = distance(refined_field);
          record.refined_distance = record.refined_error;
        }
      if (const auto exact = run.problem.equation.exact_solution())
        {
          const auto error = [&](const FEVector &field) {
            return compute_L2_error(mapping, dof_handler, field, *exact);
          };
          record.network_error = error(network_field);
          record.refined_error = error(refined_field);
          if (has_solution)
            record.fem_error = error(solution);
        }
    }



    /// Solve the present instance; what was done to prepare it is added to the
    /// time.
    template <int dim>
    FEVector
    solve_instance(const InstancesCase<dim> &run,
                   const double              preparation,
                   InstanceRecord           &record)
    {
      FEVector solution;
      if (run.parameters.instances.finite_elements)
        record.fem_seconds = preparation + time(run.communicator, [&]() {
                               solution = run.problem.solve(
                                 dealii::ConditionalOStream(std::cout, false));
                             });
      return solution;
    }



    /// An instance that the correction of a family is for: all there is to do
    /// is to evaluate the refined network.
    template <int dim>
    InstanceRecord
    evaluate_instance(InstancesCase<dim> &run, const std::size_t i)
    {
      InstanceRecord record;
      const double   preparation = time(run.communicator, [&]() {
        run.problem.set_functions(run.table.instances[i]);
      });
      const Sampling points      = instance_points(run, run.table, i);
      Column         values;
      record.seconds          = time(run.communicator, [&]() {
        values = points.evaluate(*run.space.network);
      });
      const FEVector solution = solve_instance(run, preparation, record);
      const auto     residual = make_residual(run);
      measure_errors(run,
                     residual->field(points.evaluate(*run.loaded_network)),
                     residual->field(values),
                     solution,
                     record);
      return record;
    }



    template <int dim>
    InstanceRecord
    refine_instance(InstancesCase<dim> &run, const std::size_t i)
    {
      Problem<dim>              &problem   = run.problem;
      const InstancesParameters &instances = run.parameters.instances;
      InstanceRecord             record;
      const double               preparation = time(run.communicator, [&]() {
        problem.set_functions(run.table.instances[i]);
      });

      std::unique_ptr<FiniteElementResidual<dim>> residual;
      Sampling                                    points;
      Refinement                                  refinement;
      const double refining = time(run.communicator, [&]() {
        residual = make_residual(run);
        if (run.surrogate)
          {
            run.space               = {};
            run.space.network       = run.surrogate->instance(sensors(run));
            run.report.n_parameters = run.space.network->n_parameters();
          }
        points = instance_points(run, run.table, i);
        if (run.has_spaces_of_its_own())
          make_space(run, points);
        RefinementParameters options = run.parameters.refinement.get();
        options.tolerance            = instances.tolerance;
        options.galerkin             = run.use_galerkin();
        refinement = refine(*run.space.tangents, points, *residual, options);
      });
      record.seconds        = preparation + refining;
      record.rank           = refinement.rank;
      record.linearizations = refinement.n_linearizations;
      run.report.n_reduced_matrices =
        (run.has_spaces_of_its_own() ? run.report.n_reduced_matrices : 0) +
        run.space.tangents->n_galerkin_matrices();

      const FEVector solution = solve_instance(run, preparation, record);
      measure_errors(run,
                     residual->field(points.evaluate(*run.space.network)),
                     residual->field(refinement.values),
                     solution,
                     record);
      return record;
    }



    template <int dim>
    void
    print_progress(const InstancesCase<dim> &run)
    {
      const auto           &records = run.report.records;
      const InstanceRecord &r       = records.back();
      run.pcout << "instance " << records.size() << " of "
                << run.table.instances.size() << ": error " << r.network_error
                << " -> " << r.refined_error << ", ";
      if (!run.is_family())
        run.pcout << r.linearizations << " linearizations, ";
      run.pcout << r.seconds << " s";
      if (run.parameters.instances.finite_elements)
        run.pcout << ", finite elements " << r.fem_seconds << " s";
      run.pcout << std::endl;
    }
  } // namespace



  template <int dim>
  void
  refine_instances(const MPI_Comm       world,
                   const CommandLine   &command_line,
                   const KindOfProblem &kind,
                   const std::integral_constant<int, dim>)
  {
    // The processes share the mesh, or the instances of a family.
    InstancesCase<dim> run(kind.has_family ? MPI_COMM_SELF : world,
                           kind.equation);
    run.pcout.set_condition(dealii::Utilities::MPI::this_mpi_process(world) ==
                            0);
    if (!read_parameters(command_line))
      return;
    const InstancesParameters &instances = run.parameters.instances;
    const std::string         &folder    = run.parameters.output.folder;
    InstancesReport           &report    = run.report;
    // Instances differ in functions that other equations do not have.
    run.problem.advection_diffusion_reaction();
    check_parameters(run);
    run.table = read_instances(instances, !run.parameters.network.grid.empty());
    const InstanceTable family =
      run.is_family() ? read_family(run) : InstanceTable();
    check_functions(run.table, run.problem.advection_diffusion_reaction());
    report.names            = instances.inputs;
    report.training_seconds = instances.training_seconds;
    report.network_seconds  = time(world, [&]() { load_network(run); });
    // An array of other sizes, or for fewer instances, is refused now.
    if (!run.parameters.network.grid.empty())
      grid_input(run, run.table.instances.size() - 1);
    std::vector<std::string> files = {"instances.csv", "summary.json"};
    if (run.is_family())
      files.insert(files.end(), {"aligned.pt", "refined.pt"});
    on_first_rank(world, [&]() {
      prepare_output_folder(folder,
                            files,
                            {run.parameters.network.file,
                             instances.file,
                             instances.family.file,
                             command_line.file});
      // Of an earlier run.
      std::filesystem::remove(folder + "/summary.json");
    });
    report.mesh_seconds = time(world, [&]() { make_mesh(run); });
    if (run.is_family())
      report.space_seconds =
        time(world, [&]() { refine_family(run, family, world); });
    else if (!run.has_spaces_of_its_own())
      {
        const SubspaceParameters &parameters = run.parameters.refinement;
        run.pcout << "Making the tangent space of "
                  << parameters.basis.n_directions << ' '
                  << parameters.basis.type << " directions" << std::endl;
        report.space_seconds = time(world, [&]() {
          make_space(run,
                     with_inputs(run.nodes,
                                 instances.reference.empty() ?
                                   run.table.mean_inputs :
                                   instances.reference));
        });
        run.pcout << "  " << report.n_columns << " of them are independent"
                  << std::endl;
      }

    const auto write = [&](const std::string &name, const auto &writer) {
      on_first_rank(world,
                    [&]() { write_atomically(folder + "/" + name, writer); });
    };
    for (std::size_t i = 0; i < run.table.instances.size(); ++i)
      {
        report.records.push_back(run.is_family() ? evaluate_instance(run, i) :
                                                   refine_instance(run, i));
        report.records.back().inputs = run.table.inputs[i];
        print_progress(run);
        write("instances.csv",
              [&](std::ostream &out) { write_csv(out, report); });
      }
    write("summary.json",
          [&](std::ostream &out) { out << summary(report).dump(2) << '\n'; });
    if (run.pcout.is_active())
      print(std::cout, report);
    run.written.insert(run.written.end(), {"instances.csv", "summary.json"});
    draw(run);
    print_files(run);
  }

#define LSR_INSTANTIATE(dim)                                          \
  template std::unique_ptr<FiniteElementResidual<dim>> make_residual( \
    const InstancesCase<dim> &);                                      \
  template Sampling instance_points(const InstancesCase<dim> &,       \
                                    const InstanceTable &,            \
                                    const std::size_t);               \
  template void     refine_instances(const MPI_Comm,                  \
                                     const CommandLine &,             \
                                     const KindOfProblem &,           \
                                     const std::integral_constant<int, dim>);
  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)
#undef LSR_INSTANTIATE
} // namespace lsr
