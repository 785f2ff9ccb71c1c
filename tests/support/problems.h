// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_problems_h
#define lsr_tests_support_problems_h

#include <lsr/fe/assembler.h>
#include <lsr/fe/discretization.h>
#include <lsr/fe/finite_element_solver.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/vector_tools_integrate_difference.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <memory>
#include <string>

namespace lsr::test
{
  /// Absolute errors against the exact solution.
  struct Errors
  {
    double L2;
    double H1;
  };


  /// A weak form on a mesh, with its finite-element solution.
  template <int dim>
  class Problem
  {
  public:
    Problem(const WeakForm<dim> &weak_form,
            const unsigned int   degree,
            const unsigned int   refinements,
            const std::string   &grid         = "hyper_cube",
            const std::string   &arguments    = "0 : 1 : true",
            MPI_Comm             communicator = MPI_COMM_WORLD)
      : weak_form(weak_form)
      , discretization(communicator,
                       weak_form.n_components(),
                       parameters(degree, refinements, grid, arguments))
    {
      discretization.make_grid();
      setup();
    }

    /// After the mesh has changed.
    void
    setup()
    {
      discretization.setup_dofs(weak_form.dirichlet_conditions());
      if (assembler)
        assembler->reinit();
      else
        assembler = std::make_unique<Assembler<dim>>(weak_form, discretization);
      solution = discretization.make_vector();
    }

    FiniteElementSolver::Statistics
    solve()
    {
      return FiniteElementSolver().solve(*assembler, solution);
    }

    Errors
    errors() const
    {
      return {error(dealii::VectorTools::L2_norm),
              error(dealii::VectorTools::H1_seminorm)};
    }

    /// Smooth values that satisfy no condition in particular.
    FEVector
    some_vector(const double phase) const
    {
      FEVector u = discretization.make_vector();
      for (const auto dof : discretization.locally_owned_dofs())
        u(dof) = 0.5 + 0.3 * std::sin(0.7 * dof + phase);
      return u;
    }

    const WeakForm<dim>            &weak_form;
    Discretization<dim>             discretization;
    std::unique_ptr<Assembler<dim>> assembler;
    FEVector                        solution;

  private:
    static typename Discretization<dim>::Parameters
    parameters(const unsigned int degree,
               const unsigned int refinements,
               const std::string &grid,
               const std::string &arguments)
    {
      typename Discretization<dim>::Parameters result;
      result.degree             = degree;
      result.global_refinements = refinements;
      result.grid_generator     = grid;
      result.grid_arguments     = arguments;
      return result;
    }

    double
    error(const dealii::VectorTools::NormType norm) const
    {
      const FEVector ghosted =
        discretization.make_conforming(solution, discretization.constraints());
      dealii::Vector<double> cell_errors(
        discretization.triangulation().n_active_cells());
      dealii::VectorTools::integrate_difference(discretization.mapping(),
                                                discretization.dof_handler(),
                                                ghosted,
                                                *weak_form.exact_solution(),
                                                cell_errors,
                                                dealii::QGauss<dim>(
                                                  discretization.degree() + 3),
                                                norm);
      return dealii::VectorTools::compute_global_error(
        discretization.triangulation(), cell_errors, norm);
    }
  };
} // namespace lsr::test

#endif
