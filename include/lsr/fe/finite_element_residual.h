// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_finite_element_residual_h
#define lsr_fe_finite_element_residual_h

#include <lsr/dense/host.h>
#include <lsr/fe/assembler.h>
#include <lsr/fe/block_product.h>
#include <lsr/fe/linear_solver.h>
#include <lsr/fe/residual_norm.h>
#include <lsr/refine/residual.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>

#include <memory>
#include <optional>
#include <vector>

namespace lsr
{
  struct CompressedRows;
  struct Linearization;

  /**
   * The assembled residual of a weak form as refine() wants it: $q$ are the
   * nodal values of a finite-element function, $f(q)$ is its residual, $A$ the
   * assembled tangent.
   *
   * Constraints act on $q$ and on every column of $J V$: hanging nodes and
   * strong Dirichlet conditions are eliminated, their rows of $f$ and of the
   * columns are zero. Where the constraints of the assembler leave Dirichlet
   * conditions out, the rows of $f$ that belong to them are $w (q_i - g_i)$
   * with the weight $w$ (the paper's boundary rows).
   *
   * With ResidualNorm::dual the matrix $K$ is that of
   * Assembler::riesz_matrix() at the point of the first linearization, and
   * stays; for symmetric positive definite problems it is the tangent $A$. With
   * ResidualNorm::sobolev it is Assembler::sobolev_matrix(), with the given
   * weight $c$.
   */
  template <int dim>
  class FiniteElementResidual : public Residual
  {
  public:
    /// The assembler has to live as long as this object. Throws if a dual norm
    /// is asked for together with Dirichlet rows.
    FiniteElementResidual(const Assembler<dim> &assembler,
                          const ResidualNorm    norm,
                          const double          dirichlet_row_weight = 100.,
                          const double          sobolev_weight       = 1.);

    void
    constrain(const Block &columns) const override;

    void
    conform(const Column &q) const override;

    /// The lumped mass matrix; its mean for constrained rows, and 0 for weak
    /// Dirichlet conditions, which are equations without a time derivative.
    void
    apply_mass(const Block &X, const Block &MX) override;

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_tangent(const Block &X, const Block &AX) override;

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override;

    bool
    euclidean() const override;

    Block
    riesz(const Block &X, const Block &AX) override;

    Block
    solve_riesz(const Block &F) override;

    double
    norm(const Column &f) override;

    /**
     * This residual linearized at @p q, constraints obeyed, as arrays that need
     * no finite elements (lsr/refine/linearized_residual.h): for linear
     * problems the residual itself. Throws with more than one rank, and for
     * norms that need a matrix other than the tangent: all but l2, mass, and
     * the dual norm where the matrix $K$ is $A$.
     */
    Linearization
    linearization(const Column &q);

    /// The finite-element function with nodal values @p q, constraints obeyed.
    FEVector
    field(const Column &q) const;

    /// The other way round: locally owned entries of @p u.
    Column
    values(const FEVector &u) const;

  private:
    /// Assemble $A$ at @p q unless it is there and stays.
    void
    update_tangent(const Column &q);

    /// Whether the matrix $K$ of the dual norm is the tangent $A$.
    bool
    tangent_is_riesz_matrix() const;

    /// Products with $A$; throws if there is none yet.
    const BlockProduct &
    tangent() const;

    /// The rows of apply_tangent().
    CompressedRows
    tangent_rows() const;

    /// The solver of the dual norm; throws if it is not defined yet.
    LinearSolver &
    dual_solver() const;

    /// Multiply rows by the factors that make the norm Euclidean.
    void
    scale_rows(const Block &rows) const;

    /// The diagonal of the matrix of apply_mass().
    HostColumn
    make_mass() const;

    const Assembler<dim> &assembler;
    const ResidualNorm    kind;

    /// Rows that are constrained; rows of weak Dirichlet conditions, and
    /// values.
    std::vector<std::size_t>                    constrained;
    std::vector<std::pair<std::size_t, double>> dirichlet_rows;
    const double                                dirichlet_row_weight;

    /// $M^{-1/2}$ for the mass norm, otherwise empty.
    std::vector<double> row_scaling;

    using Indices = Kokkos::View<std::size_t *, MemorySpace>;

    /// The rows and factors above in views, where blocks are.
    struct
    {
      Indices constrained, dirichlet;
      Column  row_scaling;
    } views;

    /// What make_mass() returned, as soon as it is needed, where blocks are.
    std::optional<Column> mass;

    /// $A$, as soon as it is assembled with its product.
    dealii::TrilinosWrappers::SparseMatrix A;
    std::unique_ptr<const BlockProduct>    product;

    void
    set_up_riesz_solver(const dealii::TrilinosWrappers::SparseMatrix &matrix);

    /// $K$ and its solver; $K$ is not used where it is $A$.
    dealii::TrilinosWrappers::SparseMatrix K;
    std::unique_ptr<LinearSolver>          riesz_solver;
  };
} // namespace lsr

#endif
