// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/types.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/strong_residual.h>

#include <algorithm>

namespace lsr
{
  template <int dim>
  CollocationPoints<dim>::CollocationPoints(
    const Discretization<dim> &discretization)
    : discretization(discretization)
    , all_nodes(nodal_sampling(discretization.mapping(),
                               discretization.dof_handler(),
                               1)
                  .points)
  {
    std::vector<std::size_t> boundary;
    const auto              &given = discretization.dirichlet_values();
    for (std::size_t i = 0; i < all_nodes.extent(1); ++i)
      (given.count(i) > 0 ? boundary : inner).push_back(i);
    boundary_points = select(boundary, boundary.size());

    const HostColumn host("lsr::boundary_values", boundary.size());
    for (std::size_t i = 0; i < boundary.size(); ++i)
      host(i) = given.at(boundary[i]);
    values = to_memory_space(host);

    for (const unsigned int d : discretization.periodic_directions())
      pairs.push_back(find_pairs(d));
  }



  template <int dim>
  PeriodicPairs
  CollocationPoints<dim>::find_pairs(const unsigned int direction) const
  {
    const HostBlock x     = to_host(all_nodes);
    double          first = x(direction, 0), last = first;
    for (std::size_t i = 0; i < x.extent(1); ++i)
      {
        first = std::min(first, x(direction, i));
        last  = std::max(last, x(direction, i));
      }
    std::vector<std::size_t> on_boundary;
    for (std::size_t i = 0; i < x.extent(1); ++i)
      if (x(direction, i) - first < 1e-12 * (last - first))
        on_boundary.push_back(i);

    PeriodicPairs result;
    result.direction      = direction;
    result.lower          = select(on_boundary, on_boundary.size());
    const HostBlock upper = to_host(select(on_boundary, on_boundary.size()));
    for (std::size_t i = 0; i < on_boundary.size(); ++i)
      upper(direction, i) = last;
    result.upper = to_memory_space(upper);
    return result;
  }



  template <int dim>
  Block
  CollocationPoints<dim>::sample_nodes(const std::optional<std::size_t> &n,
                                       std::mt19937_64 &generator)
  {
    if (!n || *n >= inner.size())
      return select(inner, inner.size());
    std::shuffle(inner.begin(), inner.end(), generator);
    return select(inner, *n);
  }



  template <int dim>
  Block
  CollocationPoints<dim>::sample_mesh(const std::size_t n,
                                      std::mt19937_64  &generator) const
  {
    using Cell = typename dealii::DoFHandler<dim>::active_cell_iterator;
    std::vector<Cell>   cells;
    std::vector<double> measures;
    for (const auto &cell :
         discretization.dof_handler().active_cell_iterators())
      {
        cells.push_back(cell);
        measures.push_back(cell->measure());
      }
    std::discrete_distribution<std::size_t> some_cell(measures.begin(),
                                                      measures.end());
    std::uniform_real_distribution<double>  uniform(0., 1.);

    const HostBlock x = to_host(make_block(dim, n));
    for (std::size_t i = 0; i < n; ++i)
      {
        const Cell        &cell = cells[some_cell(generator)];
        dealii::Point<dim> unit_point;
        // A simplex has a part of the unit cube.
        do
          for (unsigned int d = 0; d < dim; ++d)
            unit_point[d] = uniform(generator);
        while (!cell->reference_cell().contains_point(unit_point));
        const dealii::Point<dim> point =
          discretization.mapping().transform_unit_to_real_cell(cell,
                                                               unit_point);
        for (unsigned int d = 0; d < dim; ++d)
          x(d, i) = point[d];
      }
    return to_memory_space(x);
  }



  template <int dim>
  Block
  CollocationPoints<dim>::select(const std::vector<std::size_t> &numbers,
                                 const std::size_t               n) const
  {
    const HostBlock all    = to_host(all_nodes);
    const HostBlock chosen = to_host(make_block(dim, n));
    for (std::size_t i = 0; i < n; ++i)
      for (unsigned int d = 0; d < dim; ++d)
        chosen(d, i) = all(d, numbers[i]);
    return to_memory_space(chosen);
  }



  template class CollocationPoints<1>;
  template class CollocationPoints<2>;
  template class CollocationPoints<3>;
} // namespace lsr
