// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_collocation_h
#define lsr_studies_collocation_h

#include <lsr/base/types.h>
#include <lsr/fe/strong_residual.h>
#include <lsr/network/network.h>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * The losses that networks are trained with instead of being refined: with
   * the strong form $f$ of an equation at inner points and $w\,(u - g)$ at
   * points with a Dirichlet value $g$,
   * @f[
   *   L = \operatorname{mean} \left(f(u) + \kappa\,(u - u_0)\right)^2
   *     + \operatorname{mean} \left(w\,(u - g)\right)^2 .
   * @f]
   * $\kappa = 0$ is a physics-informed network, $\kappa = 1/\Delta\tau$ the
   * pseudo-time step of TSONN from $u_0$.
   */
  template <int dim>
  class Collocation
  {
  public:
    /// Where the equation is demanded, and the pseudo-time term there.
    struct Rows
    {
      Block points;

      /// $u_0$ at the points; not needed if $\kappa = 0$.
      Column previous;

      double kappa = 0.;
    };

    /// The strong form has to live as long as this object.
    Collocation(const StrongForm<dim> &form,
                const Block           &boundary_points,
                const Column          &boundary_values,
                const double           boundary_weight)
      : form(form)
      , boundary_points(boundary_points)
      , boundary_values(to_host(boundary_values))
      , boundary_weight(boundary_weight)
    {}

    /// $L$ and its gradient with respect to the parameters of @p network.
    double
    loss(const Network &network, const Rows &rows, const Column &gradient) const
    {
      const HostBlock  x        = to_host(rows.points);
      const HostColumn previous = to_host(rows.previous);
      const auto       inner_loss =
        [&](const Block &jets, const std::size_t first, const Block &slopes) {
          const HostBlock j      = to_host(jets);
          const auto      slope  = Kokkos::create_mirror_view(slopes);
          double          result = 0.;
          for (std::size_t i = 0; i < j.extent(1); ++i)
            {
              const double shift =
                rows.kappa > 0. ? rows.kappa * (j(0, i) - previous(first + i)) :
                                  0.;
              const double r =
                shift + residual(&x(0, first + i), &j(0, i), &slope(0, i));
              slope(0, i) += rows.kappa;
              for (unsigned int k = 0; k < dim + 2; ++k)
                slope(k, i) *= 2. * r / x.extent(1);
              result += r * r / x.extent(1);
            }
          Kokkos::deep_copy(slopes, slope);
          return result;
        };
      const double boundary = boundary_loss(network, gradient);
      return boundary + network.add_loss_gradient(rows.points,
                                                  form.diffusion(),
                                                  inner_loss,
                                                  gradient);
    }

  private:
    /// StrongForm::evaluate() of plain arrays.
    double
    residual(const double *x, const double *jet, double *slopes) const
    {
      constexpr unsigned int n = StrongForm<dim>::jet_size;
      dealii::Point<dim>     point;
      for (unsigned int d = 0; d < dim; ++d)
        point[d] = x[d];
      return form.evaluate(point, {jet, n}, {slopes, n});
    }

    /// The second mean of $L$; overwrites @p gradient.
    double
    boundary_loss(const Network &network, const Column &gradient) const
    {
      const std::size_t n = boundary_values.size();
      const Column      u = make_column(n);
      network.evaluate(boundary_points, u);
      const HostColumn slope  = to_host(u);
      double           result = 0.;
      for (std::size_t i = 0; i < n; ++i)
        {
          const double r = boundary_weight * (slope(i) - boundary_values(i));
          slope(i)       = 2. * boundary_weight * r / n;
          result += r * r / n;
        }
      network.transposed_jacobian_times(boundary_points,
                                        as_block(to_memory_space(slope)),
                                        as_block(gradient));
      return result;
    }

    const StrongForm<dim> &form;
    const Block            boundary_points;
    const HostColumn       boundary_values;
    const double           boundary_weight;
  };
} // namespace lsr_studies

#endif
