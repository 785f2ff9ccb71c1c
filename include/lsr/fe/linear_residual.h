// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_linear_residual_h
#define lsr_fe_linear_residual_h

#include <lsr/fe/callback_residual.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/lac/precondition.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>

#include <algorithm>
#include <string>

namespace lsr
{
  /**
   * The residual $f(u) = A u - b$ of a linear problem that a program has
   * assembled:
   *
   * @code
   *   LinearResidual residual(dof_handler, constraints,
   *                           system_matrix, system_rhs);
   *   residual.minimize_energy(); // if the matrix is positive definite
   * @endcode
   *
   * $A$ is anything with vmult(y, x): a sparse matrix, a block matrix, a
   * matrix-free operator. Constraints are expected to be condensed into matrix
   * and right hand side, see CallbackResidual, all of whose members can be set.
   */
  template <typename MatrixType, typename VectorType>
  class LinearResidual : public CallbackResidual<VectorType>
  {
  public:
    /// All arguments must live as long as this object. Their values may change
    /// between two refinements.
    template <int dim>
    LinearResidual(const dealii::DoFHandler<dim>           &dof_handler,
                   const dealii::AffineConstraints<double> &constraints,
                   const MatrixType                        &system_matrix,
                   const VectorType                        &system_rhs)
      : CallbackResidual<VectorType>(dof_handler, constraints)
      , A(&system_matrix)
    {
      set_callbacks(system_rhs);
    }

    /// For programs that have put boundary values into matrix and right hand
    /// side, and have no other constraints.
    template <int dim>
    LinearResidual(const dealii::DoFHandler<dim> &dof_handler,
                   const MatrixType              &system_matrix,
                   const VectorType              &system_rhs)
      : CallbackResidual<VectorType>(dof_handler)
      , A(&system_matrix)
    {
      set_callbacks(system_rhs);
    }

    /**
     * Let the norm of the residual be the energy norm of the error,
     * $f^T A^{-1} f$: for symmetric positive definite matrices. Sets
     * solve_with_jacobian to conjugate gradients without a preconditioner; set
     * it to the program's own solver if that is faster.
     */
    void
    minimize_energy();

    /**
     * Let the norm of the residual be $f^T K^{-1} f$ with a matrix $K$ of
     * diagonal blocks: for saddle-point problems, where the norms of velocity
     * and pressure, say, are known, but not that of both together. The
     * arguments, one for each block of the vector, multiply by the inverse of
     * a block in vmult(y, x): a direct solver, or the preconditioners of the
     * program, if they are symmetric and positive definite. They must live as
     * long as this object. Sets solve_with_gram_matrix in place of
     * minimize_energy().
     */
    template <typename... Preconditioners>
    void
    use_block_preconditioner(const Preconditioners &...preconditioners);

  private:
    void
    set_callbacks(const VectorType &system_rhs);

    const MatrixType *A;
  };



  template <typename MatrixType, typename VectorType>
  void
  LinearResidual<MatrixType, VectorType>::set_callbacks(
    const VectorType &system_rhs)
  {
    this->reinit_vector = [&b = system_rhs](VectorType &v) { v.reinit(b); };
    this->residual      = [A = A, &b = system_rhs](const VectorType &u,
                                              VectorType       &f) {
      A->vmult(f, u);
      f -= b;
    };
    this->apply_jacobian = [A = A](const VectorType &x, VectorType &y) {
      A->vmult(y, x);
    };
  }



  template <typename MatrixType, typename VectorType>
  void
  LinearResidual<MatrixType, VectorType>::minimize_energy()
  {
    this->solve_with_jacobian =
      [A = A](const VectorType &x, VectorType &y, const double tolerance) {
        y = 0.;
        dealii::SolverControl control(std::max<unsigned int>(1000, x.size()),
                                      tolerance);
        try
          {
            dealii::SolverCG<VectorType>(control).solve(
              *A, y, x, dealii::PreconditionIdentity());
          }
        catch (const dealii::SolverControl::NoConvergence &)
          {
            AssertThrow(
              false,
              dealii::ExcMessage(
                "LinearResidual::minimize_energy(): conjugate gradients did "
                "not converge in " +
                std::to_string(control.last_step()) +
                " steps; expected a symmetric positive definite matrix."));
          }
      };
  }



  template <typename MatrixType, typename VectorType>
  template <typename... Preconditioners>
  void
  LinearResidual<MatrixType, VectorType>::use_block_preconditioner(
    const Preconditioners &...preconditioners)
  {
    this->solve_with_jacobian     = nullptr; // which would have precedence
    this->solve_with_gram_matrix = [&preconditioners...](const VectorType &x,
                                                          VectorType       &y) {
      AssertThrow(x.n_blocks() == sizeof...(preconditioners),
                  dealii::ExcMessage(
                    "LinearResidual::use_block_preconditioner(): " +
                    std::to_string(sizeof...(preconditioners)) +
                    " preconditioners for a vector of " +
                    std::to_string(x.n_blocks()) + " blocks."));
      unsigned int block = 0;
      ((preconditioners.vmult(y.block(block), x.block(block)), ++block), ...);
    };
  }
} // namespace lsr

#endif
