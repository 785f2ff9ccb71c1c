// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_newton_residual_h
#define lsr_fe_newton_residual_h

#include <lsr/fe/linear_residual.h>

#include <functional>
#include <memory>

namespace lsr
{
  /**
   * The residual of a program with a Newton loop of its own, which assembles
   * the Jacobian $A$ and the right hand side $b = -f(u)$ at its present
   * solution $u$, and solves $A\,\delta u = b$:
   *
   * @code
   *   NewtonResidual residual(dof_handler,
   *                           {hanging_node_constraints,
   * BoundaryValues<dim>()}, system_matrix, system_rhs, present_solution,
   *                           [&]() { assemble_system(); });
   * @endcode
   *
   * Whenever $f$ or $A$ are needed, the network's field becomes the present
   * solution and assemble() is called; then the present solution has its values
   * again. The matrix and the right hand side are left as they were assembled
   * last.
   *
   * Constraints are those of the solution, with its boundary values, in any of
   * the forms of SolutionConstraints. Those of the update $\delta u$, which are
   * homogeneous, serve as well if the present solution obeys the boundary
   * values, as it does from the first step on: constraints without any
   * inhomogeneities are obeyed by the difference between field and present
   * solution. As in CallbackResidual, they are expected to be condensed into
   * matrix and right hand side.    */
  template <typename MatrixType, typename VectorType>
  class NewtonResidual : public MatrixResidual<MatrixType, VectorType>
  {
  public:
    /**
     * @p assemble fills @p system_matrix and @p system_rhs, and reads
     * @p solution, which may have ghost entries. If
     * @p assemble_rhs is given, it fills @p system_rhs alone and leaves the
     * matrix as it is, which is faster where only $f$ is needed. All of them
     * must live as long as this object.
     */
    template <int dim, int spacedim>
    NewtonResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const MatrixType                                        &system_matrix,
      const VectorType                                        &system_rhs,
      VectorType                                              &solution,
      const std::function<void()>                             &assemble,
      const std::function<void()> &assemble_rhs = {})
      : NewtonResidual(dof_handler,
                       constraints,
                       std::make_shared<Program>(
                         Program{solution,
                                 system_matrix,
                                 system_rhs,
                                 assemble,
                                 assemble_rhs ? assemble_rhs : assemble,
                                 static_cast<bool>(assemble_rhs)}))
    {}

    template <int dim,
              int spacedim,
              typename Assembly,
              std::enable_if_t<!std::is_invocable_v<Assembly>, int> = 0>
    NewtonResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const MatrixType                                        &matrix,
      const VectorType                                        &rhs,
      VectorType &,
      Assembly &&)
      : MatrixResidual<MatrixType, VectorType>(
          dof_handler,
          constraints,
          [&matrix]() -> const MatrixType & { return matrix; },
          rhs)
    {
      static_assert(std::is_invocable_v<Assembly>,
                    "lsr: assemble is to be called without arguments: "
                    "[&]() { assemble_system(); }, say.");
    }

    /// CallbackResidual::minimize_error() with an inverse that may solve with
    /// the program's matrix, whichever this is: when it is called, the matrix
    /// is the Jacobian where the residual was linearized. It may overwrite the
    /// right hand side.
    template <typename Inverse>
    void
    minimize_error(const Inverse &inverse)
    {
      MatrixResidual<MatrixType, VectorType>::minimize_error(inverse);
      this->solve_for_error =
        [A = this->A, solve = this->solve_for_error](const VectorType &x,
                                                     VectorType       &y) {
          A();
          solve(x, y);
        };
    }

  private:
    /// What the callbacks share, also those of copies.
    struct Program
    {
      /// Assemble at @p u.
      void
      run(const std::function<void()> &assembly, const VectorType &u)
      {
        const VectorType present(solution);
        solution = u;
        try
          {
            assembly();
          }
        catch (...)
          {
            solution = present;
            throw;
          }
        solution = present;
      }

      /// The matrix where residual() was linearized.
      const MatrixType &
      jacobian()
      {
        if (!matrix_is_jacobian)
          run(assemble, linearized_at);
        matrix_is_jacobian = true;
        return matrix;
      }

      VectorType                 &solution;
      const MatrixType           &matrix;
      const VectorType           &rhs;
      const std::function<void()> assemble, assemble_rhs;
      const bool                  matrix_survives_rhs;
      VectorType                  linearized_at      = {};
      bool                        matrix_is_jacobian = false;
    };

    template <int dim, int spacedim>
    NewtonResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const std::shared_ptr<Program>                          &program)
      : MatrixResidual<MatrixType, VectorType>(
          dof_handler,
          constraints.lifted_by(dof_handler, program->solution),
          [program]() -> const MatrixType & { return program->jacobian(); },
          program->rhs)
    {
      this->residual = [program](const VectorType &u, VectorType &f) {
        program->run(program->assemble_rhs, u);
        if (program->linearized_at.size() == 0) // let this be where
          program->linearized_at = u;
        if (!program->matrix_survives_rhs)
          program->matrix_is_jacobian = false;
        f = program->rhs;
        f *= -1.;
      };
      this->setup_jacobian = [program](const VectorType &u,
                                       const VectorType & /*f*/) {
        program->linearized_at = u;
        // residual(u) has just been assembled, together with the matrix
        program->matrix_is_jacobian = !program->matrix_survives_rhs;
      };
    }
  };
} // namespace lsr

#endif
