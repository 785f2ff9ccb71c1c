// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_finite_element_residual_h
#define lsr_fe_finite_element_residual_h

#include <lsr/base/types.h>
#include <lsr/fe/assembler.h>
#include <lsr/refine/residual.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  class BlockProduct;
  struct CompressedRows;
  struct Linearization;

  /**
   * How the size of an assembled residual $f$ is measured. For the Poisson
   * problem of the documentation the refined field ends up about 4, 2 and 1.6
   * times as far from the finite-element solution as the best field of the
   * tangent space.
   */
  enum class ResidualNorm
  {
    /// $f^T f$. Depends on the mesh: small cells count less.
    l2,
    /// $f^T M^{-1} f$ with the lumped mass matrix $M$: like the $L_2$ norm of a
    /// strong residual, whatever the mesh.
    mass,
    /// $f^T K^{-1} f$ with the symmetric positive definite part $K$ of the
    /// Jacobian: the $H^{-1}$ norm. For symmetric positive definite problems
    /// this is the error in the energy norm.
    dual,
    /// $f^T (M + c L)^{-1} f$ with mass matrix $M$ and Laplace matrix $L$ of
    /// the test functions (Assembler::sobolev_matrix()): the $H^{-1}$ norm
    /// whatever the equation is. For evolutions, with test functions that are
    /// discontinuous in time, that in space, summed over time.
    sobolev
  };

  /// The name in parameter files: l2, mass, dual or sobolev.
  std::string
  to_string(const ResidualNorm norm);

  /// The norm with this name; throws for any other name.
  ResidualNorm
  residual_norm(const std::string &name);



  /**
   * The assembled residual of a weak form as refine() wants it: $q$ are the
   * nodal values of a finite-element function, $f(q)$ is its residual, $A$ the
   * assembled Jacobian.
   *
   * Constraints act on $q$ and on every column of $J V$: hanging nodes and
   * strong Dirichlet conditions are eliminated, their rows of $f$ and of the
   * columns are zero. Where the constraints of the assembler leave Dirichlet
   * conditions out, the rows of $f$ that belong to them are $w (q_i - g_i)$
   * with the weight $w$ (the paper's boundary rows).
   *
   * The constructor sets the inner product of a ResidualNorm. With
   * ResidualNorm::dual the Gram matrix $K$ is that of Assembler::gram_matrix()
   * at the point of the first linearization, and stays; for symmetric positive
   * definite problems it is the Jacobian $A$. With ResidualNorm::sobolev it is
   * Assembler::sobolev_matrix(), with the given weight $c$.
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

    // The solver of the inner product refers to the matrix.
    FiniteElementResidual(const FiniteElementResidual &) = delete;
    FiniteElementResidual &
    operator=(const FiniteElementResidual &) = delete;

    ~FiniteElementResidual() override;

    void
    set_zero(const Block &columns) const override;

    void
    distribute(const Column &q) const override;

    /// The lumped mass matrix; its mean for constrained rows, and 0 for weak
    /// Dirichlet conditions, which are equations without a time derivative.
    void
    apply_mass(const Block &X, const Block &MX) override;

    void
    require_mass() const override
    {}

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

    /// A number made from the entries of the Jacobian, and from what belongs to
    /// them.
    std::uint64_t
    jacobian_version() const override;

    /**
     * This residual linearized at @p q, constraints obeyed, as arrays that need
     * no finite elements (lsr/refine/linear_case.h): for linear
     * problems the residual itself. Throws with more than one rank, and for
     * norms that need another matrix than the Jacobian: all but l2, mass, and
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
    /// The inner product of a matrix.
    class Dual;

    /// Assemble $A$ at @p q unless it is there and stays.
    void
    update_jacobian(const Column &q);

    /// Whether the Gram matrix $K$ of the dual norm is the Jacobian $A$.
    bool
    jacobian_is_gram_matrix() const;

    /// Products with $A$; throws if there is none yet.
    const BlockProduct &
    jacobian() const;

    /// The rows of apply_jacobian(), scaled for the inner product.
    CompressedRows
    jacobian_rows() const;

    /// The lumped mass matrix; its mean for constrained rows.
    HostColumn
    lumped_mass() const;

    const Assembler<dim> &assembler;
    const ResidualNorm    kind;

    /// Rows that are constrained; rows of weak Dirichlet conditions, and
    /// values.
    std::vector<std::size_t>                    constrained;
    std::vector<std::pair<std::size_t, double>> dirichlet_rows;
    const double                                dirichlet_row_weight;

    using Indices = Kokkos::View<std::size_t *, MemorySpace>;

    /// The rows above in views, where blocks are.
    struct
    {
      Indices constrained, dirichlet;
    } views;

    /// The diagonal of the matrix of apply_mass(), as soon as it is needed.
    std::optional<Column> mass;

    /// $A$, as soon as it is assembled with its product.
    dealii::TrilinosWrappers::SparseMatrix A;
    std::unique_ptr<const BlockProduct>    product;

    /// Of the norms dual and sobolev.
    std::shared_ptr<Dual> dual;
  };
} // namespace lsr

#endif
