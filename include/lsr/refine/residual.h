// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_residual_h
#define lsr_refine_residual_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <cstddef>

namespace lsr
{
  /**
   * A residual $f(q)$ of the network's values $q$ at given points, with its
   * tangent $A = \partial f / \partial q$ and the norm in which it is measured.
   *
   * Rows of $q$ and of $f$ are distributed over the ranks of communicator();
   * every function takes and returns the rows of this rank. evaluate(),
   * apply_tangent(), apply_mass(), riesz() and norm() are collective.
   *
   * The norm is either Euclidean,
   * $\|f\|^2 = f^T f$ (implementations scale their rows for any other diagonal
   * norm), or dual,
   * $\|f\|^2 = f^T K^{-1} f$ with a symmetric positive definite $K$; then
   * riesz() applies $K^{-1}$ after the tangent.
   */
  class Residual
  {
  public:
    virtual ~Residual() = default;

    /// Rows of $q$ on this rank.
    std::size_t
    n_values() const
    {
      return n_values_;
    }

    /// Rows of $f$ on this rank.
    std::size_t
    n_rows() const
    {
      return n_rows_;
    }

    /// The ranks that share the rows.
    const Communicator &
    communicator() const
    {
      return communicator_;
    }

    /**
     * Zero the rows of @p columns (values of $J V$) that are determined by
     * constraints and not by the network: Dirichlet values, hanging nodes.
     */
    virtual void
    constrain(const Block & /*columns*/) const
    {}

    /// Give the rows of @p q that constraints determine the values that they
    /// demand. Collective.
    virtual void
    conform(const Column & /*q*/) const
    {}

    /**
     * Compute $M X$ with the matrix that makes $M\,\partial_\tau q = -f(q)$ an
     * evolution in pseudo-time. It has the rows of $f$, with their scaling, and
     * the columns of $q$: a (lumped) mass matrix, or one that picks for each
     * equation the value that it determines. Here it is the identity, which
     * needs as many rows as values.
     */
    virtual void
    apply_mass(const Block &X, const Block &MX);

    /// Compute $M^T X$. Here $M$ is taken to be symmetric.
    virtual void
    apply_transposed_mass(const Block &X, const Block &MTX);

    /// Compute $f(q)$.
    virtual void
    evaluate(const Column &q, const Column &f) = 0;

    /// Make @p q the point at which the tangent $A$ is taken.
    virtual void
    linearize(const Column &q) = 0;

    /// Compute $A X$ for a block of constrained columns.
    virtual void
    apply_tangent(const Block &X, const Block &AX) = 0;

    /// Compute $A^T X$; needed by subspaces built from the residual Jacobian.
    virtual void
    apply_transposed_tangent(const Block &X, const Block &ATX) = 0;

    /// Whether norm() is Euclidean. If not, riesz() is used.
    virtual bool
    euclidean() const
    {
      return true;
    }

    /**
     * Return $K^{-1} A X$, given $X$ and $A X$. Where $K = A$ this is $X$
     * itself. Called only if euclidean() is false; throws otherwise.
     */
    virtual Block
    riesz(const Block &X, const Block &AX);

    /// Return $K^{-1} F$ for rows of any kind. Called only if euclidean() is
    /// false; throws otherwise.
    virtual Block
    solve_riesz(const Block &F);

    /// The norm of @p f over all ranks. Here it is Euclidean.
    virtual double
    norm(const Column &f);

  protected:
    Residual(const std::size_t   n_values,
             const std::size_t   n_rows,
             const Communicator &communicator = Communicator());

    // No slices of residuals.
    Residual(const Residual &) = default;
    Residual &
    operator=(const Residual &) = default;

  private:
    std::size_t  n_values_, n_rows_;
    Communicator communicator_;
  };
} // namespace lsr

#endif
