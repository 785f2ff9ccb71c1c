// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/finite_element_solver.h>
#include <lsr/fe/linear_solver.h>

#include <deal.II/base/patterns.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <sstream>

namespace lsr
{
  namespace
  {
    std::string
    scientific(const double number)
    {
      std::ostringstream out;
      out.precision(3);
      out << std::scientific << number;
      return out.str();
    }


    /// The Euclidean norm; deal.II's own aborts debug runs if it is not finite.
    /// Squares of small and large entries are representable by scaling.
    double
    norm_of(const FEVector &f)
    {
      const auto communicator = f.get_mpi_communicator();
      double     largest = 0., sum = 0.;
      bool       finite = true;
      for (const double entry : f)
        {
          largest = std::max(largest, std::abs(entry));
          finite  = finite && std::isfinite(entry);
        }
      largest =
        dealii::Utilities::MPI::max(finite ?
                                      largest :
                                      std::numeric_limits<double>::infinity(),
                                    communicator);
      if (largest == 0. || !std::isfinite(largest))
        return largest;
      for (const double entry : f)
        sum += (entry / largest) * (entry / largest);
      return largest *
             std::sqrt(dealii::Utilities::MPI::sum(sum, communicator));
    }


    /// The Laplace equation for each component.
    template <int dim>
    class Laplace : public WeakForm<dim>
    {
    public:
      using WeakForm<dim>::WeakForm;

      void
      evaluate(const dealii::Point<dim> & /*x*/,
               const dealii::ArrayView<const double> &jet,
               const dealii::ArrayView<double>       &flux) const override
      {
        for (unsigned int i = 0; i < jet.size(); ++i)
          flux[i] = is_gradient(i) ? jet[i] : 0.;
      }

      void
      jacobian(const dealii::Point<dim> & /*x*/,
               const dealii::ArrayView<const double> & /*jet*/,
               dealii::FullMatrix<double> &jacobian) const override
      {
        jacobian = 0.;
        for (unsigned int i = 0; i < jacobian.m(); ++i)
          if (is_gradient(i))
            jacobian(i, i) = 1.;
      }

      bool
      is_linear() const override
      {
        return true;
      }

      bool
      is_symmetric_positive_definite() const override
      {
        return true;
      }

    private:
      static bool
      is_gradient(const unsigned int i)
      {
        return i % (1 + dim) != 0;
      }
    };


    /// Whether the residual at @p u cannot be computed, but maybe could if
    /// Dirichlet values did not meet zeros in one layer of cells.
    template <int dim>
    bool
    needs_extension(const Assembler<dim> &assembler, const FEVector &u)
    {
      const auto &discretization = assembler.discretization();
      if (assembler.weak_form().is_linear() ||
          discretization.petrov_galerkin_in_time() ||
          discretization.has_multiplier() ||
          dealii::Utilities::MPI::sum(discretization.dirichlet_values().size(),
                                      discretization.communicator()) == 0)
        return false;
      FEVector f;
      assembler.residual(u, f);
      return !std::isfinite(norm_of(f));
    }


    /**
     * One Newton iteration after the other for a given problem.
     *
     * This is not KINSOL, which was tried: it has no stopping test relative to
     * the present solution, the callbacks that replace this test and the search
     * where the residual is not defined are longer than what follows, deal.II
     * 9.4 hides KINSOL's error codes in release builds, and KINSOL writes to
     * the screen by itself where it gives up.
     */
    template <int dim>
    class NewtonIteration
    {
    public:
      NewtonIteration(const Assembler<dim> &assembler, FEVector &u)
        : assembler(assembler)
        , u(u)
      {
        assembler.residual(u, f);
        norm = norm_of(f);
        AssertThrow(std::isfinite(norm),
                    dealii::ExcMessage(
                      "The residual of the finite-element problem at the "
                      "initial guess is not finite: a coefficient is not "
                      "defined there."));
      }

      /// Compute the Newton update and how large it is relative to u.
      double
      compute_update()
      {
        dealii::TrilinosWrappers::SparseMatrix A;
        assembler.jacobian(u, A);
        LinearSolver solver(
          A,
          assembler.discretization(),
          LinearSolver::method_for(assembler.weak_form(),
                                   assembler.discretization()));
        update = f;
        solver.solve(update, f);
        update *= -1.;
        linear_iterations += solver.n_iterations();
        matrix_norm       = A.linfty_norm();
        const double size = u.l2_norm();
        return update.l2_norm() / (size > 0. ? size : 1.);
      }

      /// Go the fraction @p step of the update.
      void
      go(const double step)
      {
        u.add(step, update);
        assembler.residual(u, f);
        norm = norm_of(f);
      }

      /// Halve the step until the residual falls; return false if it does not.
      bool
      backtrack()
      {
        const FEVector start      = u;
        const double   start_norm = norm;
        for (double step = 1.; step > 1e-4; step *= 0.5)
          {
            u.copy_locally_owned_data_from(start);
            go(step);
            // Also false where the trial is not a number.
            if (norm <= (1. - 1e-4 * step) * start_norm)
              return true;
          }
        u.copy_locally_owned_data_from(start);
        return false;
      }

      const Assembler<dim> &assembler;
      FEVector             &u;
      FEVector              f, update;
      double                norm;
      double                matrix_norm       = 0.;
      unsigned int          linear_iterations = 0;
    };


    /// A linear system is solved where its residual has fallen, or was rounding
    /// at the start.
    template <int dim>
    void
    require_solved(const NewtonIteration<dim> &newton,
                   const double                initial_norm,
                   const double                initial_size)
    {
      AssertThrow(newton.norm <= 1e-6 * initial_norm ||
                    newton.norm <= 1e-12 * newton.matrix_norm * initial_size,
                  dealii::ExcMessage(
                    "The linear system of the finite-element solution could "
                    "not be solved: the norm of the residual went from " +
                    scientific(initial_norm) + " to " +
                    scientific(newton.norm) +
                    ", expected a millionth of it. The matrix is singular or "
                    "nearly so: is the solution determined by boundary "
                    "conditions or a reaction, and are the coefficients "
                    "positive?"));
    }
  } // namespace


  FiniteElementSolver::FiniteElementSolver(const std::string &section)
    : dealii::ParameterAcceptor(section)
  {
    add_parameter("Tolerance",
                  parameters.tolerance,
                  "Newton's method ends when a step changes the solution by "
                  "less than this, relative to its norm.",
                  prm,
                  dealii::Patterns::Double(1e-15, 1e-2));
    add_parameter("Maximum number of Newton steps",
                  parameters.max_newton_steps,
                  "Newton's method gives up after so many steps.",
                  prm,
                  dealii::Patterns::Integer(1, 10000));
  }


  template <int dim>
  FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<dim>             &assembler,
                             FEVector                         &u,
                             const dealii::ConditionalOStream &log) const
  {
    FEVector solution = assembler.discretization().make_vector();
    solution.copy_locally_owned_data_from(u);
    assembler.constraints().distribute(solution);

    if (needs_extension(assembler, solution))
      {
        log << "  starting from the harmonic extension of the boundary values"
            << std::endl;
        const Laplace<dim>   laplace(assembler.weak_form().n_components());
        const Assembler<dim> extension(laplace, assembler.discretization());
        solve(extension, solution, log);
      }

    NewtonIteration<dim> newton(assembler, solution);
    const bool           linear       = assembler.weak_form().is_linear();
    const double         initial_norm = newton.norm;
    const double         initial_size = solution.l2_norm();
    bool                 converged    = initial_norm == 0.;
    double               relative     = 0.;
    unsigned int         steps        = 0;

    while (!converged && steps < parameters.max_newton_steps)
      {
        relative = newton.compute_update();
        ++steps;
        converged = linear || relative <= parameters.tolerance;
        if (converged)
          newton.go(1.);
        else
          {
            // Where rounding hides any descent the last step is taken blindly.
            const bool descended = newton.backtrack();
            AssertThrow(descended || relative < 1e-8,
                        dealii::ExcMessage(
                          "Newton's method for the finite-element solution "
                          "found no step that reduces the residual, whose norm "
                          "is " +
                          scientific(newton.norm) + " after " +
                          std::to_string(steps) + " steps (" +
                          scientific(initial_norm) + " at the start)."));
            if (!descended)
              newton.go(1.);
            converged = !descended;
          }
        assembler.constraints().distribute(solution);
        if (linear)
          require_solved(newton, initial_norm, initial_size);
        if (linear)
          log << "  linear system solved: residual " << scientific(initial_norm)
              << " -> " << scientific(newton.norm) << std::endl;
        else
          log << "  Newton step " << steps << ": residual "
              << scientific(newton.norm) << ", relative update "
              << scientific(relative) << std::endl;
      }

    AssertThrow(converged && std::isfinite(newton.norm),
                dealii::ExcMessage(
                  "Newton's method for the finite-element solution did not "
                  "converge in " +
                  std::to_string(steps) +
                  " steps: the norm of the residual is " +
                  scientific(newton.norm) + " (" + scientific(initial_norm) +
                  " at the start), the last step changed the solution by the "
                  "fraction " +
                  scientific(relative) + ", allowed are " +
                  scientific(parameters.tolerance) + "."));
    u.zero_out_ghost_values();
    u.copy_locally_owned_data_from(solution);
    return {steps, newton.linear_iterations, newton.norm};
  }


  template <int dim>
  FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<dim> &assembler, FEVector &u) const
  {
    return solve(assembler, u, dealii::ConditionalOStream(std::cout, false));
  }


  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<1> &,
                             FEVector &,
                             const dealii::ConditionalOStream &) const;
  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<2> &,
                             FEVector &,
                             const dealii::ConditionalOStream &) const;
  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<3> &,
                             FEVector &,
                             const dealii::ConditionalOStream &) const;
  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<1> &, FEVector &) const;
  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<2> &, FEVector &) const;
  template FiniteElementSolver::Statistics
  FiniteElementSolver::solve(const Assembler<3> &, FEVector &) const;
} // namespace lsr
