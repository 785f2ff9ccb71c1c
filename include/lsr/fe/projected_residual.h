// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_projected_residual_h
#define lsr_fe_projected_residual_h

#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

#include <memory>

namespace lsr
{
  /**
   * The residual $f_h$ of finite elements whose degrees of freedom are no
   * values at points (FE_Q_Hierarchical, FE_DGP, FE_RaviartThomas, ...) as a
   * residual of the network's values $q$ at quadrature points,
   * @f[
   *   f(q) = f_h(P q), \qquad A = A_h P .
   * @f]
   * $P$ takes the values to degrees of freedom: on each cell those of the
   * $L_2$ projection to the polynomials of the cell. Cells that share a degree
   * of freedom may disagree; that with the smallest CellId counts, so that the
   * result does not depend on the number of processes. Finite-element
   * functions are reproduced, smooth ones with the order of the element.
   *
   * The network has an output for each component of the element, and is sampled
   * at sampling():
   *
   * @code
   *   LinearResidual of_program(dof_handler, constraints, matrix, rhs);
   *   ProjectedResidual<dim> residual(of_program, mapping, dof_handler);
   *   const Refinement refinement =
   *     refine(network, basis, residual.sampling(), residual);
   *   const auto solution =
   *     of_program.field(residual.project(refinement.values));
   * @endcode
   *
   * Norm, mass and constraints are those of $f_h$. $J V$ has a row for each
   * component at each quadrature point, $p + 1$ of them in each direction of a
   * cell, which is more than there are degrees of freedom where these are
   * shared: take nodal_sampling() for elements with support points.
   */
  template <int dim>
  class ProjectedResidual : public Residual
  {
  public:
    /// All arguments have to live as long as this object. Throws if @p residual
    /// is not one of the locally owned degrees of freedom.
    ProjectedResidual(Residual                      &residual,
                      const dealii::Mapping<dim>    &mapping,
                      const dealii::DoFHandler<dim> &dof_handler);

    ~ProjectedResidual() override;

    /// The quadrature points: the network's values there are $q$.
    const Sampling &
    sampling() const;

    /// $P q$, the locally owned degrees of freedom.
    Column
    project(const Column &q) const;

    void
    apply_mass(const Block &X, const Block &MX) override;

    void
    apply_transposed_mass(const Block &X, const Block &MTX) override;

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

  private:
    struct Projection;

    ProjectedResidual(Residual                   &residual,
                      std::unique_ptr<Projection> projection);

    /// $P X$, constrained.
    Block
    project(const Block &X) const;

    /// Its transpose; constrains @p of_dofs.
    void
    project_transposed(const Block &of_dofs, const Block &result) const;

    Residual                         &residual;
    const std::unique_ptr<Projection> projection;
  };
} // namespace lsr

#endif
