// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_objectives_h
#define lsr_fe_objectives_h

#include <lsr/fe/callback_residual.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "fe/krylov.h"

namespace lsr::internal
{
  /**
   * A residual of a program made regular: of a Jacobian that is negative
   * definite the sign is turned, and where constants $c$ (with $A c = 0$) are
   * free, they are those of $q_0$,
   * @f[
   *   f(q) + w\, M c\, c^T M (q - q_0), \qquad A + w\, M c\, (M c)^T .
   * @f]
   * The solutions are the same, up to the constants, and $A$ is not singular
   * any more.
   */
  class RegularResidual : public Residual
  {
  public:
    explicit RegularResidual(ProgramResidual &program);

    void
    turn_sign()
    {
      sign = -1.;
    }

    /// Keep the constant @p c with the given $M c$ and weight.
    void
    keep_constant(const Column &c,
                  const Column &Mc,
                  const double  weight,
                  const Column &q0);

    /// How often a Jacobian was taken that may differ from the one before.
    std::uint64_t
    n_jacobians() const
    {
      return version;
    }

    void
    set_zero(const Block &columns) const override;

    void
    distribute(const Column &q) const override;

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

    /// $A^{-1}$ with the inverse of the program, which need not know what to do
    /// with constants.
    void
    inverse(const Column &x, const Column &y);

    ProgramResidual &program;

  private:
    struct Constant
    {
      Column c, Mc;
      double weight;
      Column q0;
    };

    /// $Y += w\, M c\, (M c)^T X$ for all constants.
    void
    add_constants(const Block &X, const Block &Y) const;

    double                sign    = 1.;
    std::uint64_t         version = 0;
    std::vector<Constant> constants;
  };



  /// The inner product of a program, for its RegularResidual.
  class GivenProduct : public InnerProduct
  {
  public:
    GivenProduct(const std::shared_ptr<InnerProduct> &product,
                 const RegularResidual               &residual);

    bool
    diagonal() const override;

    void
    scale(const Block &F) const override;

    Block
    solve(const Block &F) override;

    bool
    gram_is_jacobian_of(const Residual &other) const override;

  private:
    const std::shared_ptr<InnerProduct> product;
    const RegularResidual              &residual;
  };



  /// $f^T A^{-1} f$, by conjugate gradients. Throws NotPositiveDefinite also
  /// where they do not converge.
  class Energy : public InnerProduct
  {
  public:
    explicit Energy(RegularResidual &residual);

    bool
    diagonal() const override
    {
      return false;
    }

    Block
    solve(const Block &F) override;

    bool
    gram_is_jacobian_of(const Residual &other) const override
    {
      return &other == &residual;
    }

  private:
    /// The same norms are asked for again and again.
    struct Solution
    {
      std::uint64_t version;
      Column        f, x;
    };

    Column
    solve(const Column &f);

    RegularResidual      &residual;
    const Krylov          krylov;
    std::vector<Solution> known;
  };



  /// The error itself, $A^{-1} f(q)$, with the inverse of the program. Where
  /// $f$ is affine it is needed once.
  class ErrorResidual : public Residual
  {
  public:
    explicit ErrorResidual(RegularResidual &residual);

    /// $\|A e - f\| / \|f\|$ for the last solve, in the norm of @p product.
    double
    defect(InnerProduct &product) const;

    void
    set_zero(const Block &columns) const override;

    void
    distribute(const Column &q) const override;

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

  private:
    RegularResidual &residual;

    /// The last solve: this error of these values.
    struct
    {
      Column q, f, error;
    } known;
  };
} // namespace lsr::internal

#endif
