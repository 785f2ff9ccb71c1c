// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_tangent_space_h
#define lsr_refine_tangent_space_h

#include <lsr/dense/orthonormalization.h>
#include <lsr/refine/refinement.h>

#include <cstdint>
#include <optional>

namespace lsr
{
  /**
   * The values that a network can reach to first order from where it is: the
   * range of $J V$, with a well-conditioned basis over all ranks, $J V = B R$
   * (see well_conditioned_basis()).
   *
   * refine() makes it of a tangent basis first. For a linear problem this is
   * the larger part of its work: $J V$ at all points, $n r^2$
   * operations for the basis, and $n r$ numbers of memory. Nothing
   * of it depends on the residual but the rows that constraints determine. So a
   * network $u(x, \mu)$ that has parameters $\mu$ of the problem among its
   * inputs can be refined for many of them in one space, that of a reference
   * $\mu_0$, as a reduced basis is:
   * @f[
   *   u(x, \mu) + J(x, \mu_0)\, \Delta\theta(\mu),
   * @f]
   * with a residual for each $\mu$. The spaces of different $\mu$ are
   * different, but each of them holds hundreds of smooth functions, which is
   * what corrections are made of.
   *
   * @code
   *   const TangentSpace space(basis, nodes_with(mu_0), residual);
   *   for (const auto &mu : instances)
   *     {
   *       // ... the residual of this instance
   *       refine(space, nodes_with(mu), residual);
   *     }
   * @endcode
   *
   * Galerkin's method needs $Q^T A B$ with the orthonormal columns $Q = B
   * C^{-1}$, which are not computed; $C$ is the Cholesky factor of $B^T B$.
   * This is its most expensive part. The space keeps it and uses it again, also
   * with another residual, as long as Residual::jacobian_version() is the same:
   * for instances of a problem that differ in sources and boundary values it is
   * computed once.
   *
   * The basis has to live as long as the space.
   */
  class TangentSpace
  {
  public:
    /**
     * The space of @p basis at the points of @p sampling. Rows that
     * constraints of @p residual determine are zero. A column of $J V$ is
     * dropped if its part orthogonal to the others is smaller than
     * @p drop_tolerance, relative to the largest. Collective over
     * residual.communicator().
     *
     * Throws lsr::Error if there are more directions than residual rows, or if
     * the values of the network are not as many as the residual expects.
     */
    TangentSpace(const TangentBasis &basis,
                 const Sampling     &sampling,
                 const Residual     &residual,
                 const double        drop_tolerance = 1e-12);

    /// The directions $V$.
    const TangentBasis &
    basis() const
    {
      return basis_;
    }

    /// The columns of $B$: rows of $q$ on this rank $\times$ the directions
    /// that are independent. Over all ranks their lengths are near 1, and their
    /// condition number is 6 or so.
    const Block &
    columns() const
    {
      return B;
    }

    /// The triangle $R$.
    const Block &
    triangle() const
    {
      return factors.R;
    }

    /// The reduced coefficients $y$, one for each direction, of the change
    /// $B z$ of the values.
    Column
    coefficients(const Column &z) const;

    /**
     * The change of the values by $V y$ with $y$ = coefficients(z), the rows
     * of $J V y$ on this rank: up to rounding of $y$ it is $B z$. Rows that
     * constraints determine are zero.
     */
    Column
    change(const Column &y) const;

    /// The triangle $C$ of $B = Q C$ with orthonormal columns $Q$. The first
    /// call computes it, in $n r^2$ operations. Collective.
    const Block &
    orthonormal_factor(const Communicator &communicator) const;

    /// $Q^T F$ for rows @p F of a residual, the same on all ranks. Collective.
    Block
    test(const Block &F, const Communicator &communicator) const;

    /// $Q^T A B$ for the Jacobian of a residual with a row for each value,
    /// which all ranks have. Collective.
    const Block &
    galerkin_matrix(Residual &residual) const;

    /// How often a matrix was computed for galerkin_matrix().
    unsigned int
    n_galerkin_matrices() const
    {
      return galerkin.count;
    }

    /// The wall time that it took to make this, stage `reduce`.
    const Timer &
    timer() const
    {
      return timer_;
    }

  private:
    const TangentBasis &basis_;
    Block               B;
    ChangeOfBasis       factors;
    Timer               timer_;

    /// orthonormal_factor(), once it was needed.
    mutable std::optional<Block> factor;

    /// The last galerkin_matrix(), and the version of its Jacobian.
    mutable struct
    {
      Block         matrix;
      std::uint64_t version = 0;
      unsigned int  count   = 0;
    } galerkin;
  };



  /**
   * The same as refine(basis, ...) in a space that exists already, which may
   * belong to other values of some of the network's inputs: the refined
   * prediction is $q + J_0 \Delta\theta$ with $q$ the values of the network at
   * the points of @p sampling and $J_0$ the Jacobian at those of the @p space,
   * and Refinement::correction belongs to $J_0$. In rows that constraints
   * determine Refinement::values are those of the network.
   * RefinementParameters::drop_tolerance is not used.
   *
   * Throws lsr::Error as the other refine() does, and if @p sampling does not
   * give as many values as the space has rows.
   */
  Refinement
  refine(const TangentSpace         &space,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters = {});
} // namespace lsr

#endif
