// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_grid_sampling_h
#define lsr_fe_grid_sampling_h

#include <lsr/base/types.h>
#include <lsr/refine/sampling.h>

#include <deal.II/base/function.h>
#include <deal.II/base/point.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

#include <array>
#include <cstddef>
#include <vector>

namespace lsr
{
  /**
   * A regular grid in a box and the order of numbers in a tensor of fields on
   * it, [channels, n_1, ..., n_dim] or [n_1, ..., n_dim, channels]. The first
   * axis of the grid is that of x, the next that of y, and so on.
   */
  template <int dim>
  struct RegularGrid
  {
    /// Where the points are in a direction, for a box of length one.
    enum class Placement
    {
      /// $i / (n - 1)$: both ends are points.
      vertices,
      /// $(i + 1/2) / n$: centers of n cells.
      centers,
      /// $i / n$: the end is the beginning.
      periodic
    };

    std::array<unsigned int, dim> n_points = {};
    dealii::Point<dim>            lower, upper;
    std::array<Placement, dim>    placement     = {}; // vertices
    bool                          channels_last = false;

    /// Number of points of the grid.
    std::size_t
    size() const;

    /// The point with these indices.
    dealii::Point<dim>
    point(const std::array<unsigned int, dim> &index) const;

    /// Sizes of a tensor of @p n_channels fields, without a leading 1.
    std::vector<std::size_t>
    sizes(const unsigned int n_channels) const;

    /// The values of a function at the points, one channel for each of its
    /// components, in the order of such a tensor: a block of one column.
    Block
    sample(const dealii::Function<dim> &channels) const;
  };



  /// How a grid is read between its points.
  enum class GridInterpolation
  {
    /// Multilinear.
    linear,
    /// Through four points in each direction, where there are as many; order
    /// four.
    cubic,
    /// Trigonometric, of the order that the field is smooth, in periodic
    /// directions; cubic in others. A row of $P$ has as many entries as the
    /// grid has points in periodic directions.
    spectral
  };



  /**
   * The sampling of a grid operator for the locally owned degrees of freedom of
   * a finite-element space with support points: @p input is the sample that
   * the network takes, one column, and $P$ takes the fields on @p grid that it
   * returns, one for each component of the element, to the support points.
   * Where these are points of the grid, $P$ selects their values. Outside of
   * the grid's points the polynomial of the nearest ones is used, unless the
   * direction is periodic.
   *
   * Hanging nodes are interpolated like all others; the constraints are those
   * of the residual. All ranks have the whole sample, and the rows of $P$ of
   * their own degrees of freedom.
   *
   * Throws if the element has no support points, or one is outside of the box
   * by more than rounding.
   */
  template <int dim>
  Sampling
  grid_sampling(
    const dealii::Mapping<dim>    &mapping,
    const dealii::DoFHandler<dim> &dof_handler,
    const RegularGrid<dim>        &grid,
    const Block                   &input,
    const GridInterpolation        interpolation = GridInterpolation::linear);



  /// The values of a function at points (coordinates $\times$ points), one
  /// channel for each of its components, as a network on points takes them: a
  /// block of one column in the order of point_sampling().
  template <int dim>
  Block
  sample_at(const Block                 &points,
            const dealii::Function<dim> &channels,
            const bool                   channels_last = false);

  /**
   * The sampling of a network whose one sample is a set of fields at points of
   * its own, as graph networks and networks on point clouds have them: @p
   * points (coordinates $\times$ points) in the order of its tensors,
   * [channels, points] or, with @p channels_last, [points, channels]. @p input
   * is the sample, one column. Nodes of the mesh that are among the points
   * select their values; at others, $P$ interpolates with the nearest points,
   * by polynomials of degree two (cubic where the points are those of a grid).
   *
   * Throws lsr::Error if a node is farther away from the points than these are
   * from each other, and what nodal_sampling() throws.
   */
  template <int dim>
  Sampling
  point_sampling(const dealii::Mapping<dim>    &mapping,
                 const dealii::DoFHandler<dim> &dof_handler,
                 const Block                   &points,
                 const Block                   &input,
                 const bool                     channels_last = false);
} // namespace lsr

#endif
