// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_assembler_h
#define lsr_fe_assembler_h

#include <lsr/fe/discretization.h>
#include <lsr/fe/weak_form.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>
#include <deal.II/lac/trilinos_sparsity_pattern.h>

namespace lsr
{
  /**
   * Assembles the residual $f(q)$ of a WeakForm for the finite-element function
   * with nodal values $q$, and its Jacobian $A = \partial f / \partial q$.
   *
   * Constraints (hanging nodes and, unless told otherwise, Dirichlet values)
   * are eliminated: $q$ is made to satisfy them first, and with $q = C \hat q +
   * k$ the residual is $C^T f(C \hat q + k)$ and the Jacobian $C^T A C$. So
   * constrained entries of $f$ are zero, and constrained rows and columns of
   * $A$ only have a positive diagonal entry.
   *
   * Integrals are computed with $p + 2$ Gauss points in each direction (on
   * simplices: exactly for the same degree, $2 p + 3$), one
   * more than constant coefficients on a Cartesian mesh need, so that variable
   * coefficients and nonlinearities do not spoil the order $p + 1$.
   *
   * With Discretization::petrov_galerkin_in_time() the test functions of rows
   * are those of SpaceTimeTestElement that belong to their nodes, and have no
   * derivative in time: the flux $F$ must not have a component there.
   *
   * reinit() has to be called whenever Discretization::setup_dofs() was.
   */
  template <int dim>
  class Assembler
  {
  public:
    using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

    /**
     * The references have to live as long as this object. If
     * @p strong_dirichlet is false, only hanging nodes are constrained.
     * Collective.
     */
    Assembler(const WeakForm<dim>       &weak_form,
              const Discretization<dim> &discretization,
              const bool                 strong_dirichlet = true);

    /// Adapt to new degrees of freedom or constraints. Collective.
    void
    reinit();

    /// Compute the residual @p f at @p u. Collective.
    void
    residual(const FEVector &u, FEVector &f) const;

    /// Compute the Jacobian at @p u. Collective.
    void
    jacobian(const FEVector &u, SparseMatrix &A) const;

    /**
     * Compute the symmetric positive semidefinite part of the Jacobian at @p u,
     * @f[
     *   K_{ij} = \int_\Omega \nabla\varphi_i \cdot
     *     \mathrm{sym}\frac{\partial F}{\partial \nabla u} \nabla\varphi_j
     *     + \sum_c \max\Bigl(0, \frac{\partial s_c}{\partial u_c}\Bigr)
     *       \varphi_{i,c} \varphi_{j,c}
     *     + \int_{\partial\Omega} \sum_c
     *       \max\Bigl(0, \frac{\partial g_c}{\partial u_c}\Bigr)
     *       \varphi_{i,c} \varphi_{j,c},
     * @f]
     * condensed like the Jacobian, which defines the dual norm
     * $\|f\|^2 = f^T K^{-1} f$. Where there is a Lagrange multiplier
     * (WeakForm::has_multiplier()), the others have the first term alone, and
     * the multiplier its mass matrix, times the mean of the diagonal of
     * $\partial F / \partial \nabla u$: with the viscosity $\nu$ of a flow,
     * $\nu \|f\|^2$ is the square of the $H^{-1}$ norm of the momentum
     * equation, plus that of the $L_2$ norm of the divergence. $K$ is definite
     * where Dirichlet or Robin conditions or a reaction make it so, provided
     * that the Jacobian of the flux is elliptic. Throws where test functions
     * are not the elements themselves. Collective.
     */
    void
    gram_matrix(const FEVector &u, SparseMatrix &K) const;

    /**
     * Compute the Gram matrix of the test functions $v_i$,
     * @f[
     *   K_{ij} = \int_\Omega v_i v_j + c\, \nabla v_i \cdot \nabla v_j,
     * @f]
     * condensed like the Jacobian; in space and time with gradients in space
     * alone, and without those of a multiplier. It does not depend on the
     * equation, is always definite, and defines the norm of residuals as
     * functionals on $H^1$. Collective.
     */
    void
    sobolev_matrix(const double c, SparseMatrix &K) const;

    /**
     * The diagonal of the mass matrix in Gauss-Lobatto quadrature, condensed:
     * $m_i = \sum_j C_{ji}^2 \int v_j$, which is positive; $v_j$ are the test
     * functions. For quadratic simplices, where it would not be, $v_j$ is
     * replaced by $v_j^2$, scaled to the measure of each cell. Entries of
     * constrained degrees of freedom are one. Collective.
     */
    FEVector
    lumped_mass() const;

    const WeakForm<dim> &
    weak_form() const
    {
      return weak_form_;
    }

    const Discretization<dim> &
    discretization() const
    {
      return discretization_;
    }

    /// The constraints that are eliminated.
    const dealii::AffineConstraints<double> &
    constraints() const
    {
      return strong_dirichlet ? discretization_.constraints() :
                                discretization_.hanging_node_constraints();
    }

  private:
    enum class Part
    {
      residual,
      jacobian,
      gram,
      sobolev
    };

    /// Add up @p part over all cells, into @p f or into @p A. @p c is that of
    /// sobolev_matrix().
    void
    assemble(const FEVector &u,
             const Part      part,
             FEVector       *f,
             SparseMatrix   *A,
             const double    c = 0.) const;

    const WeakForm<dim>                      &weak_form_;
    const Discretization<dim>                &discretization_;
    const bool                                strong_dirichlet;
    dealii::TrilinosWrappers::SparsityPattern sparsity_pattern;
  };
} // namespace lsr

#endif
