// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_galerkin_residual_h
#define lsr_refine_galerkin_residual_h

#include <lsr/refine/residual.h>

namespace lsr
{
  /**
   * A residual that is tested by some columns only, $Q^T f(q)$ with the tangent
   * $Q^T A$: Galerkin's method in the space of these columns. With those of a
   * TangentSpace, refine() solves the $r$ equations $Q^T f(q + Q z) = 0$ for
   * the $r$ unknowns by Newton's method.
   *
   * Where $A$ is symmetric and positive definite the result is that of the dual
   * norm with $K = A$, the best in the energy, without a linear system of the
   * size of the mesh: the norm of $f$ is not needed, only that of $Q^T f$. What
   * the columns do not see remains unseen: a refined residual of zero says
   * nothing about the error. With RefinementParameters::tolerance the iteration
   * ends before it meets rounding. The method is not for problems that are far
   * from symmetric, such as evolutions in space and time.
   *
   * The reduced matrix $Q^T A Q$, the most expensive part, is kept. It is used
   * again, also with another residual, as long as the tangent maps a random
   * combination of the columns to exactly the same as before: for instances of
   * a problem that differ in sources and boundary values it is computed once.
   *
   * Rows of the residual must be plain: not scaled, as for the mass norm, and
   * one for each value. The $r$ rows belong to the first rank.
   */
  class GalerkinResidual : public Residual
  {
  public:
    /// @p columns are constrained columns of values. Throws lsr::Error if they
    /// do not have the rows of @p residual, which has to live as long as it is
    /// used, until another one takes its place.
    GalerkinResidual(Residual &residual, const Block &columns);

    /// Go on with another residual of the same values. Throws as the
    /// constructor does.
    void
    set_residual(Residual &residual);

    /// How often the reduced matrix was computed.
    unsigned int
    n_reduced_matrices() const;

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

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override;

  private:
    /// $Q^T F$ on the first rank.
    void
    test(const Block &F, const Block &QTF) const;

    /// $A X$ of the residual that is tested.
    Block
    full_tangent(const Block &X) const;

    /// Whether the tangent is the one of the reduced matrix.
    bool
    tangent_is_known();

    Residual    *residual;
    const Block  Q;
    const Column probe;
    Column       image_of_probe;
    Block        reduced_matrix;
    unsigned int count = 0;
  };
} // namespace lsr

#endif
