// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_weak_form_h
#define lsr_fe_weak_form_h

#include <deal.II/base/array_view.h>
#include <deal.II/base/function.h>
#include <deal.II/base/point.h>
#include <deal.II/base/tensor.h>
#include <deal.II/base/types.h>
#include <deal.II/lac/full_matrix.h>

#include <map>
#include <memory>

namespace lsr
{
  /// Boundary values for boundary ids.
  template <int dim>
  using BoundaryFunctions =
    std::map<dealii::types::boundary_id,
             std::shared_ptr<const dealii::Function<dim>>>;


  /**
   * A partial differential equation in weak form, as seen from one point:
   * find $u$ with components $u_0, \dots, u_{n-1}$ such that
   * @f[
   *   \sum_c \int_\Omega s_c(x, u, \nabla u)\, v_c
   *        + F_c(x, u, \nabla u) \cdot \nabla v_c \, dx
   *   + \int_{\partial\Omega} g_c(x, u)\, v_c \, ds = 0
   * @f]
   * for all test functions $v$.
   *
   * The numbers at a point are kept in one array, the @e jet
   * @f[
   *   (u_0, \partial_1 u_0, \dots, \partial_d u_0, u_1, \partial_1 u_1, \dots)
   * @f]
   * of length $n (1 + d)$, and next to it, in the same order, the @e flux
   * @f[
   *   (s_0, F_{0,1}, \dots, F_{0,d}, s_1, F_{1,1}, \dots).
   * @f]
   * So the Jacobian $\partial\,\text{flux} / \partial\,\text{jet}$ is one
   * square matrix, and with $B$ the matrix of values and gradients of the shape
   * functions a cell's residual is $B^T \text{flux}$ and its Jacobian
   * $B^T D B$.
   *
   * The last component can be a Lagrange multiplier, such as the pressure of an
   * incompressible flow; see has_multiplier().
   *
   * A user's own equation is best derived from AutomaticWeakForm, which
   * provides Jacobians by automatic differentiation; equations written in a
   * parameter file are AdvectionDiffusionReaction.
   */
  template <int dim>
  class WeakForm
  {
  public:
    explicit WeakForm(const unsigned int n_components = 1)
      : n_components_(n_components)
    {}

    virtual ~WeakForm() = default;

    /// Number of components $n$ of the solution.
    unsigned int
    n_components() const
    {
      return n_components_;
    }

    /// Length $n (1 + d)$ of jet and flux.
    unsigned int
    jet_size() const
    {
      return n_components_ * (1 + dim);
    }

    /// Compute the flux $(s, F)$ at @p x from the @p jet $(u, \nabla u)$.
    virtual void
    evaluate(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             const dealii::ArrayView<double>       &flux) const = 0;

    /**
     * Compute $D_{ij} = \partial\,\text{flux}_i / \partial\,\text{jet}_j$. All
     * entries of @p jacobian are set.
     */
    virtual void
    jacobian(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             dealii::FullMatrix<double>            &jacobian) const = 0;

    /// Whether there is a boundary integral over faces with @p id.
    virtual bool
    has_boundary_term(const dealii::types::boundary_id /*id*/) const
    {
      return false;
    }

    /// Compute the boundary term $g(x, u)$ on faces with @p id.
    virtual void
    evaluate_boundary(const dealii::types::boundary_id /*id*/,
                      const dealii::Point<dim> & /*x*/,
                      const dealii::Tensor<1, dim> & /*normal*/,
                      const dealii::ArrayView<const double> & /*u*/,
                      const dealii::ArrayView<double> & /*g*/) const
    {}

    /// Compute $\partial g / \partial u$, an $n \times n$ matrix.
    virtual void
    boundary_jacobian(const dealii::types::boundary_id /*id*/,
                      const dealii::Point<dim> & /*x*/,
                      const dealii::Tensor<1, dim> & /*normal*/,
                      const dealii::ArrayView<const double> & /*u*/,
                      dealii::FullMatrix<double> & /*jacobian*/) const
    {}

    /// Whether the Jacobian does not depend on $u$.
    virtual bool
    is_linear() const
    {
      return false;
    }

    /**
     * Whether the Jacobian is symmetric and positive definite for every $u$, up
     * to what boundary values have to contribute. Then linear systems are
     * solved by conjugate gradients, and the Jacobian itself defines the dual
     * norm of residuals.
     */
    virtual bool
    is_symmetric_positive_definite() const
    {
      return false;
    }

    /**
     * Dirichlet values. The key numbers::invalid_boundary_id stands for all ids
     * that are not in the map; a null pointer says that there is no Dirichlet
     * condition on an id.
     */
    virtual BoundaryFunctions<dim>
    dirichlet_conditions() const
    {
      return {};
    }

    /// The exact solution, or a null pointer where none is known.
    virtual std::shared_ptr<const dealii::Function<dim>>
    exact_solution() const
    {
      return nullptr;
    }

    /**
     * Whether the last component is a Lagrange multiplier $p$, whose Jacobian
     * is a saddle point:
     * - its elements have one degree less, $Q_p^{n-1}$-$Q_{p-1}$ (Taylor and
     *   Hood), so the degree of the others is two or more;
     * - it has no boundary values. Where all of the boundary has Dirichlet
     *   conditions, $p$ is determined up to a constant, and one value at the
     *   boundary is set to that of these conditions;
     * - as a test function it is measured in $L_2$, and the others in $H^1$;
     * - linear systems are solved directly.
     */
    virtual bool
    has_multiplier() const
    {
      return false;
    }

  private:
    const unsigned int n_components_;
  };
} // namespace lsr

#endif
