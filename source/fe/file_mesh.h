// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_file_mesh_h
#define lsr_fe_file_mesh_h

#include <deal.II/base/point.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  /**
   * What a piece of a mesh may be, with its corners in the order of VTK and
   * gmsh. A set of corners is a number whose bit i stands for corner i.
   */
  struct Shape
  {
    std::string  name; ///< in the plural
    unsigned int dim;
    unsigned int n_corners;

    /// Corners of the faces, in order around each.
    std::vector<std::vector<unsigned int>> faces;

    /// For each node of second order behind the corners, in gmsh's order, the
    /// corners that it is in the middle of: edges, faces, and the whole.
    std::vector<unsigned int> middles;

    /// The corners of the smallest edge or face that has all of @p corners, or
    /// all corners.
    unsigned int
    smallest_part(const unsigned int corners) const;

    static const Shape point, line, triangle, quadrilateral, tetrahedron,
      pyramid, wedge, hexahedron;
  };

  /// A mesh as it stands in a file, in space.
  struct FileMesh
  {
    struct Element
    {
      const Shape *shape;

      /// Corners first, then maybe more; indices into points.
      std::vector<unsigned int> nodes;

      /// What the file calls the element: the id of its boundary if it is a
      /// face, 0 if it says nothing.
      unsigned int id = 0;
    };

    std::vector<dealii::Point<3>> points;

    /// Cells, faces, ... Those of several groups are there several times.
    std::vector<Element> elements;

    /// Names of groups of a dimension and an id.
    std::map<std::pair<unsigned int, unsigned int>, std::string> names;
  };

  /// Read gmsh's format: versions 2 and 4, text or binary, of which @p bytes
  /// is a file. Throws lsr::Error.
  FileMesh
  read_gmsh(const std::string &bytes);

  /// Read a file for a problem in @p dim dimensions, in gmsh's format or one
  /// that deal.II reads. Throws lsr::Error.
  FileMesh
  read_mesh_file(const std::string &path, const unsigned int dim);
} // namespace lsr

#endif
