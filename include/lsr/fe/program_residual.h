// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_program_residual_h
#define lsr_fe_program_residual_h

#include <lsr/refine/residual.h>

#include <cstddef>
#include <vector>

namespace lsr
{
  /// A residual of a program with what its user has said about norms; see
  /// refine_and_check().
  class ProgramResidual : public Residual
  {
  public:
    /// What is to be minimized.
    enum class Objective
    {
      /// The user has not said, refine_and_check() chooses.
      automatic,
      /// The norm of the inner product, which the user has set.
      given,
      /// The error itself, in $L_2$, with inverse() as $A^{-1}$.
      error
    };

    virtual Objective
    objective() const = 0;

    /// Whether $f$ is affine in $q$.
    virtual bool
    is_affine() const = 0;

    /// Linearize at @p q, and find out which rows are boundary values that
    /// somebody has put into the matrix. Collective.
    virtual void
    prepare(const Column &q) = 0;

    /// Zero the rows of all values that constraints or boundary conditions
    /// determine; set_zero() leaves those whose values the network should come
    /// close to as a function.
    virtual void
    set_fixed_to_zero(const Block &columns) const = 0;

    /// Whether the user gave an inverse().
    virtual bool
    has_inverse() const = 0;

    /// Factorize the Jacobian, as it is linearized, for inverse() until the
    /// next prepare(), with something added to the diagonal of rows @p pinned
    /// (of this rank), so that it is not singular; returns whether that was
    /// possible at a cost that is small.
    virtual bool
    factorize(const std::vector<std::size_t> &pinned) = 0;

    /// $y = A^{-1} x$, or what the user gave as an approximation of it.
    virtual void
    inverse(const Column &x, const Column &y) = 0;

  protected:
    using Residual::Residual;
  };
} // namespace lsr

#endif
