// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/fe/grid_sampling.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/numbers.h>
#include <deal.II/fe/fe_values.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "fe/point_field.h"

namespace lsr
{
  namespace
  {
    /// Calls action(index) for all points of a grid, the last index first.
    template <int dim, typename Action>
    void
    for_each_index(const std::array<unsigned int, dim> &n, const Action &action)
    {
      std::size_t size = 1;
      for (const unsigned int k : n)
        size *= k;
      for (std::size_t i = 0; i < size; ++i)
        {
          std::array<unsigned int, dim> index;
          std::size_t                   rest = i;
          for (int d = dim - 1; d >= 0; --d)
            {
              index[d] = rest % n[d];
              rest /= n[d];
            }
          action(index, i);
        }
    }



    /// Points of the grid in one direction and their weights.
    using Stencil = std::vector<std::pair<unsigned int, double>>;



    /// The trigonometric polynomial through all points of a period: for n of
    /// them, sin(pi s) / (n sin(pi s / n)) at the distance s from one if n is
    /// odd, and with tan in the place of the second sin if it is even.
    Stencil
    interpolate_by_waves(const double t, const unsigned int n)
    {
      Stencil stencil;
      for (unsigned int i = 0; i < n; ++i)
        {
          const double s     = dealii::numbers::PI * (t - i);
          const double below = n % 2 == 1 ? std::sin(s / n) : std::tan(s / n);
          stencil.emplace_back(i, std::sin(s) / (n * below));
        }
      return stencil;
    }



    /// Interpolation at position @p t, in units of the distance of two points.
    Stencil
    interpolate(const double            t,
                const unsigned int      n,
                const bool              periodic,
                const GridInterpolation interpolation)
    {
      // Points of the grid stay what they are.
      const double nearest = std::round(t);
      if (std::abs(t - nearest) < 1e-10 &&
          (periodic || (nearest >= 0 && nearest <= n - 1)))
        {
          const auto i = static_cast<long>(nearest);
          return {{static_cast<unsigned int>((i % n + n) % n), 1.}};
        }
      if (periodic && interpolation == GridInterpolation::spectral)
        return interpolate_by_waves(t, n);
      const unsigned int n_taps =
        std::min(interpolation == GridInterpolation::linear ? 2U : 4U, n);
      long first = static_cast<long>(std::floor(t)) - (n_taps - 1) / 2;
      if (!periodic)
        first = std::clamp<long>(first, 0, n - n_taps);
      Stencil stencil;
      for (unsigned int a = 0; a < n_taps; ++a)
        {
          double weight = 1;
          for (unsigned int b = 0; b < n_taps; ++b)
            if (a != b)
              weight *= (t - first - b) / (static_cast<double>(a) - b);
          const long i = first + a;
          stencil.emplace_back((i % static_cast<long>(n) + n) % n, weight);
        }
      return stencil;
    }



    /// Where a coordinate is on the grid, in units of the distance of points.
    template <int dim>
    double
    position(const RegularGrid<dim> &grid, const double x, const unsigned int d)
    {
      using Placement   = typename RegularGrid<dim>::Placement;
      const double part = (x - grid.lower[d]) / (grid.upper[d] - grid.lower[d]);
      require(-1e-8 < part && part < 1 + 1e-8,
              "a node of the mesh is at " + std::to_string(x) +
                " in direction " + std::to_string(d) +
                ", outside of the grid from " + std::to_string(grid.lower[d]) +
                " to " + std::to_string(grid.upper[d]));
      const unsigned int n = grid.n_points[d];
      switch (grid.placement[d])
        {
          case Placement::vertices:
            return part * (n - 1);
          case Placement::centers:
            return part * n - 0.5;
          default:
            return part * n;
        }
    }
  } // namespace



  template <int dim>
  std::size_t
  RegularGrid<dim>::size() const
  {
    std::size_t result = 1;
    for (const unsigned int n : n_points)
      result *= n;
    return result;
  }



  template <int dim>
  dealii::Point<dim>
  RegularGrid<dim>::point(const std::array<unsigned int, dim> &index) const
  {
    dealii::Point<dim> result;
    for (unsigned int d = 0; d < dim; ++d)
      {
        const double part =
          placement[d] == Placement::vertices ?
            static_cast<double>(index[d]) / (n_points[d] - 1) :
          placement[d] == Placement::centers ?
            (index[d] + 0.5) / n_points[d] :
            static_cast<double>(index[d]) / n_points[d];
        result[d] = lower[d] + part * (upper[d] - lower[d]);
      }
    return result;
  }



  template <int dim>
  std::vector<std::size_t>
  RegularGrid<dim>::sizes(const unsigned int n_channels) const
  {
    std::vector<std::size_t> result(n_points.begin(), n_points.end());
    result.insert(channels_last ? result.end() : result.begin(), n_channels);
    return result;
  }



  template <int dim>
  Block
  RegularGrid<dim>::sample(const dealii::Function<dim> &channels) const
  {
    const HostBlock points = to_host(make_zero_block(dim, size()));
    for_each_index<dim>(n_points,
                        [&](const std::array<unsigned int, dim> &index,
                            const std::size_t                    i) {
                          const dealii::Point<dim> x = point(index);
                          for (unsigned int d = 0; d < dim; ++d)
                            points(d, i) = x[d];
                        });
    return sample_at(to_memory_space(points), channels, channels_last);
  }



  template <int dim>
  Sampling
  grid_sampling(const dealii::Mapping<dim>    &mapping,
                const dealii::DoFHandler<dim> &dof_handler,
                const RegularGrid<dim>        &grid,
                const Block                   &input,
                const GridInterpolation        interpolation)
  {
    const dealii::FiniteElement<dim> &fe = dof_handler.get_fe();
    require(fe.has_support_points(),
            "The finite element " + fe.get_name() +
              " has no support points; expected a nodal element for a grid "
              "operator.");
    for (const unsigned int n : grid.n_points)
      require(n > 1, "a grid needs two points in each direction, or more");

    const dealii::IndexSet &owned = dof_handler.locally_owned_dofs();
    dealii::FEValues<dim>   fe_values(mapping,
                                    fe,
                                    dealii::Quadrature<dim>(
                                      fe.get_unit_support_points()),
                                    dealii::update_quadrature_points);
    const std::size_t       n = grid.size(), n_channels = fe.n_components();

    // For each owned degree of freedom, values of the tensor and weights.
    std::vector<std::vector<std::pair<std::size_t, double>>> rows(
      owned.n_elements());
    std::vector<dealii::types::global_dof_index> dofs(fe.n_dofs_per_cell());
    for (const auto &cell : dof_handler.active_cell_iterators())
      {
        if (!cell->is_locally_owned())
          continue;
        fe_values.reinit(cell);
        cell->get_dof_indices(dofs);
        for (unsigned int i = 0; i < dofs.size(); ++i)
          {
            if (!owned.is_element(dofs[i]))
              continue;
            auto &row = rows[owned.index_within_set(dofs[i])];
            if (!row.empty())
              continue;
            row = {{0, 1.}};
            for (unsigned int d = 0; d < dim; ++d)
              {
                std::vector<std::pair<std::size_t, double>> longer;
                for (const auto &[index, weight] : interpolate(
                       position(grid, fe_values.quadrature_point(i)[d], d),
                       grid.n_points[d],
                       grid.placement[d] ==
                         RegularGrid<dim>::Placement::periodic,
                       interpolation))
                  for (const auto &[front, product] : row)
                    longer.emplace_back(front * grid.n_points[d] + index,
                                        product * weight);
                row = std::move(longer);
              }
            const std::size_t channel = fe.system_to_component_index(i).first;
            for (auto &entry : row)
              entry.first = grid.channels_last ?
                              entry.first * n_channels + channel :
                              channel * n + entry.first;
          }
      }

    CompressedRows P;
    P.n_columns = n * n_channels;
    for (const auto &row : rows)
      {
        for (const auto &[column, weight] : row)
          P.add(column, weight);
        P.end_row();
      }
    return Sampling::projected(input, P);
  }



  template <int dim>
  Block
  sample_at(const Block                 &points,
            const dealii::Function<dim> &channels,
            const bool                   channels_last)
  {
    const HostBlock   x = to_host(points);
    const std::size_t n = x.extent(1), n_channels = channels.n_components;
    const HostBlock   values = to_host(make_zero_block(n * n_channels, 1));
    for (std::size_t i = 0; i < n; ++i)
      {
        dealii::Point<dim> point;
        for (unsigned int d = 0; d < dim; ++d)
          point[d] = x(d, i);
        for (std::size_t c = 0; c < n_channels; ++c)
          values(channels_last ? i * n_channels + c : c * n + i, 0) =
            channels.value(point, c);
      }
    return to_memory_space(values);
  }



  template <int dim>
  Sampling
  point_sampling(const dealii::Mapping<dim>    &mapping,
                 const dealii::DoFHandler<dim> &dof_handler,
                 const Block                   &points,
                 const Block                   &input,
                 const bool                     channels_last)
  {
    const std::size_t  n          = points.extent(1);
    const unsigned int n_channels = dof_handler.get_fe().n_components();
    const Sampling     nodes = nodal_sampling(mapping, dof_handler, n_channels);
    const CompressedRows weights = PointField<dim>(points).matrix(nodes.points);

    CompressedRows P;
    P.n_columns = n * n_channels;
    for (std::size_t i = 0; i < nodes.n_values(n_channels); ++i)
      {
        const std::size_t row     = nodes.rows.empty() ? i : nodes.rows[i];
        const std::size_t node    = row / n_channels;
        const std::size_t channel = row % n_channels;
        for (auto e = weights.starts[node]; e < weights.starts[node + 1]; ++e)
          {
            const std::size_t j = weights.columns[e];
            P.add(channels_last ? j * n_channels + channel : channel * n + j,
                  weights.values[e]);
          }
        P.end_row();
      }
    return Sampling::projected(input, P);
  }



#define LSR_INSTANTIATE(dim)                                        \
  template struct RegularGrid<dim>;                                 \
  template Sampling grid_sampling(const dealii::Mapping<dim> &,     \
                                  const dealii::DoFHandler<dim> &,  \
                                  const RegularGrid<dim> &,         \
                                  const Block &,                    \
                                  const GridInterpolation);         \
  template Block    sample_at(const Block &,                        \
                              const dealii::Function<dim> &,        \
                              const bool);                          \
  template Sampling point_sampling(const dealii::Mapping<dim> &,    \
                                   const dealii::DoFHandler<dim> &, \
                                   const Block &,                   \
                                   const Block &,                   \
                                   const bool);
  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)
#undef LSR_INSTANTIATE
} // namespace lsr
