// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/linear_solver.h>

#include <deal.II/dofs/dof_tools.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>
#include <deal.II/lac/solver_gmres.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fe/sparse_view.h"

namespace lsr
{
  using internal::as_block;
  using internal::TrilinosMatrix;
  using internal::VectorOperator;

  namespace
  {
    /// Throw where fields that are constant in one component solve the
    /// homogeneous equation: then there is no unique solution. @p norm is that
    /// of the matrix.
    template <int dim>
    void
    require_no_constants(const internal::SparseView &A,
                         const double                norm,
                         const Discretization<dim>  &discretization)
    {
      std::vector<std::vector<bool>> modes;
      dealii::DoFTools::extract_constant_modes(
        discretization.dof_handler(),
        dealii::ComponentMask(discretization.n_components(), true),
        modes);
      const dealii::IndexSet &owned = discretization.locally_owned_dofs();
      FEVector                x(owned, discretization.communicator()), Ax(x);
      for (unsigned int c = 0; c < modes.size(); ++c)
        {
          const auto is_free = [&](const unsigned int i) {
            return !discretization.constraints().is_constrained(
              owned.nth_index_in_set(i));
          };
          double count = 0.;
          for (unsigned int i = 0; i < modes[c].size(); ++i)
            {
              x.local_element(i) = modes[c][i] && is_free(i) ? 1. : 0.;
              count += x.local_element(i);
            }
          A.multiply(as_block(x), as_block(Ax), /* transpose = */ false);
          double largest = 0.;
          for (unsigned int i = 0; i < modes[c].size(); ++i)
            if (is_free(i))
              largest = std::max(largest, std::abs(Ax.local_element(i)));
          const auto communicator = discretization.communicator();
          AssertThrow(
            dealii::Utilities::MPI::sum(count, communicator) == 0. ||
              !(dealii::Utilities::MPI::max(largest, communicator) <=
                1e-13 * norm),
            dealii::ExcMessage(
              "The problem has no unique solution: a constant may be added to "
              "component " +
              std::to_string(c) +
              ". Expected a Dirichlet condition on some part of the boundary, "
              "a Robin condition or a reaction that fixes it."));
        }
    }
  } // namespace


  struct LinearSolver::Implementation
  {
    std::unique_ptr<const internal::SparseView> A;
    Method                                      method;
    internal::SparseView::Operator              preconditioner, factorization;
    FEVector                                    prototype;
    unsigned int                                dim          = 0;
    unsigned int                                n_iterations = 0;

    /// Solve for any number of columns by the factorization.
    void
    solve_directly(const HostBlock &X, const HostBlock &B)
    {
      if (!factorization)
        factorization = A->factorize(dim == 3);
      factorization(B, X);
    }


    template <typename Solver>
    void
    iterate(Solver                &solver,
            dealii::SolverControl &control,
            FEVector              &x,
            const FEVector        &b)
    {
      const VectorOperator product{[this](const auto &X, const auto &AX) {
        A->multiply(X, AX, /* transpose = */ false);
      }};
      x = 0.;
      solver.solve(product, x, b, VectorOperator{preconditioner});
      n_iterations += control.last_step();
    }


    void
    solve_iteratively(FEVector &x, const FEVector &b, const double tolerance)
    {
      // Far more than multigrid needs where it is suited.
      const unsigned int max_iterations = 500;
      const double       norm           = b.l2_norm();
      AssertThrow(std::isfinite(norm),
                  dealii::ExcMessage("The right hand side of a linear system "
                                     "is not finite."));
      dealii::SolverControl control(
        max_iterations,
        std::max(tolerance * norm, std::numeric_limits<double>::min()),
        false,
        false);
      if (method == Method::conjugate_gradients)
        {
          dealii::SolverCG<FEVector> solver(control);
          iterate(solver, control, x, b);
        }
      else
        {
          // A right preconditioner: the residual that is tested is the true
          // one. Memory for as many vectors as a hard problem needs.
          const dealii::SolverGMRES<FEVector>::AdditionalData data(102, true);
          dealii::SolverGMRES<FEVector> solver(control, data);
          iterate(solver, control, x, b);
        }
    }


    void
    solve(FEVector &x, const FEVector &b, const double tolerance)
    {
      if (method == Method::direct)
        {
          solve_directly(as_block(x), as_block(b));
          return;
        }
      try
        {
          solve_iteratively(x, b, tolerance);
        }
      catch (const dealii::SolverControl::NoConvergence &)
        {
          solve_directly(as_block(x), as_block(b));
        }
    }
  };


  template <int dim>
  LinearSolver::LinearSolver(const TrilinosMatrix      &A,
                             const Discretization<dim> &discretization,
                             const Method               method)
    : implementation(std::make_unique<Implementation>())
  {
    implementation->A      = internal::make_sparse_view(A);
    implementation->method = method;
    implementation->dim    = dim;
    implementation->prototype.reinit(discretization.locally_owned_dofs(),
                                     discretization.communicator());
    require_no_constants(*implementation->A, A.linfty_norm(), discretization);
    if (method == Method::direct)
      {
        implementation->factorization = implementation->A->factorize(dim == 3);
        return;
      }

    internal::MultigridOptions options;
    options.elliptic     = method == Method::conjugate_gradients;
    options.higher_order = discretization.degree() > 1;
    if (discretization.n_components() > 1)
      dealii::DoFTools::extract_constant_modes(
        discretization.dof_handler(),
        dealii::ComponentMask(discretization.n_components(), true),
        options.constant_modes);
    implementation->preconditioner = implementation->A->multigrid(options);
  }


  LinearSolver::~LinearSolver() = default;


  void
  LinearSolver::solve(FEVector &x, const FEVector &b, const double tolerance)
  {
    // Solvers need vectors without ghosts, which would be out of date.
    FEVector local_x = implementation->prototype;
    FEVector local_b = implementation->prototype;
    local_b.copy_locally_owned_data_from(b);
    implementation->solve(local_x, local_b, tolerance);
    x.copy_locally_owned_data_from(local_x);
  }


  void
  LinearSolver::solve(const Block &X, const Block &B, const double tolerance)
  {
    const auto B_host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), B);
    const auto X_host = Kokkos::create_mirror_view(Kokkos::HostSpace(), X);

    if (implementation->method == Method::direct)
      implementation->solve_directly(X_host, B_host);
    else
      {
        FEVector x = implementation->prototype;
        FEVector b = implementation->prototype;
        for (std::size_t j = 0; j < B_host.extent(1); ++j)
          {
            std::copy_n(&B_host(0, j), B_host.extent(0), b.begin());
            implementation->solve(x, b, tolerance);
            std::copy_n(x.begin(), X_host.extent(0), &X_host(0, j));
          }
      }
    Kokkos::deep_copy(X, X_host);
  }


  unsigned int
  LinearSolver::n_iterations() const
  {
    return implementation->n_iterations;
  }


  template LinearSolver::LinearSolver(const TrilinosMatrix &,
                                      const Discretization<1> &,
                                      const Method);
  template LinearSolver::LinearSolver(const TrilinosMatrix &,
                                      const Discretization<2> &,
                                      const Method);
  template LinearSolver::LinearSolver(const TrilinosMatrix &,
                                      const Discretization<3> &,
                                      const Method);
} // namespace lsr
