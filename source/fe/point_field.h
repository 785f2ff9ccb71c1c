// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_point_field_h
#define lsr_fe_point_field_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>

#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A field of which only the values at some points are known: what another
   * program has predicted.
   *
   * - Where the points are those of a grid, that is, all combinations of some
   *   numbers in each direction, the field between them is the cubic Lagrange
   *   interpolant of the four nearest points in each direction.
   * - Elsewhere, it is the value of a polynomial of degree two that is fitted
   *   to the nearest points, weighted by their distance (moving least squares;
   *   P. Lancaster and K. Salkauskas, Math. Comp. 37, 1981).
   *
   * Both keep the value at the points themselves. The error between them is of
   * fourth and third order in the distance of the points.
   */
  template <int dim>
  class PointField
  {
  public:
    /**
     * Coordinates, dim $\times$ points, in any order; points that are there
     * more than once count as one, with the mean of their values. Throws
     * lsr::Error if there are none.
     */
    explicit PointField(const Block &points);

    ~PointField();

    /// Whether the points are those of a grid, or what else they are, in words.
    std::string
    description() const;

    /**
     * The values at @p queries, dim $\times$ their number, of a field with
     * @p values at the points, $k$ for each point as those of a network are.
     * Throws lsr::Error if there is a query farther away from the points than
     * these are from each other.
     */
    Column
    interpolate(const Column &values, const Block &queries) const;

    /// The same as a matrix, queries $\times$ points. Throws lsr::Error as
    /// interpolate() does.
    CompressedRows
    matrix(const Block &queries) const;

  private:
    struct Interpolation;
    std::unique_ptr<const Interpolation> interpolation;
    std::size_t                          n_points;
  };
} // namespace lsr

#endif
