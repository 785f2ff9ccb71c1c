// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_strong_form_h
#define lsr_fe_strong_form_h

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/discretization.h>

#include <deal.II/base/array_view.h>
#include <deal.II/base/point.h>

#include <vector>

namespace lsr
{
  /**
   * An equation in strong form, as physics-informed networks and the paper
   * (S2.4) use it: the residual
   * @f[
   *   f(x, j) = s(x, u, \nabla u) - \sum_{d} a_d\, \partial_d^2 u
   * @f]
   * of the jet $j = (u, \partial_1 u, \dots, \partial_{dim} u, \sum_d a_d\,
   * \partial_d^2 u)$ at a point, with constants $a_d$ and the source $s$ of
   * the weak form (see WeakForm). Where there is no equation there are
   * Dirichlet values, or the domain is periodic.
   */
  template <int dim>
  class StrongForm
  {
  public:
    /// Length of a jet.
    static constexpr unsigned int jet_size = dim + 2;

    /**
     * @p equation has to live as long as this object. Throws if its diffusion
     * is not constant, or if a part of the boundary of the mesh through which
     * there is diffusion lacks a Dirichlet condition.
     */
    StrongForm(const AdvectionDiffusionReaction<dim> &equation,
               const Discretization<dim>             &discretization);

    /// $a_d$
    const std::vector<double> &
    diffusion() const
    {
      return a;
    }

    /// Return $f$, and compute its derivatives with respect to the jet.
    double
    evaluate(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             const dealii::ArrayView<double>       &slopes) const;

  private:
    void
    check_boundary_conditions(const Discretization<dim> &discretization) const;

    const AdvectionDiffusionReaction<dim> &equation;
    const std::vector<double>              a;
  };
} // namespace lsr

#endif
