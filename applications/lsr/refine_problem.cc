// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine problem.prm: refines a trained network for a boundary value
// problem and compares it with the finite-element solution, as a parameter file
// says.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/on_first_rank.h>
#include <lsr/fe/pictures.h>
#include <lsr/fe/problem.h>
#include <lsr/fe/report.h>
#include <lsr/refine/iterative_lsr.h>
#include <lsr/refine/linear_case.h>
#include <lsr/refine/refined_network.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/base/timer.h>

#include <fstream>
#include <numeric>
#include <optional>
#include <sstream>

#include "applications/lsr/command_line.h"
#include "applications/lsr/initial_network.h"
#include "applications/lsr/iteration_errors.h"
#include "applications/lsr/parameters.h"
#include "applications/lsr/parametric_table.h"
#include "applications/lsr/refine_options.h"

namespace lsr
{
  template <int dim>
  class RefineProgram
  {
  public:
    RefineProgram(MPI_Comm             communicator,
                  const RefineOptions &command_line,
                  const std::string   &equation)
      : communicator(communicator)
      , command_line(command_line)
      , pcout(std::cout,
              dealii::Utilities::MPI::this_mpi_process(communicator) == 0)
      , problem(communicator, equation)
      , finer_problem(communicator, equation)
    {}

    void
    run()
    {
      if (!read_parameters(command_line))
        return;
      AssertThrow(output.further_refinements == 0 ||
                    problem.n_adaptive_refinements() == 0,
                  dealii::ExcMessage(
                    "Output/Further refinements and Mesh/Adaptive refinements "
                    "are both set, expected one of them."));
      if (!command_line.exported_file.empty())
        {
          export_case();
          return;
        }
      on_first_rank(communicator,
                    [&]() { prepare_output_folder(output.folder); });
      load();
      stage("mesh", "Making mesh and finite-element space", [&]() {
        sampling = make_mesh(problem);
      });
      print_mesh(problem);
      make_residual();

      std::optional<FEVector> solution;
      Refinement              refinement;
      if (iterations.get().max_iterations == 1 && !command_line.restart)
        refinement = refine_network();
      else
        {
          solution   = solve(problem);
          refinement = iterate(*solution);
        }

      if (output.further_refinements > 0)
        conclude_on_finer_mesh(refinement);
      else
        conclude(refinement,
                 problem,
                 sampling,
                 solution ? *solution : solve(problem));
    }

  private:
    /// Run @p action, note the time it takes and say so.
    template <typename Action>
    void
    stage(const std::string &name,
          const std::string &announcement,
          const Action      &action)
    {
      pcout << announcement << std::endl;
      dealii::Timer timer(communicator, true);
      action();
      timer.stop();
      seconds.emplace_back(name, timer.wall_time());
    }

    /// The network of the parameter file, unless it is still to be made.
    void
    load()
    {
      if (network_parameters.file.empty())
        {
          AssertThrow(iterations.get().max_iterations > 1,
                      dealii::ExcMessage(
                        "Network/File is empty, expected the name of a file: "
                        "only iterations (Iterations/Number above 1) can "
                        "begin with an untrained network."));
          return;
        }
      const std::string path =
        relative_to_parameter_file(command_line, network_parameters.file);
      stage("load", "Loading the network " + path, [&]() {
        const bool has_time = network_parameters.time_value().has_value();
        network             = std::make_shared<Network>(
          Network::load(path,
                        has_time ? dim + 1 : dim,
                        problem.equation.n_components(),
                        network_parameters.scaling));
      });
      pcout << "  " << network->description() << std::endl;
    }

    /// The values of the network, or of the refined network if there is a
    /// @p correction, at the nodes of @p where as a finite-element field.
    FEVector
    field(const Problem<dim> &where,
          const Sampling     &nodes,
          const Column       &correction = {}) const
    {
      return FiniteElementResidual<dim>(where.assembler(), ResidualNorm::l2)
        .field(nodes.evaluate(*network, correction));
    }

    /// The nodes of @p where in the coordinates that the network sees.
    Sampling
    nodes(const Problem<dim> &where) const
    {
      const auto &discretization = where.discretization;
      const auto  sample         = [&](const dealii::Mapping<dim> &mapping) {
        return nodal_sampling(mapping,
                              discretization.dof_handler(),
                              discretization.n_components(),
                              network_parameters.time_value());
      };
      return network_parameters.mesh_coordinates ?
               sample(*discretization.mesh_coordinates()) :
               sample(discretization.mapping());
    }

    /// Make the mesh of @p where and all that depends on it, and return its
    /// nodes.
    Sampling
    make_mesh(Problem<dim> &where, const unsigned int further_refinements = 0)
    {
      where.setup(further_refinements);
      if (!network)
        make_untrained_network();
      Sampling result = nodes(where);
      for (unsigned int i = 0; i < where.n_adaptive_refinements(); ++i)
        {
          where.adapt(field(where, result));
          result = nodes(where);
        }
      return result;
    }

    void
    print_mesh(const Problem<dim> &where)
    {
      const auto &discretization = where.discretization;
      pcout << "  " << discretization.triangulation().n_global_active_cells()
            << " cells, " << discretization.finite_element().get_name() << ", "
            << discretization.dof_handler().n_dofs() << " degrees of freedom"
            << std::endl;
    }

    void
    make_untrained_network()
    {
      AssertThrow(!network_parameters.time_value(),
                  dealii::ExcMessage(
                    "Network/Time is a number, expected nothing: an untrained "
                    "network (Network/File is empty) has coordinates as its "
                    "only inputs."));
      network = std::make_shared<Network>(
        make_network(all_parameters.training,
                     nodes(problem).points,
                     communicator,
                     problem.equation.n_components()));
    }

    std::unique_ptr<TangentBasis>
    make_basis(const unsigned int iteration)
    {
      const TangentBasisParameters basis = parameters.basis_of(iteration);
      if (parameters.residual_subspace)
        return residual_basis(basis);
      return make_tangent_basis(*network, basis, sampling.points, communicator);
    }

    /// Singular directions of the residual's Jacobian.
    std::unique_ptr<TangentBasis>
    residual_basis(const TangentBasisParameters &basis)
    {
      AssertThrow(basis.type == "rsvd" && !basis.n_sample_points,
                  dealii::ExcMessage(
                    "Refinement/Residual subspace with Subspace = " +
                    basis.type + " and Sample points = " +
                    std::to_string(basis.n_sample_points.value_or(0)) +
                    ", expected rsvd and 0, for it takes all points."));
      residual->linearize(sampling.evaluate(*network));
      return randomized_svd(
        *network, sampling, residual->communicator(), basis, residual.get());
    }

    void
    make_residual()
    {
      residual = std::make_unique<FiniteElementResidual<dim>>(
        problem.assembler(),
        residual_norm(parameters.norm),
        parameters.dirichlet_row_weight,
        parameters.sobolev_weight);
    }

    /// Write the problem into a file that is refined without deal.II.
    void
    export_case()
    {
      check_export();
      const std::string &file = command_line.exported_file;
      prepare_output_folder(
        std::filesystem::absolute(file).parent_path().string());
      load();
      stage("mesh", "Making mesh and finite-element space", [&]() {
        sampling = make_mesh(problem);
      });
      print_mesh(problem);
      make_residual();

      LinearCase result;
      result.name  = problem.name;
      result.model = read_file(
        relative_to_parameter_file(command_line, network_parameters.file));
      result.scaling    = network->scaling();
      result.n_outputs  = network->n_outputs();
      result.sampling   = sampling;
      result.basis      = parameters.basis_of(0);
      result.refinement = parameters.get();
      stage("export", "Assembling residual and Jacobian", [&]() {
        result.linearization =
          residual->linearization(sampling.evaluate(*network));
        result.save(file);
      });
      pcout << "Written: " << file << std::endl;
    }

    /// Throw if there is more to do than one refinement with one matrix.
    void
    check_export() const
    {
      const auto expect = [](const bool condition, const std::string &text) {
        AssertThrow(condition, dealii::ExcMessage("--export-case: " + text));
      };
      const unsigned int n_ranks =
        dealii::Utilities::MPI::n_mpi_processes(communicator);
      expect(n_ranks == 1,
             "found " + std::to_string(n_ranks) +
               " processes, expected one (a file for all rows).");
      expect(!command_line.restart,
             "found --restart, expected a single refinement.");
      expect(iterations.get().max_iterations == 1,
             "Iterations/Number is " +
               std::to_string(iterations.get().max_iterations) +
               ", expected 1: the residual is not there to be assembled for "
               "another network.");
      expect(!parameters.residual_subspace,
             "Refinement/Residual subspace is set, expected a subspace of the "
             "network alone.");
      expect(parameters.norm != "sobolev",
             "Refinement/Norm is sobolev, expected l2 or mass, or dual for a "
             "linear equation that is symmetric positive definite.");
    }

    static std::string
    read_file(const std::string &path)
    {
      std::ifstream      file(path, std::ios::binary);
      std::ostringstream bytes;
      bytes << file.rdbuf();
      AssertThrow(file.good(), dealii::ExcMessage(path + ": cannot be read."));
      return bytes.str();
    }

    RefinementParameters
    refinement_parameters()
    {
      RefinementParameters options = parameters.get();
      options.progress             = [&](const std::string &line) {
        pcout << line << std::endl;
      };
      return options;
    }

    Refinement
    refine_network()
    {
      std::unique_ptr<TangentBasis> basis;
      stage("subspace",
            "Building the " + parameters.basis.type + " subspace of " +
              std::to_string(parameters.basis.n_directions) + " directions",
            [&]() { basis = make_basis(0); });

      Refinement refinement;
      stage("refine", "Refining the network", [&]() {
        refinement =
          lsr::refine(*basis, sampling, *residual, refinement_parameters());
      });

      // The stages inside stand for themselves in the table of times.
      const double rest =
        std::max(0., seconds.back().second - refinement.timer.total());
      seconds.pop_back();
      for (const auto &stage : refinement.timer.stages())
        seconds.push_back(stage);
      seconds.emplace_back("refine", rest);
      return refinement;
    }

    /// The relative L2 error of nodal values, or, where no exact solution is
    /// known, the difference to the finite-element solution.
    double
    error(const Column &q, const FEVector &solution) const
    {
      const auto    &mapping     = problem.discretization.mapping();
      const auto    &dof_handler = problem.discretization.dof_handler();
      const FEVector field       = residual->field(q);
      if (const auto exact = problem.equation.exact_solution())
        return compute_L2_error(mapping, dof_handler, field, *exact);
      return compute_difference(mapping, dof_handler, field, solution).L2;
    }

    void
    print(const IterationRecord &record)
    {
      pcout << "Iteration " << record.iteration;
      if (record.iteration > 0)
        pcout << ": alignment " << record.n_alignment_steps << " steps, "
              << record.alignment_seconds << " s, objective times "
              << record.alignment_reduction;
      pcout << "\n  error: network " << record.network_error << ", refined "
            << record.refined_error << "\n  residual: network "
            << record.network_residual << ", refined "
            << record.refined_residual << " (rank " << record.rank << ", "
            << record.n_linearizations << " linearizations, "
            << record.refinement_seconds << " s)"
            << (record.accepted ? "" : ": rejected") << std::endl;
    }

    /// Refine, align, refine, ...
    Refinement
    iterate(const FEVector &solution)
    {
      IterativeParameters options = iterations.get();
      options.refinement          = refinement_parameters();
      options.alignment.progress  = options.refinement.progress;
      IterativeLSR iteration(network, sampling, *residual, options);
      iteration.make_basis = [&](const unsigned int i) {
        return make_basis(i);
      };
      const auto exact = problem.equation.exact_solution();
      if (output.pictures)
        errors.emplace(problem.discretization.mapping(),
                       problem.discretization.dof_handler(),
                       exact.get(),
                       solution);
      iteration.error = [&](const Column &q) {
        if (errors)
          errors->add(residual->field(q));
        return error(q, solution);
      };
      iteration.checkpoint      = in_output_folder("checkpoint.pt");
      iteration.after_iteration = [&](const IterationRecord &record) {
        print(record);
        write_table("history.csv", iteration.history());
        if (errors)
          {
            errors->finish(record.iteration);
            write_table("error_spectra.csv", errors->spectra);
          }
      };

      stage("iterate", "Iterating refinement and alignment", [&]() {
        if (command_line.restart)
          iteration.restart(iteration.checkpoint);
        const std::string reason = iteration.run();
        pcout << "Stopped: " << reason << std::endl;
      });
      history = iteration.history();
      written.push_back("history.csv");
      if (errors && !errors->spectra.records.empty())
        written.push_back("error_spectra.csv");
      written.push_back("checkpoint.pt");
      return iteration.refinement();
    }

    FEVector
    solve(const Problem<dim> &where)
    {
      FEVector solution;
      stage("fem", "Solving the finite-element system", [&]() {
        solution = where.solve(pcout);
      });
      return solution;
    }

    void
    conclude_on_finer_mesh(const Refinement &refinement)
    {
      Sampling finer_sampling;
      stage("finer mesh", "Making the finer mesh of the comparison", [&]() {
        finer_sampling = make_mesh(finer_problem, output.further_refinements);
      });
      print_mesh(finer_problem);
      conclude(refinement, finer_problem, finer_sampling, solve(finer_problem));
    }

    /// Compare on the mesh of @p where, whose finite-element solution is
    /// @p solution.
    void
    conclude(const Refinement   &refinement,
             const Problem<dim> &where,
             const Sampling     &nodes,
             const FEVector     &solution)
    {
      const FEVector network_values = field(where, nodes);
      const FEVector refined_values =
        field(where, nodes, refinement.correction);
      const auto                exact = problem.equation.exact_solution();
      const ComparedFields<dim> fields{where.discretization.mapping(),
                                       where.discretization.dof_handler(),
                                       network_values,
                                       refined_values,
                                       solution,
                                       exact.get()};

      Report report;
      stage("compare",
            "Comparing network, refined field and finite elements",
            [&]() { report.comparison = compare(fields); });
      report.problem = problem.name;
      report.n_dofs  = problem.discretization.dof_handler().n_dofs();
      report.n_dofs_of_comparison = where.discretization.dof_handler().n_dofs();
      report.n_parameters         = network->n_parameters();
      report.rank                 = refinement.rank;
      report.subspace             = parameters.basis.type;
      report.norm                 = parameters.norm;
      report.comparison.network.residual = refinement.initial_norm;
      report.comparison.refined.residual = refinement.refined_norm;
      if (&where == &problem)
        report.comparison.fem.residual = residual_norm_of(solution);
      report.profile = curves(refinement.profile);

      write_results(fields, refinement, report);
      print(report);
    }

    double
    residual_norm_of(const FEVector &solution)
    {
      const Column f = make_column(residual->n_rows());
      residual->evaluate(residual->values(solution), f);
      return residual->norm(f);
    }

    static RankCurves
    curves(const RankProfile &profile)
    {
      RankCurves curves;
      curves.rank.resize(profile.loss.size());
      std::iota(curves.rank.begin(), curves.rank.end(), 0);
      curves.loss             = profile.loss;
      curves.condition        = profile.condition;
      curves.coefficient_norm = profile.coefficient_norm;
      return curves;
    }

    std::string
    in_output_folder(const std::string &file) const
    {
      return (std::filesystem::path(output.folder) / file).string();
    }

    template <typename Table>
    void
    write_table(const std::string &file, const Table &table) const
    {
      on_first_rank(communicator, [&]() {
        write_atomically(in_output_folder(file),
                         [&](std::ostream &out) { table.write_csv(out); });
      });
    }

    void
    write_results(const ComparedFields<dim> &fields,
                  const Refinement          &refinement,
                  Report                    &report)
    {
      stage("output", "Writing results to " + output.folder, [&]() {
        if (output.vtu)
          {
            write_vtu(in_output_folder("solution.vtu"), fields);
            written.push_back("solution.vtu");
          }
        if (output.pictures)
          {
            const ComparisonRasters rasters = sample(fields);
            Pictures                pictures(output.folder, pcout);
            pictures.draw_fields(rasters.fields);
            pictures.draw_errors(rasters.errors);
            pictures.draw_loss_over_rank(report.profile, report.rank);
            pictures.draw_history(history);
            if (errors)
              {
                pictures.draw_error_fields(errors->fields);
                pictures.draw_error_spectra(errors->spectra);
              }
            written.insert(written.end(),
                           pictures.files().begin(),
                           pictures.files().end());
          }
        if (output.refined_network)
          {
            on_first_rank(communicator, [&]() {
              RefinedNetwork{network, refinement.correction}.save(
                in_output_folder("refined.pt"));
            });
            written.push_back("refined.pt");
          }
        write_table("comparison.csv", report.comparison);
        written.push_back("comparison.csv");
      });
      report.seconds = seconds;
      write_report(in_output_folder("report.json"), report, communicator);
      written.push_back("report.json");
    }

    void
    print(const Report &report)
    {
      if (!pcout.is_active())
        return;
      std::cout << "\n"
                << report.problem << ": " << report.n_dofs
                << " degrees of freedom, network of " << report.n_parameters
                << " parameters, " << report.subspace << " subspace, rank "
                << report.rank << ", " << report.norm << " norm\n";
      if (report.n_dofs_of_comparison != report.n_dofs)
        std::cout << "compared on a mesh of " << report.n_dofs_of_comparison
                  << " degrees of freedom\n";
      std::cout << '\n';
      report.comparison.print(std::cout);
      std::cout << '\n';
      print_times(std::cout, report.seconds);
      std::cout << "\nResults in " << output.folder << ":";
      for (const std::string &file : written)
        std::cout << ' ' << std::filesystem::path(file).filename().string();
      std::cout << std::endl;
    }

    const MPI_Comm             communicator;
    const RefineOptions       &command_line;
    dealii::ConditionalOStream pcout;

    Problem<dim>               problem;
    Problem<dim>               finer_problem;
    ProgramParameters          all_parameters;
    ParametricSection          instances;
    const NetworkParameters   &network_parameters = all_parameters.network;
    const SubspaceParameters  &parameters         = all_parameters.refinement;
    const IterationParameters &iterations         = all_parameters.iterations;
    const OutputParameters    &output             = all_parameters.output;

    std::shared_ptr<Network>                    network;
    Sampling                                    sampling;
    std::unique_ptr<FiniteElementResidual<dim>> residual;
    IterationHistory                            history;
    std::optional<IterationErrors<dim>>         errors;
    StageTimes                                  seconds;
    std::vector<std::string>                    written;
  };



  int
  refine_problem(const std::string &program, RefineOptions &options)
  {
    return run_for_dimension(
      program,
      options,
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        options.refuse_options_of_others();
        if (kind.has_instances)
          refine_instances(world, options, kind.equation, dim);
        else
          RefineProgram<decltype(dim)::value>(world, options, kind.equation)
            .run();
      });
  }
} // namespace lsr
