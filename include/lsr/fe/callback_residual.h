// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_callback_residual_h
#define lsr_fe_callback_residual_h

#include <lsr/refine/residual.h>

#include <deal.II/base/index_set.h>
#include <deal.II/dofs/dof_handler.h>
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
   *   CallbackResidual<Vector<double>> residual(dof_handler, constraints);
   *   residual.take_callbacks(nonlinear_solver);
   *   residual.apply_jacobian = [&](const auto &x, auto &y) {
   *     jacobian_matrix.vmult(y, x);
   *   };
   * @endcode
   *
   * The vector is made to satisfy the constraints before residual() is called,
   * and constrained entries of what comes back are ignored. The Jacobian is
   * expected to be condensed, as
   * AffineConstraints::distribute_local_to_global() or
   * MatrixTools::apply_boundary_values() make it: in the row of a Dirichlet
   * value $g_i$ it has a diagonal entry $A_{ii}$ alone, and the residual of
   * this row is $A_{ii} (q_i - g_i)$, so that the refined network as a function
   * comes close to the boundary values, too. Rows of hanging nodes are zero.
   *
   * The norm of the residual is Euclidean if nothing is said; with row_weights,
   * rows are multiplied by them first; with solve_with_riesz_matrix, it is the
   * dual norm $f^T K^{-1} f$. For a symmetric positive definite Jacobian, the
   * best choice for $K$ is the Jacobian itself: with solve_with_jacobian, the
   * norm is $f^T A^{-1} f$, the energy of the error, at the cost of a solve for
   * each norm and none for the directions.
   *
   * Vectors may be Vector<double>, LinearAlgebra::distributed::Vector<double>,
   * TrilinosWrappers::MPI::Vector, or the block vectors of these.
   * LinearResidual has the callbacks of a linear problem.
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

    /// The same for the degrees of freedom of @p dof_handler.
    template <int dim>
    CallbackResidual(const dealii::DoFHandler<dim>           &dof_handler,
                     const dealii::AffineConstraints<double> &constraints)
      : CallbackResidual(dof_handler.locally_owned_dofs(),
                         constraints,
                         dof_handler.get_communicator())
    {}

    /// Without constraints, for programs that have put boundary values into
    /// matrix and right hand side: MatrixTools::apply_boundary_values().
    template <int dim>
    explicit CallbackResidual(const dealii::DoFHandler<dim> &dof_handler)
      : CallbackResidual(dof_handler, no_constraints())
    {}

    /// Take reinit_vector(), residual() and setup_jacobian() from a solver that
    /// has been set up: SUNDIALS::KINSOL, or another one with these members.
    template <typename NonlinearSolver>
    void
    take_callbacks(const NonlinearSolver &solver)
    {
      reinit_vector  = solver.reinit_vector;
      residual       = solver.residual;
      setup_jacobian = solver.setup_jacobian;
    }

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

    /// Optional: $y = K^{-1} x$ for the dual norm.
    std::function<void(const VectorType &x, VectorType &y)>
      solve_with_riesz_matrix;

    /**
     * Optional, for a symmetric positive definite Jacobian and in place of
     * solve_with_riesz_matrix: $y = A^{-1} x$, up to a residual of norm
     * @p tolerance, also in the rows of Dirichlet values: there, $y$ is $x$
     * divided by the diagonal, not 0. If the Jacobian depends on the solution,
     * the norm changes from linearization to linearization.
     */
    std::function<
      void(const VectorType &x, VectorType &y, const double tolerance)>
      solve_with_jacobian;

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

    /// The vector with locally owned entries @p column.
    VectorType
    to_vector(const Column &column) const;

    /// The vector with locally owned entries @p q that obeys the constraints.
    VectorType
    field(const Column &q) const;

  private:
    static const dealii::AffineConstraints<double> &
    no_constraints();

    void
    from_vector(const VectorType &vector, const Column &column) const;

    /// Set the rows of Dirichlet values of @p f to $A_{ii} (q_i - u_i)$.
    void
    evaluate_dirichlet_rows(const Column     &q,
                            const VectorType &u,
                            const Column     &f) const;

    /// Column by column: X to vectors, @p operation, and back.
    void
    for_each_column(const Block                              &X,
                    const Block                              &Y,
                    const std::function<void(const VectorType &x,
                                             VectorType &y)> &operation) const;

    const dealii::IndexSet                   owned;
    const dealii::AffineConstraints<double> &constraints;
    /// Rows of Dirichlet values, and whether any rank has some.
    std::vector<std::size_t> dirichlet;
    bool                     has_dirichlet;

    /// Rows of values that others determine: hanging nodes.
    std::vector<std::size_t> dependent;
  };
} // namespace lsr

#endif
