// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_collocation_h
#define lsr_applications_collocation_h

#include <lsr/dense/host.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/problem.h>
#include <lsr/network/network.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/fe/fe_values.h>

#include <algorithm>
#include <random>
#include <vector>

namespace lsr
{
  /**
   * The strong form of a problem at the nodes of its mesh, and the losses that
   * networks are trained with instead of being refined: with the residual
   * @f[
   *   f(u) = s(x, u, \nabla u) - \sum_d a_d\, \partial_d^2 u
   * @f]
   * at inner nodes and $w\,(u - g)$ at those with a Dirichlet value $g$,
   * @f[
   *   L = \operatorname{mean} \left(f(u) + \kappa\,(u - u_0)\right)^2
   *     + \operatorname{mean} \left(w\,(u - g)\right)^2 .
   * @f]
   * $\kappa = 0$ is a physics-informed network, $\kappa = 1/\Delta\tau$ the
   * pseudo-time step of TSONN from $u_0$.
   *
   * For one process.
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

    /// @p problem has to be set up. Throws if its diffusion is not constant or
    /// a part of the boundary lacks a Dirichlet condition.
    Collocation(const Problem<dim> &problem, const double boundary_weight)
      : equation(problem.equation)
      , diffusion(equation.constant_diffusion())
      , boundary_weight(boundary_weight)
      , nodes(nodal_sampling(problem.discretization.mapping(),
                             problem.discretization.dof_handler(),
                             1)
                .points)
    {
      check_boundary_conditions(problem.discretization);
      std::vector<std::size_t> boundary;
      const auto &values = problem.discretization.dirichlet_values();
      for (std::size_t i = 0; i < nodes.extent(1); ++i)
        if (const auto value = values.find(i); value == values.end())
          inner.push_back(i);
        else
          {
            boundary.push_back(i);
            boundary_values.push_back(value->second);
          }
      boundary_points = points(boundary, boundary.size());
    }

    /// All nodes, in the order of the degrees of freedom.
    const Block &
    all_nodes() const
    {
      return nodes;
    }

    /// @p n random inner nodes, or all if @p n is 0.
    Block
    sample(const std::size_t n, std::mt19937_64 &generator)
    {
      if (n == 0 || n >= inner.size())
        return points(inner, inner.size());
      std::shuffle(inner.begin(), inner.end(), generator);
      return points(inner, n);
    }

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
                                                  diffusion,
                                                  inner_loss,
                                                  gradient);
    }

  private:
    Block
    points(const std::vector<std::size_t> &numbers, const std::size_t n) const
    {
      const HostBlock x      = to_host(nodes);
      const HostBlock chosen = to_host(make_block(dim, n));
      for (std::size_t i = 0; i < n; ++i)
        for (unsigned int d = 0; d < dim; ++d)
          chosen(d, i) = x(d, numbers[i]);
      return to_memory_space(chosen);
    }

    /// $f$ for a jet $(u, \nabla u, \sum_d a_d\, \partial_d^2 u)$, and its
    /// derivatives with respect to it.
    double
    residual(const double *x, const double *jet, double *slope) const
    {
      dealii::Point<dim> point;
      for (unsigned int d = 0; d < dim; ++d)
        point[d] = x[d];
      const dealii::ArrayView<const double> u_and_gradient(jet, 1 + dim);

      double flux[1 + dim];
      equation.evaluate(point,
                        u_and_gradient,
                        dealii::ArrayView<double>(flux, 1 + dim));
      dealii::FullMatrix<double> tangent(1 + dim);
      equation.tangent(point, u_and_gradient, tangent);
      for (unsigned int k = 0; k < 1 + dim; ++k)
        slope[k] = tangent(0, k);
      slope[1 + dim] = -1.;
      return flux[0] - jet[1 + dim];
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
          const double r = boundary_weight * (slope(i) - boundary_values[i]);
          slope(i)       = 2. * boundary_weight * r / n;
          result += r * r / n;
        }
      network.transposed_jacobian_times(boundary_points,
                                        as_block(to_memory_space(slope)),
                                        as_block(gradient));
      return result;
    }

    /// Throw unless there is a Dirichlet condition wherever there is diffusion
    /// through the boundary.
    void
    check_boundary_conditions(const Discretization<dim> &discretization) const
    {
      const auto conditions   = equation.dirichlet_conditions();
      const auto is_dirichlet = [&](const dealii::types::boundary_id id) {
        const auto given = conditions.find(id);
        const auto entry =
          given != conditions.end() ? given : conditions.find(all_boundaries);
        return entry != conditions.end() && entry->second != nullptr;
      };

      dealii::FEFaceValues<dim> face_values(discretization.mapping(),
                                            discretization.finite_element(),
                                            dealii::QGauss<dim - 1>(1),
                                            dealii::update_normal_vectors);
      for (const auto &cell :
           discretization.dof_handler().active_cell_iterators())
        for (const unsigned int f : cell->face_indices())
          if (cell->at_boundary(f) &&
              !is_dirichlet(cell->face(f)->boundary_id()))
            {
              face_values.reinit(cell, f);
              const auto normal = face_values.normal_vector(0);
              for (unsigned int d = 0; d < dim; ++d)
                AssertThrow(diffusion[d] * std::abs(normal[d]) < 1e-12,
                            dealii::ExcMessage(
                              "There is no Dirichlet condition for boundary "
                              "id " +
                              std::to_string(cell->face(f)->boundary_id()) +
                              ". The strong form needs one wherever there is "
                              "diffusion through the boundary."));
            }
    }

    const AdvectionDiffusionReaction<dim> &equation;
    const std::vector<double>              diffusion;
    const double                           boundary_weight;

    const Block              nodes;
    std::vector<std::size_t> inner;
    Block                    boundary_points;
    std::vector<double>      boundary_values;
  };
} // namespace lsr

#endif
