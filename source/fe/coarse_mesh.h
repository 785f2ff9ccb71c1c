// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_coarse_mesh_h
#define lsr_fe_coarse_mesh_h

#include <deal.II/base/point.h>
#include <deal.II/base/types.h>
#include <deal.II/grid/tria.h>
#include <deal.II/grid/tria_description.h>

#include <map>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A mesh of a file, ready for deal.II: in the line, plane or space of the
   * coordinates, either of lines, quadrilaterals or hexahedra alone or of
   * simplices alone, all oriented as deal.II wants them, with ids on boundary
   * faces.
   */
  template <int dim>
  struct CoarseMesh
  {
    std::vector<dealii::Point<dim>>    vertices;
    std::vector<dealii::CellData<dim>> cells;
    dealii::SubCellData                faces;
    bool                               simplices = false;

    /// In one dimension: ids of boundary points, by vertex.
    std::map<unsigned int, dealii::types::boundary_id> end_ids;

    /// Where cells are curved: for each cell the places of the nodes of the
    /// continuous element of degree 2, in its order. Otherwise empty.
    std::vector<std::vector<dealii::Point<dim>>> nodes;

    /// Names that the file has for ids of boundaries.
    std::map<dealii::types::boundary_id, std::string> boundary_names;

    /// Sentences on what a user may not expect.
    std::vector<std::string> notes;
  };

  /**
   * Read the mesh file @p path. Mixed meshes are divided into simplices
   * without new vertices. Vertices at the same place become one if
   * @p merge_vertices is set. Throws lsr::Error.
   */
  template <int dim>
  CoarseMesh<dim>
  read_coarse_mesh(const std::string &path, const bool merge_vertices);
} // namespace lsr

#endif
