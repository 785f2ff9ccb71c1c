// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine problem.prm: refines a trained network for a boundary value
// problem and compares it with the finite-element solution, or exports the
// problem.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/refine/iterative_lsr.h>
#include <lsr/refine/linear_case.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "applications/lsr/export_mesh.h"
#include "applications/lsr/finite_elements.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/problem_case.h"
#include "applications/lsr/report.h"

namespace lsr
{
  namespace
  {
    /// A problem and its residual.
    template <int dim>
    struct RefineCase : ProblemCase<dim>
    {
      using ProblemCase<dim>::ProblemCase;

      std::unique_ptr<FiniteElementResidual<dim>> residual;
    };



    /// Load the network, and make mesh and residual.
    template <int dim>
    void
    set_up(RefineCase<dim> &run)
    {
      load_network(run);
      require(run.network ||
                run.parameters.iterations.get().max_iterations > 1 ||
                !run.parameters.training.layout.features.empty(),
              "Network/File is empty, expected the name of a file: only "
              "iterations (Iterations/Number above 1), or a refinement of a "
              "network with Training/Features, can begin with an untrained "
              "network.");
      const std::size_t n = run.parameters.refinement.basis_of(0).n_directions;
      if (run.network)
        require(n <= run.network->n_parameters(),
                "LSR/Directions: " + std::to_string(n) +
                  " directions for a network of " +
                  std::to_string(run.network->n_parameters()) +
                  " parameters, expected at most as many.");
      run.stage("mesh", "Making mesh and finite-element space", [&]() {
        make_mesh(run);
      });
      print_mesh(run.problem, run.pcout);
      run.residual = std::make_unique<FiniteElementResidual<dim>>(
        run.problem.assembler(),
        residual_norm(run.parameters.refinement.norm),
        run.parameters.refinement.dirichlet_row_weight,
        run.parameters.refinement.sobolev_weight);
    }



    /// The subspace of an iteration.
    template <int dim>
    std::unique_ptr<TangentBasis>
    make_basis(RefineCase<dim> &run, const unsigned int iteration)
    {
      const SubspaceParameters    &parameters = run.parameters.refinement;
      const TangentBasisParameters basis      = parameters.basis_of(iteration);
      if (!parameters.residual_subspace)
        return make_tangent_basis(*run.network,
                                  basis,
                                  run.nodes.points,
                                  run.communicator);

      // Singular directions of the residual's Jacobian.
      require(basis.type == "rsvd" && !basis.n_sample_points,
              "LSR/Residual subspace with Subspace = " + basis.type +
                " and Sample points = " +
                std::to_string(basis.n_sample_points.value_or(0)) +
                ", expected rsvd and 0, for it takes all points.");
      run.residual->linearize(run.nodes.evaluate(*run.network));
      return randomized_svd(*run.network,
                            run.nodes,
                            run.residual->communicator(),
                            basis,
                            run.residual.get());
    }



    template <int dim>
    RefinementParameters
    refinement_parameters(RefineCase<dim> &run)
    {
      RefinementParameters options = run.parameters.refinement.get();
      options.progress             = [&](const std::string &line) {
        run.pcout << line << std::endl;
      };
      return options;
    }



    template <int dim>
    std::string
    in_output_folder(const RefineCase<dim> &run, const std::string &file)
    {
      return (std::filesystem::path(run.parameters.output.folder) / file)
        .string();
    }



    template <int dim, typename Table>
    void
    write_table(const RefineCase<dim> &run,
                const std::string     &file,
                const Table           &table)
    {
      on_first_rank(run.communicator, [&]() {
        write_atomically(in_output_folder(run, file),
                         [&](std::ostream &out) { table.write_csv(out); });
      });
    }



    template <int dim>
    FEVector
    solve(RefineCase<dim> &run)
    {
      return run.stage("fem", "Solving the finite-element system", [&]() {
        return run.problem.solve(run.pcout);
      });
    }



    /// Refine the network, which stays as it is.
    template <int dim>
    Refinement
    refine_once(RefineCase<dim> &run)
    {
      const TangentBasisParameters &parameters =
        run.parameters.refinement.basis;
      const auto basis =
        run.stage("subspace",
                  "Building the " + parameters.type + " subspace of " +
                    std::to_string(parameters.n_directions) + " directions",
                  [&]() { return make_basis(run, 0); });

      run.pcout << "Refining the network" << std::endl;
      Timer            whole;
      const Refinement refinement = whole.run("refine", [&]() {
        return refine(*basis,
                      run.nodes,
                      *run.residual,
                      refinement_parameters(run));
      });
      // The stages inside stand for themselves in the table of times.
      run.timer.add(refinement.timer);
      run.timer.add("refine",
                    std::max(0., whole.total() - refinement.timer.total()));
      return refinement;
    }



    void
    print(const IterationRecord            &record,
          const dealii::ConditionalOStream &pcout)
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



    /// The file of fields of an iteration.
    std::string
    iteration_file(const IterationRecord &record)
    {
      return "iteration_" + std::to_string(record.iteration) + ".vtu";
    }



    template <int dim>
    ComparedFields<dim>
    compared(const Problem<dim>          &problem,
             const FEVector              &network_values,
             const FEVector              &refined_values,
             const FEVector              &solution,
             const dealii::Function<dim> *exact)
    {
      return {problem.discretization.mapping(),
              problem.discretization.dof_handler(),
              network_values,
              refined_values,
              solution,
              exact};
    }



    /// Refine, align, refine, ...; errors are relative L2 errors, or, where no
    /// exact solution is known, distances to the finite-element @p solution.
    template <int dim>
    Refinement
    iterate(RefineCase<dim> &run, const FEVector &solution, const bool restart)
    {
      IterativeParameters options = run.parameters.iterations.get();
      options.refinement          = refinement_parameters(run);
      options.alignment.progress  = options.refinement.progress;
      IterativeLSR iteration(*run.network, run.nodes, *run.residual, options);
      iteration.make_basis = [&](const unsigned int i) {
        return make_basis(run, i);
      };
      const auto exact = run.problem.equation.exact_solution();
      // Of the network, and then refined.
      std::vector<FEVector> latest;
      iteration.error = [&](const Column &q) {
        latest.push_back(run.residual->field(q));
        const auto &mapping     = run.problem.discretization.mapping();
        const auto &dof_handler = run.problem.discretization.dof_handler();
        return exact ?
                 compute_L2_error(mapping, dof_handler, latest.back(), *exact) :
                 compute_difference(mapping,
                                    dof_handler,
                                    latest.back(),
                                    solution)
                   .L2;
      };
      iteration.checkpoint      = in_output_folder(run, "checkpoint.pt");
      iteration.after_iteration = [&](const IterationRecord &record) {
        print(record, run.pcout);
        write_table(run, "history.csv", iteration.history());
        if (run.parameters.output.pictures)
          write_vtu(
            in_output_folder(run, iteration_file(record)),
            compared(run.problem, latest[0], latest[1], solution, exact.get()));
        latest.clear();
      };

      run.stage("iterate", "Iterating refinement and alignment", [&]() {
        if (restart)
          iteration.restart(*iteration.checkpoint);
        const std::string reason = iteration.run();
        run.pcout << "Stopped: " << reason << std::endl;
        on_first_rank(run.communicator, [&]() {
          run.network->save(in_output_folder(run, "aligned.pt"));
        });
      });
      run.written.push_back("history.csv");
      if (run.parameters.output.pictures)
        for (const IterationRecord &record : iteration.history().records)
          run.written.push_back(iteration_file(record));
      run.written.insert(run.written.end(), {"checkpoint.pt", "aligned.pt"});
      return iteration.refinement();
    }



    template <int dim>
    void
    write_results(RefineCase<dim>           &run,
                  const ComparedFields<dim> &fields,
                  const Refinement          &refinement,
                  const Report              &report)
    {
      const OutputParameters &output = run.parameters.output;
      if (output.vtu || output.pictures)
        {
          write_vtu(in_output_folder(run, "solution.vtu"), fields);
          run.written.push_back("solution.vtu");
        }
      if (output.refined_network)
        {
          on_first_rank(run.communicator, [&]() {
            run.network->save(in_output_folder(run, "refined.pt"),
                              refinement.correction);
          });
          run.written.push_back("refined.pt");
        }
      write_table(run, "comparison.csv", report.comparison);
      run.written.push_back("comparison.csv");
    }



    /// Less in the norm that was minimized is not always closer in L2.
    void
    warn_if_further(const Report &report)
    {
      const double network = report.comparison.network.difference_to_fem.L2,
                   refined = report.comparison.refined.difference_to_fem.L2;
      if (!(refined > std::max(network, 1e-12))) // not by rounding
        return;
      std::cout << "\nwarning: the refined field is further from the "
                   "finite-element solution ("
                << refined << ") than the network (" << network
                << "), though the " << report.norm
                << " norm of its residual is smaller. Expected more "
                   "LSR/Directions, "
                << (report.norm == "dual" ?
                      "" :
                      "LSR/Norm = dual where the equation is symmetric "
                      "positive definite, ")
                << "or a network that is closer.\n";
    }



    template <int dim>
    void
    print(const RefineCase<dim> &run, const Report &report)
    {
      if (!run.pcout.is_active())
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
      warn_if_further(report);
      std::cout << '\n';
      print_times(std::cout, report.timer);
      std::cout << '\n';
      print_files(run);
    }



    /// Compare network, refined network and the finite-element @p solution, if
    /// it is there already, on the mesh of the parameter file or on a finer
    /// one.
    template <int dim>
    void
    conclude(RefineCase<dim>        &run,
             const Refinement       &refinement,
             std::optional<FEVector> solution)
    {
      const Problem<dim> &problem = run.problem;
      Report              report;
      report.problem      = problem.name;
      report.n_dofs       = problem.discretization.dof_handler().n_dofs();
      report.n_parameters = run.network->n_parameters();
      if (!run.parameters.network.file.empty())
        report.network_checksum = run.network->checksum();
      report.rank     = refinement.rank;
      report.subspace = run.parameters.refinement.basis.type;
      report.norm     = run.parameters.refinement.norm;
      report.profile  = refinement.profile;

      const unsigned int further = run.parameters.output.further_refinements;
      double fem_residual        = std::numeric_limits<double>::quiet_NaN();
      if (further == 0)
        {
          if (!solution)
            solution = solve(run);
          const Column f = make_column(run.residual->n_rows());
          run.residual->evaluate(run.residual->values(*solution), f);
          fem_residual = run.residual->norm(f);
        }
      else
        {
          // The residual belongs to the present mesh.
          run.residual.reset();
          run.stage("finer mesh",
                    "Making the finer mesh of the comparison",
                    [&]() { make_mesh(run, further); });
          print_mesh(problem, run.pcout);
          solution = solve(run);
        }

      const FEVector network_values = network_field(run);
      const FEVector refined_values = network_field(run, refinement.correction);
      const auto     exact          = problem.equation.exact_solution();
      const ComparedFields<dim> fields = compared(
        problem, network_values, refined_values, *solution, exact.get());
      report.n_dofs_of_comparison =
        problem.discretization.dof_handler().n_dofs();
      run.stage("compare",
                "Comparing network, refined field and finite elements",
                [&]() { report.comparison = compare(fields); });
      report.comparison.network.residual = refinement.initial_norm;
      report.comparison.refined.residual = refinement.refined_norm;
      report.comparison.fem.residual     = fem_residual;

      run.stage("output",
                "Writing results to " + run.parameters.output.folder,
                [&]() { write_results(run, fields, refinement, report); });
      report.timer = run.timer;
      report.files = run.written;
      write_report(in_output_folder(run, "report.json"),
                   report,
                   run.communicator);
      run.written.push_back("report.json");
      draw(run);
      print(run, report);
    }



    /// Throw if there is more to do than one refinement with one matrix.
    template <int dim>
    void
    check_export(const RefineCase<dim> &run, const bool restart)
    {
      const auto expect = [](const bool condition, const std::string &text) {
        require(condition, "--export-case: " + text);
      };
      const unsigned int n_ranks =
        dealii::Utilities::MPI::n_mpi_processes(run.communicator);
      const unsigned int n_iterations =
        run.parameters.iterations.get().max_iterations;
      expect(n_ranks == 1,
             "found " + std::to_string(n_ranks) +
               " processes, expected one (a file for all rows).");
      expect(!restart, "found --restart, expected a single refinement.");
      expect(n_iterations == 1,
             "Iterations/Number is " + std::to_string(n_iterations) +
               ", expected 1: the residual is not there to be assembled for "
               "another network.");
      expect(!run.parameters.refinement.residual_subspace,
             "LSR/Residual subspace is set, expected a subspace of the network "
             "alone.");
      expect(run.parameters.refinement.norm != "sobolev",
             "LSR/Norm is sobolev, expected l2 or mass, or dual for a linear "
             "equation that is symmetric positive definite.");
    }



    /// Write the problem into @p file, which can be refined without deal.II.
    template <int dim>
    void
    export_case(RefineCase<dim> &run, const std::string &file)
    {
      prepare_output_file(file, {run.parameters.network.file});
      set_up(run);

      LinearCase result;
      result.name = run.problem.name;
      // Its scaling, inputs and layout are inside.
      result.model      = run.network->to_bytes({}, {{"problem", result.name}});
      result.scaling    = run.network->scaling();
      result.n_outputs  = run.network->n_outputs();
      result.sampling   = run.nodes;
      result.basis      = run.parameters.refinement.basis_of(0);
      result.refinement = run.parameters.refinement.get();
      run.stage("export", "Assembling residual and Jacobian", [&]() {
        result.linearization =
          run.residual->linearization(run.nodes.evaluate(*run.network));
        result.save(file);
      });
      run.pcout << "Written: " << file << std::endl;
    }



    template <int dim>
    bool
    is_iterative(const RefineCase<dim> &run, const bool restart)
    {
      return restart || run.parameters.iterations.get().max_iterations != 1;
    }



    /// In the output folder; the fields of iterations have names of their own.
    template <int dim>
    std::vector<std::string>
    files_to_write(const RefineCase<dim> &run, const bool restart)
    {
      const OutputParameters  &output = run.parameters.output;
      std::vector<std::string> files  = {"comparison.csv", "report.json"};
      if (output.vtu || output.pictures)
        files.emplace_back("solution.vtu");
      if (output.refined_network)
        files.emplace_back("refined.pt");
      if (is_iterative(run, restart))
        files.insert(files.end(),
                     {"history.csv", "checkpoint.pt", "aligned.pt"});
      return files;
    }



    template <int dim>
    void
    refine_case_of(const MPI_Comm       world,
                   const std::string   &equation,
                   const RefineOptions &options)
    {
      RefineCase<dim> run(world, equation);
      if (!read_parameters(options))
        return;
      const OutputParameters &output = run.parameters.output;
      require(output.further_refinements == 0 ||
                run.problem.n_adaptive_refinements() == 0,
              "Output/Further refinements and Mesh/Adaptive refinements are "
              "both set, expected one of them.");
      if (!options.exported_file.empty())
        {
          check_export(run, options.restart);
          export_case(run, options.exported_file);
          return;
        }
      on_first_rank(world, [&]() {
        prepare_output_folder(output.folder,
                              files_to_write(run, options.restart),
                              {run.parameters.network.file, options.file});
      });
      set_up(run);
      if (is_iterative(run, options.restart))
        {
          const FEVector   solution   = solve(run);
          const Refinement refinement = iterate(run, solution, options.restart);
          conclude(run, refinement, solution);
        }
      else
        conclude(run, refine_once(run), std::nullopt);
    }
  } // namespace



  int
  refine_problem(const std::string &program, RefineOptions &options)
  {
    return run_for_dimension(
      program,
      options,
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        options.refuse_options_of_others();
        require(kind.has_instances || !kind.has_family,
                "Instances/File is empty, expected a table of instances that "
                "tell how good the correction for those of "
                "Instances/Family/File is.");
        if (!options.exported_mesh.empty())
          export_mesh(world, kind.equation, options, dim);
        else if (kind.has_instances)
          refine_instances(world, options, kind, dim);
        else
          refine_case_of<decltype(dim)::value>(world, kind.equation, options);
      });
  }
} // namespace lsr
