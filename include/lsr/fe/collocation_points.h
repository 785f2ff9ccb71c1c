// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_collocation_points_h
#define lsr_fe_collocation_points_h

#include <lsr/base/types.h>
#include <lsr/fe/discretization.h>

#include <cstddef>
#include <random>
#include <vector>

namespace lsr
{
  /// Points on two boundaries that periodicity makes one.
  struct PeriodicPairs
  {
    /// Points, dim $\times n$, and the points that they are identified with.
    Block lower, upper;

    /// The coordinate in which they differ.
    unsigned int direction = 0;
  };

  /**
   * Points at which the strong form of an equation is demanded: nodes of the
   * mesh or any points in it; and the nodes that have Dirichlet values. For one
   * process.
   */
  template <int dim>
  class CollocationPoints
  {
  public:
    /// @p discretization has to live as long as this object, with its degrees
    /// of freedom as they are.
    explicit CollocationPoints(const Discretization<dim> &discretization);

    /// All nodes, in the order of the degrees of freedom.
    const Block &
    nodes() const
    {
      return all_nodes;
    }

    /// The nodes with Dirichlet values.
    const Block &
    boundary() const
    {
      return boundary_points;
    }

    /// These values.
    const Column &
    boundary_values() const
    {
      return values;
    }

    /// The nodes on the boundaries of a box in each direction in which it is
    /// periodic.
    const std::vector<PeriodicPairs> &
    periodic() const
    {
      return pairs;
    }

    /// @p n random nodes without Dirichlet values, or all if @p n is 0 or there
    /// are not as many.
    Block
    sample_nodes(const std::size_t n, std::mt19937_64 &generator);

    /// @p n independent random points, uniform in the mesh if its cells are
    /// parallelepipeds, otherwise in the reference cell.
    Block
    sample_mesh(const std::size_t n, std::mt19937_64 &generator) const;

  private:
    Block
    select(const std::vector<std::size_t> &numbers, const std::size_t n) const;

    PeriodicPairs
    find_pairs(const unsigned int direction) const;

    const Discretization<dim> &discretization;
    const Block                all_nodes;
    std::vector<std::size_t>   inner;
    Block                      boundary_points;
    Column                     values;
    std::vector<PeriodicPairs> pairs;
  };
} // namespace lsr

#endif
