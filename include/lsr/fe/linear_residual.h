// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_linear_residual_h
#define lsr_fe_linear_residual_h

#include <lsr/fe/matrix_residual.h>

namespace lsr
{
  /**
   * The residual $f(u) = A u - b$ of a linear problem that a program has
   * assembled:
   *
   * @code
   *   LinearResidual residual(dof_handler, constraints,
   *                           system_matrix, system_rhs);
   * @endcode
   *
   * $A$ is anything with vmult(y, x): a sparse matrix, a block matrix, a
   * matrix-free operator. Constraints are expected to be condensed into matrix
   * and right hand side, see CallbackResidual, all of whose members can be set.
   */
  template <typename MatrixType, typename VectorType>
  class LinearResidual : public MatrixResidual<MatrixType, VectorType>
  {
  public:
    /// The constraints are those of the solution, see SolutionConstraints. All
    /// other arguments must live as long as this object. Their values may
    /// change between two refinements.
    template <int dim, int spacedim>
    LinearResidual(
      const dealii::DoFHandler<dim, spacedim>                 &dof_handler,
      const std::common_type_t<SolutionConstraints<spacedim>> &constraints,
      const MatrixType                                        &system_matrix,
      const VectorType                                        &system_rhs)
      : MatrixResidual<MatrixType, VectorType>(
          dof_handler,
          constraints,
          [&system_matrix]() -> const MatrixType & { return system_matrix; },
          system_rhs)
    {
      this->residual = [&A = system_matrix,
                        &b = system_rhs](const VectorType &u, VectorType &f) {
        A.vmult(f, u);
        f -= b;
      };
    }

    /// For programs that have put boundary values into matrix and right hand
    /// side, and have no other constraints.
    template <int dim, int spacedim>
    LinearResidual(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                   const MatrixType                        &system_matrix,
                   const VectorType                        &system_rhs)
      : LinearResidual(dof_handler,
                       typename SolutionConstraints<spacedim>::BoundaryValues(),
                       system_matrix,
                       system_rhs)
    {}
  };
} // namespace lsr

#endif
