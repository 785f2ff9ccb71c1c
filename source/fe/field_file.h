// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_field_file_h
#define lsr_fe_field_file_h

#include <lsr/base/types.h>

#include <functional>
#include <string>
#include <vector>

namespace lsr
{
  /// What a file of fields has, and what is wanted from it.
  struct FieldFileFormat
  {
    /// Coordinates of a point, and components of the field.
    unsigned int dim = 2, n_components = 1;

    /// Corners of the domain, on which grids without coordinates lie.
    std::vector<double> lower = {}, upper = {};

    /// Names of the columns or arrays with coordinates, and with the field;
    /// empty: found by their names.
    std::vector<std::string> points = {}, values = {};

    /**
     * The order of the indices of an array on a grid: a permutation of the
     * letters x, y, z, the last of which is fastest. Empty: in this order, as
     * numpy.meshgrid(..., indexing="ij") has them.
     */
    std::string axes = {};

    /// Whether the values of a grid belong to the centres of its cells instead
    /// of to its corners.
    bool cell_centred = false;

    /// Called with one line on how the file was understood.
    std::function<void(const std::string &)> progress = {};
  };

  /// Fields at the same points.
  struct PointData
  {
    /// Coordinates $\times$ points.
    Block points;

    /// For each field its values, all components of a point one after the
    /// other.
    std::vector<Column> fields;
  };

  /**
   * Read the values of one or several fields.
   *
   * - `.vtu` (VTK's unstructured grids, also compressed): the points, and the
   *   array of point data that has as many components as are expected;
   * - tables (text, `.npy` of two dimensions, `.npz` and HDF5 with points): as
   *   read_data_set() reads them, a column `group` numbers fields;
   * - arrays in `.npy`, `.npz` or HDF5 without points: fields on a grid,
   *   [fields,] [components,] $n_1 \times \ldots \times n_d$ or with components
   *   last, that covers the domain.
   *
   * Throws lsr::Error with the path if the file is missing or malformed, if it
   * is not clear which array is meant, or if a value is not finite.
   */
  PointData
  read_fields(const std::string &path, const FieldFileFormat &format);
} // namespace lsr

#endif
