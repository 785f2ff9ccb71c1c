// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr check problem.prm --field FILE: the error of predicted fields, estimated
// by the residual of the problem.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/error_estimate.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/expression.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/linear_solver.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/base/table_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/grid/grid_tools.h>
#include <deal.II/numerics/vector_tools_rhs.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "applications/lsr/finite_elements.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/problem_case.h"
#include "applications/lsr/report.h"
#include "fe/field_file.h"
#include "fe/point_field.h"
#include "fe/sparse_view.h"

namespace lsr
{
  namespace
  {
    using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();



    /// A functional $J$ and the solution of its adjoint problem.
    struct Goal
    {
      /// The derivative of $J$ by all nodal values; that by the free ones.
      FEVector derivative, free_derivative, adjoint;
    };



    /// What is known about one field.
    struct CheckedField
    {
      /// Estimates: of $\|u - u_h\|_{L_2} / \|u_h\|_{L_2}$, and of the energy
      /// norm and its ratio to that of $u_h$.
      double L2 = unknown, energy = unknown, relative_energy = unknown;

      /// Steps of the iterative solver for the estimate.
      unsigned int n_iterations = 0;

      /// The residual in the norm of the parameter file, of the field and of
      /// what it was corrected to.
      double residual = unknown, corrected_residual = unknown;

      /// The largest difference from prescribed values, relative to the largest
      /// value of the field.
      double constraint_mismatch = unknown;

      /// The goal, and the estimate of its error.
      double goal = unknown, goal_error = unknown;

      /// The true distance from the finite-element solution.
      double true_L2 = unknown, true_energy = unknown,
             true_goal_error = unknown, corrected_true_L2 = unknown;

      /// The errors against the exact solution, in $L_2$.
      double exact_L2 = unknown, corrected_exact_L2 = unknown;
    };



    template <int dim>
    struct CheckCase : ProblemCase<dim>
    {
      using ProblemCase<dim>::ProblemCase;

      CheckOptions options;

      std::unique_ptr<FiniteElementResidual<dim>> residual;

      /// The Jacobian and what solves with it, until the problem is another.
      SparseMatrix                  A;
      std::unique_ptr<LinearSolver> solver;

      std::optional<Goal> goal;

      /// The finite-element solution, where it is compared with.
      std::optional<FEVector> solution;

      std::vector<CheckedField> checked;
    };



    template <int dim>
    const Assembler<dim> &
    assembler(const CheckCase<dim> &run)
    {
      return run.problem.assembler();
    }



    template <int dim>
    void
    make_sampling(CheckCase<dim> &run)
    {
      const auto &discretization = run.problem.discretization;
      run.nodes                  = nodal_sampling(discretization.mapping(),
                                 discretization.dof_handler(),
                                 discretization.n_components());
    }



    template <int dim>
    PointData
    read_fields(CheckCase<dim> &run)
    {
      const auto &discretization = run.problem.discretization;
      const auto  box =
        dealii::GridTools::compute_bounding_box(discretization.triangulation());
      FieldFileFormat format;
      format.dim          = dim;
      format.n_components = discretization.n_components();
      for (unsigned int d = 0; d < dim; ++d)
        {
          format.lower.push_back(box.lower_bound(d));
          format.upper.push_back(box.upper_bound(d));
        }
      format.points       = run.options.points;
      format.values       = run.options.values;
      format.axes         = run.options.axes;
      format.cell_centred = run.options.cell_centred;
      format.progress     = [&](const std::string &line) {
        run.pcout << "  " << line << std::endl;
      };
      return run.stage("load", "Reading " + run.options.field_file, [&]() {
        return lsr::read_fields(run.options.field_file, format);
      });
    }



    /// The nodal values of a predicted field.
    template <int dim>
    Column
    nodal_values(const CheckCase<dim>  &run,
                 const PointField<dim> &points,
                 const Column          &values)
    {
      const Column at_points = points.interpolate(values, run.nodes.points);
      const Block  nodal     = run.nodes.apply(as_block(at_points));
      const Column result    = make_column(nodal.extent(0));
      Kokkos::deep_copy(as_block(result), nodal);
      return result;
    }



    /// The largest difference of nodal values and a field that obeys the
    /// constraints, relative to the largest of them.
    template <int dim>
    double
    mismatch(const CheckCase<dim> &run, const Column &q, const FEVector &u)
    {
      const HostColumn given  = to_host(q),
                       obeyed = to_host(run.residual->values(u));
      double difference = 0., largest = 0.;
      for (std::size_t i = 0; i < given.size(); ++i)
        {
          difference = std::max(difference, std::abs(given(i) - obeyed(i)));
          largest    = std::max(largest, std::abs(given(i)));
        }
      difference = dealii::Utilities::MPI::max(difference, run.communicator);
      largest    = dealii::Utilities::MPI::max(largest, run.communicator);
      return largest > 0. ? difference / largest : difference;
    }



    template <int dim>
    double
    residual_norm_of(CheckCase<dim> &run, const FEVector &u)
    {
      const Column f = make_column(run.residual->n_rows());
      const Column q = run.residual->values(u);
      run.residual->linearize(q);
      run.residual->evaluate(q, f);
      return run.residual->norm(f);
    }



    /// $A x$, or $A^T x$.
    FEVector
    product(const SparseMatrix &A, const FEVector &x, const bool transpose)
    {
      using namespace internal;
      const FEVector y(x);
      make_sparse_view(A)->multiply(as_block(x), as_block(y), transpose);
      return y;
    }



    double
    energy_norm(const SparseMatrix &A, const FEVector &u)
    {
      return std::sqrt(u * product(A, u, /* transpose = */ false));
    }



    template <int dim>
    double
    relative_L2(const CheckCase<dim> &run,
                const FEVector       &u,
                const FEVector       &reference)
    {
      const auto &discretization = run.problem.discretization;
      return compute_difference(discretization.mapping(),
                                discretization.dof_handler(),
                                u,
                                reference)
        .L2;
    }



    /// Entries that this rank owns, and zeros at constrained degrees of
    /// freedom.
    template <int dim>
    FEVector
    free_part(const CheckCase<dim> &run, const FEVector &vector)
    {
      const auto &discretization = run.problem.discretization;
      FEVector    result(discretization.locally_owned_dofs(),
                      discretization.communicator());
      result.copy_locally_owned_data_from(vector);
      for (const auto dof : discretization.locally_owned_dofs())
        if (assembler(run).constraints().is_constrained(dof))
          result(dof) = 0.;
      return result;
    }



    /// $A^T$
    SparseMatrix
    transpose(const SparseMatrix &A)
    {
      const auto rows = A.locally_owned_range_indices();
      dealii::TrilinosWrappers::SparsityPattern diagonal(
        rows, A.get_mpi_communicator(), 1);
      for (const auto row : rows)
        diagonal.add(row, row);
      diagonal.compress();
      SparseMatrix identity, result;
      identity.reinit(diagonal);
      for (const auto row : rows)
        identity.set(row, row, 1.);
      identity.compress(dealii::VectorOperation::insert);
      A.Tmmult(result, identity);
      return result;
    }



    /// The weights $w$ of the flux: 1 at the degrees of freedom of a component
    /// on a part of the boundary.
    template <int dim>
    FEVector
    boundary_weights(const CheckCase<dim>            &run,
                     const dealii::types::boundary_id id,
                     const unsigned int               component)
    {
      const auto            &discretization = run.problem.discretization;
      const dealii::IndexSet dofs = dealii::DoFTools::extract_boundary_dofs(
        discretization.dof_handler(),
        dealii::ComponentMask([&]() {
          std::vector<bool> mask(discretization.n_components(), false);
          mask[component] = true;
          return mask;
        }()),
        {id});
      require(dealii::Utilities::MPI::sum(dofs.n_elements(), run.communicator) >
                0,
              "--goal: there is no part " + std::to_string(id) +
                " of the boundary");
      FEVector weights(discretization.locally_owned_dofs(), run.communicator);
      for (const auto dof : dofs)
        if (discretization.locally_owned_dofs().is_element(dof))
          weights(dof) = 1.;
      return weights;
    }



    /// The number of @p text that begins at @p position, which moves behind it.
    unsigned int
    read_number(const std::string &text, std::size_t &position)
    {
      std::size_t length = 0;
      try
        {
          const unsigned long number =
            std::stoul(text.substr(position), &length);
          position += length;
          return number;
        }
      catch (const std::exception &)
        {
          throw Error("--goal '" + text +
                      "': expected 'flux ID' or 'flux ID, COMPONENT'");
        }
    }



    /**
     * The flux $\int_\Gamma F \cdot n$ through a part of the boundary from the
     * residual of functions that are 1 there: as exact as the solution in the
     * energy. Also what J(u) is, in the first entry of the pair.
     */
    template <int dim>
    std::pair<double, FEVector>
    flux(const CheckCase<dim> &run, const FEVector &u)
    {
      const std::string &text      = run.options.goal;
      std::size_t        position  = std::string("flux").size();
      const unsigned int id        = read_number(text, position);
      unsigned int       component = 0;
      if (position < text.size() && text[position] == ',')
        component = read_number(text, ++position);
      require(position == text.size() &&
                component < run.problem.discretization.n_components(),
              "--goal '" + text +
                "': expected 'flux ID' or 'flux ID, COMPONENT'");

      const Assembler<dim> unconstrained(run.problem.equation,
                                         run.problem.discretization,
                                         false);
      const FEVector       weights = boundary_weights(run, id, component);
      FEVector             f(weights);
      unconstrained.residual(u, f);
      SparseMatrix A;
      unconstrained.jacobian(u, A);
      return {weights * f, product(A, weights, /* transpose = */ true)};
    }



    /// $J(u) = \int g \cdot u$
    template <int dim>
    std::pair<double, FEVector>
    mean(const CheckCase<dim> &run, const FEVector &u)
    {
      const auto                  &discretization = run.problem.discretization;
      std::vector<Expression<dim>> weights;
      for (const std::string &text : split_expressions(run.options.goal))
        weights.emplace_back(text, "--goal");
      require(weights.size() == discretization.n_components(),
              "--goal has " + std::to_string(weights.size()) +
                " expressions, expected one for each of the " +
                std::to_string(discretization.n_components()) +
                " components of the solution");
      FEVector derivative = discretization.make_vector();
      dealii::VectorTools::create_right_hand_side(
        discretization.mapping(),
        discretization.dof_handler(),
        dealii::QGauss<dim>(discretization.degree() + 2),
        ExpressionFunction<dim>(weights),
        derivative);
      derivative.compress(dealii::VectorOperation::add);
      return {derivative * u, derivative};
    }



    template <int dim>
    std::pair<double, FEVector>
    evaluate_goal(const CheckCase<dim> &run, const FEVector &u)
    {
      return run.options.goal.rfind("flux", 0) == 0 ? flux(run, u) :
                                                      mean(run, u);
    }



    /// Solve the adjoint problem of the goal at @p u.
    template <int dim>
    Goal
    make_goal(CheckCase<dim> &run, const FEVector &u)
    {
      Goal goal;
      goal.derivative = evaluate_goal(run, u).second;
      // Hanging nodes are combinations of others.
      FEVector condensed(goal.derivative);
      assembler(run).constraints().condense(condensed);
      goal.free_derivative = free_part(run, condensed);
      goal.adjoint         = goal.free_derivative;
      if (run.problem.equation.is_symmetric_positive_definite())
        run.solver->solve(goal.adjoint,
                          goal.free_derivative,
                          run.options.tolerance);
      else
        {
          const SparseMatrix AT = transpose(run.A);
          LinearSolver(AT,
                       run.problem.discretization,
                       LinearSolver::method_for(run.problem.equation,
                                                run.problem.discretization))
            .solve(goal.adjoint, goal.free_derivative, run.options.tolerance);
        }
      return goal;
    }



    /// Compare estimates with the truth.
    template <int dim>
    void
    compare_with_solution(CheckCase<dim> &run,
                          CheckedField   &field,
                          const FEVector &u,
                          const FEVector &corrected)
    {
      if (!run.solution)
        run.solution = run.problem.solve(run.pcout);
      const FEVector &solution = *run.solution;
      field.true_L2            = relative_L2(run, u, solution);
      field.corrected_true_L2  = relative_L2(run, corrected, solution);
      FEVector difference      = free_part(run, u);
      difference -= free_part(run, solution);
      field.true_energy = energy_norm(run.A, difference);
      if (run.goal)
        field.true_goal_error = field.goal - evaluate_goal(run, solution).first;
    }



    /// The fields that are shown of the worst prediction.
    struct ShownFields
    {
      double                  L2 = -1.;
      FEVector                field, error, corrected;
      std::optional<FEVector> solution;
    };



    template <int dim>
    void
    check(CheckCase<dim>        &run,
          const PointField<dim> &points,
          const Column          &values,
          ShownFields           &worst)
    {
      const Column   q = nodal_values(run, points, values);
      const FEVector u = run.residual->field(q);
      CheckedField   field;
      field.constraint_mismatch = mismatch(run, q, u);
      field.residual            = residual_norm_of(run, u);

      const auto &discretization = run.problem.discretization;
      if (!run.solver || !run.problem.equation.is_linear())
        {
          run.solver.reset();
          assembler(run).jacobian(u, run.A);
          run.solver = std::make_unique<LinearSolver>(
            run.A,
            discretization,
            LinearSolver::method_for(run.problem.equation,
                                     run.problem.discretization));
          run.goal.reset();
        }
      if (!run.goal && !run.options.goal.empty())
        run.goal = make_goal(run, u);

      const auto f = [&](const FEVector &at, FEVector &result) {
        FEVector all = discretization.make_vector();
        assembler(run).residual(at, all);
        result = free_part(run, all);
      };
      const auto inverse = [&](const FEVector &rhs, FEVector &x) {
        run.solver->solve(x, rhs, run.options.tolerance);
      };
      FEVector owned = free_part(run, u);
      owned.copy_locally_owned_data_from(u);
      const auto conforming = [&](const FEVector &v) {
        return discretization.make_conforming(v, assembler(run).constraints());
      };
      const unsigned int            n_before = run.solver->n_iterations();
      const ErrorEstimate<FEVector> estimate = estimate_error(
        owned,
        [&](const FEVector &at, FEVector &result) {
          f(conforming(at), result);
        },
        inverse);
      field.n_iterations = run.solver->n_iterations() - n_before;
      FEVector corrected = owned;
      corrected -= estimate.error;
      const FEVector nearby = conforming(corrected);
      field.L2              = relative_L2(run, u, nearby);
      if (run.problem.equation.is_symmetric_positive_definite())
        {
          field.energy = estimate.energy_norm;
          field.relative_energy =
            field.energy / energy_norm(run.A, free_part(run, nearby));
        }
      if (run.goal)
        {
          field.goal       = evaluate_goal(run, u).first;
          field.goal_error = estimate.goal_error(run.goal->adjoint);
        }

      for (unsigned int step = 1; step < run.options.n_corrections; ++step)
        {
          FEVector rest(corrected), change(corrected);
          f(conforming(corrected), rest);
          inverse(rest, change);
          corrected -= change;
        }
      const FEVector better = conforming(corrected);
      if (run.options.n_corrections > 0)
        field.corrected_residual = residual_norm_of(run, better);

      const auto exact = run.problem.equation.exact_solution();
      if (run.options.compare)
        compare_with_solution(run, field, u, better);
      if (exact)
        {
          const auto error = [&](const FEVector &v) {
            return compute_L2_error(discretization.mapping(),
                                    discretization.dof_handler(),
                                    v,
                                    *exact);
          };
          field.exact_L2 = error(u);
          if (run.options.n_corrections > 0)
            field.corrected_exact_L2 = error(better);
        }
      run.checked.push_back(field);
      if (!(field.L2 <= worst.L2))
        {
          FEVector error(u);
          error -= better;
          worst = {field.L2, u, error, better, run.solution};
        }
    }



    template <int dim>
    std::string
    in_output_folder(const CheckCase<dim> &run, const std::string &file)
    {
      return (std::filesystem::path(run.parameters.output.folder) / file)
        .string();
    }



    /// Names and values of what is known of a field, in the order of the table.
    std::vector<std::pair<std::string, double>>
    entries(const CheckedField &field)
    {
      std::vector<std::pair<std::string, double>> known;
      for (const auto &entry : std::vector<std::pair<std::string, double>>{
             {"estimated_L2", field.L2},
             {"true_L2", field.true_L2},
             {"effectivity_L2", field.L2 / field.true_L2},
             {"estimated_energy", field.energy},
             {"estimated_energy_relative", field.relative_energy},
             {"true_energy", field.true_energy},
             {"effectivity_energy", field.energy / field.true_energy},
             {"iterations", field.n_iterations},
             {"residual", field.residual},
             {"constraint_mismatch", field.constraint_mismatch},
             {"goal", field.goal},
             {"estimated_goal_error", field.goal_error},
             {"true_goal_error", field.true_goal_error},
             {"effectivity_goal", field.goal_error / field.true_goal_error},
             {"exact_L2", field.exact_L2},
             {"corrected_residual", field.corrected_residual},
             {"corrected_true_L2", field.corrected_true_L2},
             {"corrected_exact_L2", field.corrected_exact_L2}})
        if (!std::isnan(entry.second))
          known.push_back(entry);
      return known;
    }



    dealii::TableHandler
    table_of(const std::vector<CheckedField> &fields)
    {
      dealii::TableHandler table;
      for (std::size_t i = 0; i < fields.size(); ++i)
        {
          table.add_value("field", (unsigned int)(i + 1));
          for (const auto &[name, value] : entries(fields[i]))
            {
              table.add_value(name, value);
              table.set_scientific(name, true);
              table.set_precision(name, 3);
            }
          table.start_new_row();
        }
      table.set_auto_fill_mode(true);
      return table;
    }



    template <int dim>
    void
    write_results(CheckCase<dim> &run, const ShownFields &worst)
    {
      const auto &discretization = run.problem.discretization;
      if (run.parameters.output.vtu)
        {
          NamedFields fields = {{"field", &worst.field},
                                {"estimated_error", &worst.error},
                                {"corrected", &worst.corrected}};
          if (worst.solution)
            fields.emplace_back("fem", &*worst.solution);
          write_vtu(in_output_folder(run, "check.vtu"),
                    discretization.mapping(),
                    discretization.dof_handler(),
                    fields,
                    run.problem.equation.exact_solution().get());
          run.written.push_back("check.vtu");
        }
      nlohmann::ordered_json report;
      report["problem"]   = run.problem.name;
      report["dofs"]      = discretization.dof_handler().n_dofs();
      report["field"]     = run.options.field_file;
      report["norm"]      = run.parameters.refinement.norm;
      report["tolerance"] = run.options.tolerance;
      report["fields"]    = nlohmann::ordered_json::array();
      for (const CheckedField &field : run.checked)
        {
          nlohmann::ordered_json row = nlohmann::ordered_json::object();
          for (const auto &[name, value] : entries(field))
            row[name] = value;
          report["fields"].push_back(row);
        }
      on_first_rank(run.communicator, [&]() {
        write_atomically(
          in_output_folder(run, "check.json"), [&](std::ostream &out) {
            out << report.dump(2,
                               ' ',
                               false,
                               nlohmann::json::error_handler_t::replace)
                << '\n';
          });
      });
      run.written.push_back("check.json");
    }



    /// The worst and the mean of several fields in one line.
    template <int dim>
    void
    print_summary(const CheckCase<dim> &run)
    {
      double sum = 0., largest = 0.;
      for (const CheckedField &field : run.checked)
        {
          sum += field.L2;
          largest = std::max(largest, field.L2);
        }
      run.pcout << run.checked.size() << " fields: estimated L2 error "
                << sum / run.checked.size() << " in the mean, at most "
                << largest << std::endl;
    }



    /// Make the residual of the problem as it is now.
    template <int dim>
    void
    make_residual(CheckCase<dim> &run)
    {
      run.solver.reset();
      run.goal.reset();
      run.solution.reset();
      run.residual = std::make_unique<FiniteElementResidual<dim>>(
        run.problem.assembler(),
        residual_norm(run.parameters.refinement.norm),
        run.parameters.refinement.dirichlet_row_weight,
        run.parameters.refinement.sobolev_weight);
    }



    /// Make the mesh, adapted to the first of the predicted fields where the
    /// parameters want an adapted one; returns what is predicted.
    template <int dim>
    PointData
    set_up(CheckCase<dim> &run)
    {
      Problem<dim> &problem = run.problem;
      run.stage("mesh", "Making mesh and finite-element space", [&]() {
        problem.setup();
        make_sampling(run);
      });
      const PointData data = read_fields(run);
      for (unsigned int i = 0; i < problem.n_adaptive_refinements(); ++i)
        {
          make_residual(run);
          problem.adapt(run.residual->field(
            nodal_values(run, PointField<dim>(data.points), data.fields[0])));
          make_sampling(run);
        }
      make_residual(run);
      print_mesh(problem, run.pcout);
      return data;
    }



    /// The instances of the parameter file, one for each of the fields.
    template <int dim>
    InstanceTable
    instances_of(CheckCase<dim> &run, const PointData &data)
    {
      const InstanceTable table =
        read_instances(run.parameters.instances, /* inputs_known = */ true);
      check_functions(table, run.problem.advection_diffusion_reaction());
      require(table.instances.size() == data.fields.size(),
              run.options.field_file + ": " +
                std::to_string(data.fields.size()) +
                " fields, expected one for each of the " +
                std::to_string(table.instances.size()) + " instances in " +
                run.parameters.instances.file);
      return table;
    }



    template <int dim>
    void
    check_field_of(const MPI_Comm      world,
                   const std::string  &equation,
                   const bool          has_instances,
                   const CheckOptions &options)
    {
      CheckCase<dim> run(world, equation);
      run.options = options;
      if (!read_parameters(options))
        return;
      require(!options.field_file.empty(),
              "--field FILE expected, with the predicted field");
      const OutputParameters &output = run.parameters.output;
      on_first_rank(world, [&]() {
        prepare_output_folder(output.folder,
                              {"check.json", "check.vtu"},
                              {options.field_file, options.file});
      });
      const PointData       data = set_up(run);
      const PointField<dim> points(data.points);
      run.pcout << "  interpolated from " << points.description() << std::endl;
      const InstanceTable table =
        has_instances ? instances_of(run, data) : InstanceTable();

      ShownFields worst;
      run.stage("check", "Estimating errors", [&]() {
        for (std::size_t i = 0; i < data.fields.size(); ++i)
          {
            if (has_instances)
              {
                run.problem.set_functions(table.instances[i]);
                make_residual(run);
              }
            check(run, points, data.fields[i], worst);
          }
      });
      run.stage("output", "Writing results to " + output.folder, [&]() {
        write_results(run, worst);
      });
      if (run.pcout.is_active())
        {
          std::cout << '\n';
          table_of(run.checked)
            .write_text(std::cout,
                        dealii::TableHandler::TextOutputFormat::org_mode_table);
          std::cout << '\n';
          print_times(std::cout, run.timer);
          std::cout << '\n';
        }
      if (run.checked.size() > 1)
        print_summary(run);
      print_files(run);
    }
  } // namespace



  int
  check_field(const std::string &program, CheckOptions &options)
  {
    return run_for_dimension(
      program,
      options,
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        check_field_of<decltype(dim)::value>(world,
                                             kind.equation,
                                             kind.has_instances,
                                             options);
      });
  }
} // namespace lsr
