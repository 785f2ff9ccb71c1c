// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_callback_residual_h
#define lsr_fe_callback_residual_h

#include <lsr/refine/residual.h>

#include <deal.II/base/index_set.h>
#include <deal.II/lac/affine_constraints.h>

#include <functional>
#include <vector>

namespace lsr
{
  /**
   * The residual of a program that has its own assembly, by callbacks with the
   * names and arguments of deal.II's wrappers for nonlinear solvers
   * (SUNDIALS::KINSOL, TrilinosWrappers::NOXSolver): a program that has these
   * hands them over unchanged.
   *
   * @code
   *   CallbackResidual<Vector<double>>
   * residual(dof_handler.locally_owned_dofs(), constraints, MPI_COMM_SELF);
   *   residual.reinit_vector   = [&](auto &v) { v.reinit(dof_handler.n_dofs());
   * }; residual.residual        = [&](const auto &u, auto &f) {
   *     system_matrix.vmult(f, u);
   *     f -= system_rhs;
   *   };
   *   residual.apply_jacobian  = [&](const auto &x, auto &y) {
   *     system_matrix.vmult(y, x);
   *   };
   * @endcode
   *
   * Constraints act as in FiniteElementResidual: the vector is made to satisfy
   * them before residual() is called, constrained entries of what comes back
   * are ignored, and columns of $J V$ are zero there. The Jacobian is expected
   * to be condensed, as AffineConstraints::distribute_local_to_global() or
   * MatrixTools::apply_boundary_values() make it.
   *
   * The norm of the residual is Euclidean if nothing is said; with row_weights,
   * rows are multiplied by them first; with solve_with_riesz_matrix, it is the
   * dual norm $f^T K^{-1} f$. For a symmetric positive definite Jacobian, the
   * program's own solver is the best choice for $K^{-1}$; then
   * riesz_is_jacobian saves a solve for each direction.
   *
   * Vectors may be Vector<double>, LinearAlgebra::distributed::Vector<double>
   * or TrilinosWrappers::MPI::Vector.
   */
  template <typename VectorType>
  class CallbackResidual : public Residual
  {
  public:
    /**
     * @p constraints, which must live as long as this object, are those of the
     * solution: hanging nodes and Dirichlet values.
     */
    CallbackResidual(const dealii::IndexSet &locally_owned_dofs,
                     const dealii::AffineConstraints<double> &constraints,
                     const MPI_Comm                           communicator);

    /// Give a vector the size (and ghost entries) that residual() expects.
    std::function<void(VectorType &v)> reinit_vector;

    /// Compute $f(u)$.
    std::function<void(const VectorType &u, VectorType &f)> residual;

    /// Prepare apply_jacobian() for @p current_u. May be empty if the Jacobian
    /// does not depend on it.
    std::function<void(const VectorType &current_u,
                       const VectorType &current_f)>
      setup_jacobian;

    /// Compute $y = A x$ with the Jacobian $A$ of the residual.
    std::function<void(const VectorType &x, VectorType &y)> apply_jacobian;

    /// Optional: $K^{-1} x$ for the dual norm.
    std::function<void(const VectorType &x, VectorType &y)>
      solve_with_riesz_matrix;

    /// Whether solve_with_riesz_matrix() solves with the Jacobian itself.
    bool riesz_is_jacobian = false;

    /// Optional: factors of the rows of the residual, locally owned.
    std::vector<double> row_weights;

    void
    constrain(const Block &columns) const override;

    void
    conform(const Column &q) const override;

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_tangent(const Block &X, const Block &AX) override;

    /// Not available from callbacks: throws.
    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override;

    bool
    euclidean() const override;

    Block
    riesz(const Block &X, const Block &AX) override;

    double
    norm(const Column &f) override;

    /// The vector with locally owned entries @p q that obeys the constraints.
    VectorType
    field(const Column &q) const;

  private:
    VectorType
    to_vector(const Column &column) const;

    void
    from_vector(const VectorType &vector, const Column &column) const;

    /// Column by column: X to vectors, @p operation, and back.
    void
    for_each_column(const Block                              &X,
                    const Block                              &Y,
                    const std::function<void(const VectorType &x,
                                             VectorType &y)> &operation) const;

    const dealii::IndexSet                   owned;
    const dealii::AffineConstraints<double> &constraints;
    std::vector<std::size_t>                 constrained;
  };
} // namespace lsr

#endif
