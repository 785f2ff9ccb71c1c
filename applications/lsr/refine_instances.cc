// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine with a table of instances: refines a network of coordinates and
// parameters for many instances of a
// parametric problem, in one tangent space, and compares errors and times with
// solving each of them by finite elements.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/on_first_rank.h>
#include <lsr/fe/problem.h>
#include <lsr/refine/tangent_basis.h>
#include <lsr/refine/tangent_space.h>

#include <deal.II/base/timer.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "applications/lsr/command_line.h"
#include "applications/lsr/instances_report.h"
#include "applications/lsr/parameters.h"
#include "applications/lsr/parametric_table.h"
#include "applications/lsr/with_inputs.h"

namespace lsr
{
  template <int dim>
  class RefineParametricProgram
  {
  public:
    RefineParametricProgram(MPI_Comm           communicator,
                            const CommandLine &command_line,
                            const std::string &equation)
      : communicator(communicator)
      , command_line(command_line)
      , pcout(std::cout,
              dealii::Utilities::MPI::this_mpi_process(communicator) == 0)
      , problem(communicator, equation)
    {}

    void
    run()
    {
      if (!read_parameters(command_line))
        return;
      // Instances differ in functions that other equations do not have.
      problem.advection_diffusion_reaction();
      check_parameters();
      read_table();
      report.network_seconds = time([&]() { load(); });
      on_first_rank(communicator, [&]() {
        prepare_output_folder(output.folder);
        // Of an earlier run.
        std::filesystem::remove(output.folder + "/summary.json");
      });
      report.mesh_seconds  = time([&]() { discretize(); });
      report.space_seconds = time([&]() { make_space(); });
      for (std::size_t i = 0; i < table.instances.size(); ++i)
        {
          report.records.push_back(refine_instance(i));
          report.n_reduced_matrices = space->n_galerkin_matrices();
          print_progress(i);
          write("instances.csv",
                [&](std::ostream &out) { report.write_csv(out); });
        }
      write("summary.json", [&](std::ostream &out) { report.write_json(out); });
      if (pcout.is_active())
        report.print(std::cout);
      pcout << "Results in " << output.folder << ": instances.csv summary.json"
            << std::endl;
    }

  private:
    /// Wall time of @p action in seconds.
    template <typename Action>
    double
    time(const Action &action) const
    {
      dealii::Timer timer(communicator, true);
      action();
      timer.stop();
      return timer.wall_time();
    }

    /// Refuse what other programs know and this one does not.
    void
    check_parameters() const
    {
      const auto refuse = [](const bool asked_for, const std::string &what) {
        AssertThrow(!asked_for,
                    dealii::ExcMessage(what +
                                       " is set, expected the default: "
                                       "instances are refined without it."));
      };
      refuse(all_parameters.network.mesh_coordinates,
             "Network/Mesh coordinates");
      refuse(all_parameters.network.time_value().has_value(), "Network/Time");
      refuse(problem.n_adaptive_refinements() > 0, "Mesh/Adaptive refinements");
      refuse(parameters.residual_subspace, "Refinement/Residual subspace");
      refuse(all_parameters.iterations.get().max_iterations > 1,
             "Iterations/Number");
      AssertThrow(!use_galerkin() ||
                    (problem.discretization.strong_dirichlet() &&
                     !problem.discretization.petrov_galerkin_in_time()),
                  dealii::ExcMessage(
                    "Instances/Test functions = tangent space, expected all: "
                    "Dirichlet conditions are weighted rows, or test functions "
                    "are others than the elements."));
    }

    std::string
    path(const std::string &file) const
    {
      return relative_to_parameter_file(command_line, file);
    }

    void
    read_table()
    {
      const std::string file = path(section.file);
      table                  = read_parametric_table(file, section.inputs);
      AssertThrow(section.number <= table.instances.size(),
                  dealii::ExcMessage(
                    "Instances/Number is " + std::to_string(section.number) +
                    ", but " + file + " has only " +
                    std::to_string(table.instances.size()) + "."));
      reference =
        section.reference.empty() ? table.mean_inputs() : section.reference;
      AssertThrow(reference.size() == section.inputs.size(),
                  dealii::ExcMessage("Instances/Reference has " +
                                     std::to_string(reference.size()) +
                                     " numbers, expected one for each of the " +
                                     std::to_string(section.inputs.size()) +
                                     " inputs."));
      if (section.number > 0)
        {
          table.instances.resize(section.number);
          table.inputs.resize(section.number);
        }
      report.training_seconds = section.training_seconds;
    }

    void
    load()
    {
      const std::string file = path(all_parameters.network.file);
      pcout << "Loading the network " << file << std::endl;
      network             = std::make_unique<Network>(Network::load(
        file, dim + section.inputs.size(), 1, all_parameters.network.scaling));
      report.n_parameters = network->n_parameters();
      pcout << "  " << network->description() << std::endl;
    }

    void
    discretize()
    {
      pcout << "Making mesh and finite-element space" << std::endl;
      problem.advection_diffusion_reaction().set_functions(table.instances[0]);
      problem.setup();
      nodes         = nodal_sampling(problem.discretization.mapping(),
                             problem.discretization.dof_handler(),
                             1);
      report.n_dofs = problem.discretization.dof_handler().n_dofs();
      pcout << "  "
            << problem.discretization.triangulation().n_global_active_cells()
            << " cells, " << report.n_dofs << " degrees of freedom"
            << std::endl;
    }

    bool
    use_galerkin() const
    {
      return section.test_functions == "tangent space";
    }

    std::unique_ptr<FiniteElementResidual<dim>>
    make_residual() const
    {
      // Galerkin's method knows no other norm.
      return std::make_unique<FiniteElementResidual<dim>>(
        problem.assembler(),
        use_galerkin() ? ResidualNorm::l2 : residual_norm(parameters.norm),
        parameters.dirichlet_row_weight,
        parameters.sobolev_weight);
    }

    void
    make_space()
    {
      pcout << "Making the tangent space of " << parameters.basis.n_directions
            << ' ' << parameters.basis.type << " directions" << std::endl;
      const Sampling points = with_inputs(nodes, reference);

      basis = make_tangent_basis(*network,
                                 parameters.basis_of(0),
                                 points.points,
                                 communicator);

      const auto residual = make_residual();
      space               = std::make_unique<TangentSpace>(*basis,
                                             points,
                                             *residual,
                                             parameters.drop_tolerance);
      report.n_columns    = space->columns().extent(1);
      pcout << "  " << report.n_columns << " of them are independent"
            << std::endl;
    }

    ParametricRecord
    refine_instance(const std::size_t i)
    {
      ParametricRecord record;
      record.instance = table.instances[i];
      const double preparation =
        time([&]() { problem.set_functions(table.instances[i]); });

      std::unique_ptr<FiniteElementResidual<dim>> residual;
      Sampling                                    points;
      Refinement                                  refinement;
      const double                                refining = time([&]() {
        RefinementParameters options = parameters.get();
        options.tolerance = section.tolerance;
        options.galerkin  = use_galerkin();
        residual          = make_residual();
        points = with_inputs(nodes, table.inputs[i]);
        refinement = refine(*space, points, *residual, options);
      });
      record.seconds        = preparation + refining;
      record.rank           = refinement.rank;
      record.linearizations = refinement.n_linearizations;

      FEVector solution;
      if (section.finite_elements)
        record.fem_seconds = preparation + time([&]() {
                               solution = problem.solve(
                                 dealii::ConditionalOStream(std::cout, false));
                             });
      measure_errors(residual->field(points.evaluate(*network)),
                     residual->field(refinement.values),
                     solution,
                     record);
      return record;
    }

    void
    measure_errors(const FEVector   &network_field,
                   const FEVector   &refined_field,
                   const FEVector   &solution,
                   ParametricRecord &record) const
    {
      const auto &mapping     = problem.discretization.mapping();
      const auto &dof_handler = problem.discretization.dof_handler();
      const auto  distance    = [&](const FEVector &field) {
        return compute_difference(mapping, dof_handler, field, solution).L2;
      };
      if (section.finite_elements)
        {
          record.network_error    = distance(network_field);
          record.refined_error    = distance(refined_field);
          record.refined_distance = record.refined_error;
        }
      if (const auto exact = problem.equation.exact_solution())
        {
          const auto error = [&](const FEVector &field) {
            return compute_L2_error(mapping, dof_handler, field, *exact);
          };
          record.network_error = error(network_field);
          record.refined_error = error(refined_field);
          if (section.finite_elements)
            record.fem_error = error(solution);
        }
    }

    void
    print_progress(const std::size_t i) const
    {
      const ParametricRecord &r = report.records[i];
      pcout << "instance " << i + 1 << " of " << table.instances.size()
            << ": error " << r.network_error << " -> " << r.refined_error
            << ", " << r.linearizations << " linearizations, " << r.seconds
            << " s";
      if (section.finite_elements)
        pcout << ", finite elements " << r.fem_seconds << " s";
      pcout << std::endl;
    }

    template <typename Writer>
    void
    write(const std::string &name, const Writer &writer) const
    {
      on_first_rank(communicator, [&]() {
        write_atomically(output.folder + "/" + name, writer);
      });
    }

    const MPI_Comm             communicator;
    const CommandLine         &command_line;
    dealii::ConditionalOStream pcout;

    Problem<dim>              problem;
    ProgramParameters         all_parameters;
    ParametricSection         section;
    const SubspaceParameters &parameters = all_parameters.refinement;
    const OutputParameters   &output     = all_parameters.output;

    ParametricTable               table;
    std::vector<double>           reference;
    std::unique_ptr<Network>      network;
    Sampling                      nodes;
    std::unique_ptr<TangentBasis> basis;
    std::unique_ptr<TangentSpace> space;
    ParametricReport              report;
  };



  template <int dim>
  void
  refine_instances(const MPI_Comm     world,
                   const CommandLine &command_line,
                   const std::string &equation,
                   const std::integral_constant<int, dim>)
  {
    RefineParametricProgram<dim>(world, command_line, equation).run();
  }

#define LSR_INSTANTIATE(dim)                          \
  template void refine_instances(const MPI_Comm,      \
                                 const CommandLine &, \
                                 const std::string &, \
                                 const std::integral_constant<int, dim>);
  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)
#undef LSR_INSTANTIATE
} // namespace lsr
