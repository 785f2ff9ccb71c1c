// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Refines a network for an operator on many instances of a boundary value
// problem, each by its own residual, and measures errors against a
// finite-element solution on a finer mesh.

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/problem.h>
#include <lsr/fe/strong_residual.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/base/timer.h>
#include <deal.II/numerics/fe_field_function.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <memory>
#include <optional>
#include <random>

#include "applications/lsr/instances.h"
#include "applications/lsr/operator_surrogate.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/parameters.h"
#include "applications/studies/physics-informed-operators/instance_table.h"
#include "applications/studies/physics-informed-operators/subspace_study.h"
#include "applications/studies/random-fields/solutions.h"

namespace lsr_studies
{
  /// The section of a parameter file for what is of this study alone.
  class StudyParameters : public dealii::ParameterAcceptor
  {
  public:
    StudyParameters()
      : dealii::ParameterAcceptor("Study")
    {
      using namespace dealii::Patterns;
      add_parameter("Residual",
                    residual,
                    "weak: assembled by finite elements. strong: the equation "
                    "at random points, as in the paper.",
                    this->prm,
                    Selection("weak|strong"));
      add_parameter("Collocation points",
                    n_points,
                    "Points of the strong residual.",
                    this->prm,
                    Integer(1));
      add_parameter("Reference",
                    reference,
                    "What errors are measured against. fem: the finite-element "
                    "solution on a finer mesh. characteristics: the solution "
                    "of s_t + a(x) s_x = 0 on the unit square with a the input "
                    "function, from the values on boundaries 0 and 2.",
                    this->prm,
                    Selection("fem|characteristics"));
      add_parameter("Reference refinements",
                    reference_refinements,
                    "How often the mesh of the reference solution is refined "
                    "beyond the mesh of the residual.",
                    this->prm,
                    Integer(0));
      add_parameter("Modes",
                    modes,
                    "Numbers of modes of the first instance's subspace to be "
                    "written, separated by commas.");
      add_parameter("Iteration ranks",
                    iteration_ranks,
                    "Ranks for which the first instance's reduced strong "
                    "residual is also minimized by L-BFGS.");
      add_parameter("Iterations",
                    n_iterations,
                    "How many iterations L-BFGS is given.",
                    this->prm,
                    Integer(1));
    }

    std::string  residual              = "weak";
    std::string  reference             = "fem";
    unsigned int n_points              = 5000;
    unsigned int reference_refinements = 1;

    std::vector<unsigned int> modes, iteration_ranks;
    unsigned int              n_iterations = 2000;
  };



  template <int dim>
  class InstancesProgram
  {
  public:
    InstancesProgram(MPI_Comm           communicator,
                     const CommandLine &command_line,
                     const std::string &equation)
      : command_line(command_line)
      , problem(communicator, equation)
      , reference(communicator, equation)
    {
      require(dealii::Utilities::MPI::n_mpi_processes(communicator) == 1,
              "instances are refined in one process, with threads");
    }

    void
    run()
    {
      if (!read_parameters(command_line))
        return;
      // Instances differ in functions that other equations do not have.
      problem.advection_diffusion_reaction();
      prepare_output_folder(output.folder);
      load();
      discretize();
      study_subspace();
      for (std::size_t i = 0; i < instances.size(); ++i)
        {
          table.records.push_back(refine_instance(i));
          print_progress(i);
          table.write(output.folder + "/instances.csv");
          profile.write(output.folder + "/profile.csv");
        }
      table.print(std::cout);
      std::cout << "Results in " << output.folder << std::endl;
    }

  private:
    void
    load()
    {
      const InstancesParameters &parameters = instances_section;
      instances = read_instances(parameters).instances;
      surrogate =
        std::make_unique<OperatorSurrogate>(parameters.branch,
                                            parameters.trunk,
                                            parameters.n_sensors,
                                            dim,
                                            all_parameters.training.layout);
    }

    void
    discretize()
    {
      problem.advection_diffusion_reaction().set_functions(instances[0]);
      reference.advection_diffusion_reaction().set_functions(instances[0]);
      problem.setup();
      reference.setup(section.reference_refinements);
      nodes           = nodal_sampling(problem.discretization.mapping(),
                             problem.discretization.dof_handler(),
                             1);
      reference_nodes = nodal_sampling(reference.discretization.mapping(),
                                       reference.discretization.dof_handler(),
                                       1);
      std::cout << problem.name << ": " << instances.size() << " instances, "
                << nodes.points.extent(1) << " degrees of freedom, "
                << reference_nodes.points.extent(1) << " of the reference"
                << std::endl;
    }

    std::vector<double>
    sensors() const
    {
      const Expression<dim> input =
        problem.advection_diffusion_reaction().parse_function(
          instances_section.input_function, "Instances/Input function");
      std::vector<double> values;
      for (unsigned int s = 0; s < instances_section.n_sensors; ++s)
        {
          dealii::Point<dim> x;
          x[0] = s / (instances_section.n_sensors - 1.);
          values.push_back(input.value(x));
        }
      return values;
    }

    /// A refinement, and the network without jets that it corrects.
    struct Refined
    {
      Network    network;
      Refinement refinement;

      /// The refined field on the mesh of the residual, with its Dirichlet
      /// values; nothing if there was no mesh.
      std::optional<FEVector> field;
    };

    Refined
    refine_weakly(Network network)
    {
      FiniteElementResidual<dim> residual(problem.assembler(),
                                          residual_norm(parameters.norm),
                                          parameters.dirichlet_row_weight,
                                          parameters.sobolev_weight);
      const auto                 basis =
        make_tangent_basis(network, parameters.basis_of(0), nodes.points);
      Refinement refinement = refine(*basis, nodes, residual, parameters.get());
      FEVector   field      = residual.field(refinement.values);
      return {std::move(network), std::move(refinement), std::move(field)};
    }

    /// The strong residual of the present instance, and the network of jets
    /// that it belongs to.
    struct StrongProblem
    {
      std::unique_ptr<const StrongForm<dim>> form;
      StrongResidual<dim>                    residual;
      Network                                jets;
    };

    StrongProblem
    make_strong_problem(const Network &network) const
    {
      auto form = std::make_unique<const StrongForm<dim>>(
        problem.advection_diffusion_reaction(), problem.discretization);
      const CollocationPoints<dim> points(problem.discretization);
      std::mt19937_64              generator(parameters.basis.seed);
      StrongResidual<dim>          residual(*form,
                                   points.sample_mesh(section.n_points,
                                                      generator),
                                   points.boundary(),
                                   points.boundary_values(),
                                   parameters.dirichlet_row_weight,
                                   points.periodic());
      Network jets = surrogate->instance_layout().build_jets(form->diffusion());
      jets.set_parameters(network.parameters());
      return {std::move(form), std::move(residual), std::move(jets)};
    }

    Refined
    refine_strongly(Network network)
    {
      StrongProblem   strong   = make_strong_problem(network);
      const Sampling &sampling = strong.residual.sampling();
      const auto      basis    = make_tangent_basis(strong.jets,
                                            parameters.basis_of(0),
                                            sampling.points);
      Refinement      refinement =
        refine(*basis, sampling, strong.residual, parameters.get());
      // The paper's loss is a sum of means.
      for (double *norm : {&refinement.initial_norm, &refinement.refined_norm})
        *norm /= std::sqrt(double(strong.residual.n_rows()));
      return {std::move(network), std::move(refinement), std::nullopt};
    }

    /// The subspace of the first instance, and its change by iterative
    /// refinement.
    void
    study_subspace()
    {
      problem.set_functions(instances[0]);
      const Network network = surrogate->instance(sensors());
      if (!section.iteration_ranks.empty())
        {
          StrongProblem   strong   = make_strong_problem(network);
          const Sampling &sampling = strong.residual.sampling();
          const auto      basis =
            sorted_basis(strong.jets,
                         sampling.points,
                         *std::max_element(section.iteration_ranks.begin(),
                                           section.iteration_ranks.end()));
          const LinearRows reduced =
            linear_rows(*basis, sampling, strong.residual);
          std::vector<IterationCurve> curves;
          for (const unsigned int rank : section.iteration_ranks)
            {
              std::cout << "L-BFGS with rank " << rank << std::endl;
              curves.push_back(
                minimize_iteratively(reduced, rank, section.n_iterations));
            }
          write(curves, output.folder + "/iterations.csv");
        }
      if (!section.modes.empty())
        {
          require(dim == 2,
                  "Study/Modes: expected none for a problem in one dimension.");
          const auto basis =
            sorted_basis(network,
                         nodes.points,
                         *std::max_element(section.modes.begin(),
                                           section.modes.end()));
          write_atomically(output.folder + "/modes.csv",
                           [&](std::ostream &out) {
                             write_modes(out, *basis, section.modes, 101);
                           });
        }
    }

    /// Leading singular directions.
    static std::unique_ptr<TangentBasis>
    sorted_basis(const Network     &network,
                 const Block       &points,
                 const unsigned int rank)
    {
      TangentBasisParameters basis;
      basis.type         = "rsvd";
      basis.n_directions = rank;
      return make_tangent_basis(network, basis, points);
    }

    InstanceRecord
    refine_instance(const std::size_t i)
    {
      InstanceRecord record;
      dealii::Timer  timer;
      problem.set_functions(instances[i]);
      Network       network = surrogate->instance(sensors());
      const Refined refined = section.residual == "weak" ?
                                refine_weakly(std::move(network)) :
                                refine_strongly(std::move(network));
      record.seconds        = timer.wall_time();

      const Refinement &refinement = refined.refinement;
      record.network_loss          = std::pow(refinement.initial_norm, 2);
      record.refined_loss          = std::pow(refinement.refined_norm, 2);
      record.rank                  = refinement.rank;
      record.condition = refinement.profile.condition[refinement.rank];
      record.coefficient_norm =
        refinement.profile.coefficient_norm[refinement.rank];
      record.linearizations = refinement.n_linearizations;
      profile.add(refinement.profile);
      measure_errors(i, refined, record);
      return record;
    }

    /// Relative L2 distances to the reference solution.
    void
    measure_errors(const std::size_t i,
                   const Refined    &refined,
                   InstanceRecord   &record)
    {
      const dealii::ConditionalOStream silent(std::cout, false);
      dealii::Timer                    timer;
      const FEVector                   fem = problem.solve(silent);
      record.fem_seconds                   = timer.wall_time();

      reference.set_functions(instances[i]);
      const FEVector solution = section.reference == "fem" ?
                                  reference.solve(silent) :
                                  follow_characteristics();
      const auto     distance = [&](const FEVector &field) {
        return compute_difference(reference.discretization.mapping(),
                                  reference.discretization.dof_handler(),
                                  field,
                                  solution)
          .L2;
      };
      const Column &correction = refined.refinement.correction;
      record.network_error     = distance(evaluate(refined.network, {}));
      record.refined_network_error =
        distance(evaluate(refined.network, correction));
      record.refined_error = refined.field ?
                               distance(interpolate(*refined.field)) :
                               record.refined_network_error;
      record.fem_error     = distance(interpolate(fem));
    }

    /// The exact solution at the nodes of the reference solution.
    FEVector
    follow_characteristics() const
    {
      FEVector solution = reference.discretization.make_vector();
      if constexpr (dim == 2)
        {
          const Expression<dim> input =
            reference.advection_diffusion_reaction().parse_function(
              instances_section.input_function, "Instances/Input function");
          const Characteristics characteristics([&](const double x) {
            return input.value(dealii::Point<dim>(x, 0.));
          });
          const auto given = reference.equation.dirichlet_conditions();
          require(given.count(0) > 0 && given.count(2) > 0,
                  "Study/Reference is characteristics, which needs Dirichlet "
                  "conditions for boundary ids 0 and 2.");
          const dealii::ScalarFunctionFromFunctionObject<dim> exact(
            [&](const dealii::Point<dim> &p) {
              const auto [x, t] = characteristics.origin(p[0], p[1]);
              return given.at(t > 0. ? 0 : 2)->value(dealii::Point<dim>(x, t));
            });
          dealii::VectorTools::interpolate(
            reference.discretization.mapping(),
            reference.discretization.dof_handler(),
            exact,
            solution);
          solution.update_ghost_values();
        }
      else
        throw Error(
          "Study/Reference: found characteristics, expected fem for a problem "
          "that is not in two dimensions.");
      return solution;
    }

    /// A network at the nodes of the reference solution, whatever conditions
    /// there are at the boundary.
    FEVector
    evaluate(const Network &network, const Column &correction) const
    {
      const HostColumn values =
        to_host(reference_nodes.evaluate(network, correction));
      FEVector field = reference.discretization.make_vector();
      std::copy_n(values.data(), values.size(), field.begin());
      field.update_ghost_values();
      return field;
    }

    /// A field of the mesh of the residual on that of the reference.
    FEVector
    interpolate(const FEVector &field) const
    {
      const dealii::Functions::FEFieldFunction<dim, FEVector> function(
        problem.discretization.dof_handler(),
        field,
        problem.discretization.mapping());
      FEVector result = reference.discretization.make_vector();
      dealii::VectorTools::interpolate(reference.discretization.mapping(),
                                       reference.discretization.dof_handler(),
                                       function,
                                       result);
      result.update_ghost_values();
      return result;
    }

    void
    print_progress(const std::size_t i) const
    {
      const InstanceRecord &record = table.records[i];
      std::cout << "instance " << i << ": error " << record.network_error
                << " -> " << record.refined_error << ", finite elements "
                << record.fem_error << ", rank " << record.rank << ", "
                << record.seconds << " s" << std::endl;
    }

    const CommandLine         &command_line;
    Problem<dim>               problem, reference;
    ProgramParameters          all_parameters;
    StudyParameters            section;
    const InstancesParameters &instances_section = all_parameters.instances;
    const SubspaceParameters  &parameters        = all_parameters.refinement;
    const OutputParameters    &output            = all_parameters.output;

    std::vector<Instance>              instances;
    std::unique_ptr<OperatorSurrogate> surrogate;
    Sampling                           nodes, reference_nodes;
    InstanceTable                      table;
    MeanProfile                        profile;
  };
} // namespace lsr_studies

int
main(int argc, char **argv)
{
  return lsr::run_program<lsr_studies::InstancesProgram>(
    argc,
    argv,
    "lsr-refine-instances",
    "Refine a network for an operator on many instances of a boundary value "
    "problem.");
}
