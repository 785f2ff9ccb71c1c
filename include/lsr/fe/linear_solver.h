// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_linear_solver_h
#define lsr_fe_linear_solver_h

#include <lsr/base/types.h>
#include <lsr/fe/discretization.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>

#include <memory>

namespace lsr
{
  /**
   * Solves $A x = b$ with a finite-element matrix, for one vector or for a
   * block of right hand sides.
   *
   * Iterative methods are preconditioned by algebraic multigrid; where the
   * matrix is such that they do not converge, for example where advection
   * dominates, the solver falls back to a factorization. The direct method
   * factorizes once (by KLU, or in 3D by MUMPS where Trilinos has it) and is
   * the method of choice for many right hand sides.
   *
   * The matrix has to live as long as the solver.
   */
  class LinearSolver
  {
  public:
    enum class Method
    {
      /// For symmetric positive definite matrices.
      conjugate_gradients,
      gmres,
      direct
    };

    /// The method for Jacobians of @p weak_form: multigrid knows nothing of
    /// evolutions and saddle points.
    template <int dim>
    static Method
    method_for(const WeakForm<dim>       &weak_form,
               const Discretization<dim> &discretization)
    {
      if (discretization.petrov_galerkin_in_time() ||
          discretization.has_multiplier())
        return Method::direct;
      return weak_form.is_symmetric_positive_definite() ?
               Method::conjugate_gradients :
               Method::gmres;
    }

    /// Set up preconditioner or factorization. Collective.
    template <int dim>
    LinearSolver(const dealii::TrilinosWrappers::SparseMatrix &A,
                 const Discretization<dim>                    &discretization,
                 const Method                                  method);

    ~LinearSolver();

    /**
     * Solve $A x = b$. Iterations start with zero and end when the norm of the
     * residual has fallen by the factor @p tolerance. Collective.
     */
    void
    solve(FEVector &x, const FEVector &b, const double tolerance = 1e-12);

    /**
     * Solve $A X = B$ with blocks of locally owned rows, see multiply().
     * @p X and @p B may be the same block. Collective.
     */
    void
    solve(const Block &X, const Block &B, const double tolerance = 1e-12);

    /// Iterations of all iterative solves so far.
    unsigned int
    n_iterations() const;

  private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation;
  };
} // namespace lsr

#endif
