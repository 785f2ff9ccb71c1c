// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/file_mesh.h"

#include <lsr/base/exceptions.h>
#include <lsr/fe/error_message.h>

#include <deal.II/grid/grid_in.h>
#include <deal.II/grid/tria.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "base/read_file.h"

namespace lsr
{
  namespace
  {
    /// Sets of corners, given one by one.
    std::vector<unsigned int>
    sets(const std::vector<std::vector<unsigned int>> &corners)
    {
      std::vector<unsigned int> result;
      for (const auto &set : corners)
        {
          result.push_back(0);
          for (const unsigned int corner : set)
            result.back() |= 1u << corner;
        }
      return result;
    }
  } // namespace

  const Shape Shape::point{"points", 0, 1, {}, {}};
  const Shape Shape::line{"lines", 1, 2, {{0}, {1}}, sets({{0, 1}})};
  const Shape Shape::triangle{"triangles",
                              2,
                              3,
                              {{0, 1}, {1, 2}, {2, 0}},
                              sets({{0, 1}, {1, 2}, {2, 0}})};
  const Shape Shape::quadrilateral{
    "quadrilaterals",
    2,
    4,
    {{0, 1}, {1, 2}, {2, 3}, {3, 0}},
    sets({{0, 1}, {1, 2}, {2, 3}, {3, 0}, {0, 1, 2, 3}})};
  const Shape Shape::tetrahedron{
    "tetrahedra",
    3,
    4,
    {{0, 1, 2}, {0, 1, 3}, {0, 2, 3}, {1, 2, 3}},
    sets({{0, 1}, {1, 2}, {0, 2}, {0, 3}, {2, 3}, {1, 3}})};
  const Shape Shape::pyramid{
    "pyramids",
    3,
    5,
    {{0, 1, 2, 3}, {0, 1, 4}, {1, 2, 4}, {2, 3, 4}, {3, 0, 4}},
    sets({{0, 1},
          {0, 3},
          {0, 4},
          {1, 2},
          {1, 4},
          {2, 3},
          {2, 4},
          {3, 4},
          {0, 1, 2, 3}})};
  const Shape Shape::wedge{
    "wedges",
    3,
    6,
    {{0, 1, 2}, {3, 4, 5}, {0, 1, 4, 3}, {1, 2, 5, 4}, {2, 0, 3, 5}},
    sets({{0, 1},
          {0, 2},
          {0, 3},
          {1, 2},
          {1, 4},
          {2, 5},
          {3, 4},
          {3, 5},
          {4, 5},
          {0, 1, 3, 4},
          {0, 2, 3, 5},
          {1, 2, 4, 5}})};
  const Shape Shape::hexahedron{"hexahedra",
                                3,
                                8,
                                {{0, 1, 2, 3},
                                 {4, 5, 6, 7},
                                 {0, 1, 5, 4},
                                 {1, 2, 6, 5},
                                 {2, 3, 7, 6},
                                 {3, 0, 4, 7}},
                                sets({{0, 1},
                                      {0, 3},
                                      {0, 4},
                                      {1, 2},
                                      {1, 5},
                                      {2, 3},
                                      {2, 6},
                                      {3, 7},
                                      {4, 5},
                                      {4, 7},
                                      {5, 6},
                                      {6, 7},
                                      {0, 1, 2, 3},
                                      {0, 1, 4, 5},
                                      {0, 3, 4, 7},
                                      {1, 2, 5, 6},
                                      {2, 3, 6, 7},
                                      {4, 5, 6, 7},
                                      {0, 1, 2, 3, 4, 5, 6, 7}})};



  unsigned int
  Shape::smallest_part(const unsigned int corners) const
  {
    // Edges come before faces, and these before the whole.
    for (const unsigned int part : middles)
      if ((corners & ~part) == 0)
        return part;
    return (1u << n_corners) - 1;
  }



  namespace
  {
    using GridIn = dealii::GridIn<2, 3>;

    /// The shape of deal.II's cells or faces, and the place that each of its
    /// corners has in deal.II's order.
    std::pair<const Shape *, std::vector<unsigned int>>
    shape_of(const dealii::ReferenceCell &kind)
    {
      namespace Kinds = dealii::ReferenceCells;
      if (kind == Kinds::Line)
        return {&Shape::line, {0, 1}};
      if (kind == Kinds::Triangle)
        return {&Shape::triangle, {0, 1, 2}};
      if (kind == Kinds::Quadrilateral)
        return {&Shape::quadrilateral, {0, 1, 3, 2}};
      if (kind == Kinds::Tetrahedron)
        return {&Shape::tetrahedron, {0, 1, 2, 3}};
      if (kind == Kinds::Pyramid)
        return {&Shape::pyramid, {0, 1, 3, 2, 4}};
      if (kind == Kinds::Wedge)
        return {&Shape::wedge, {0, 1, 2, 3, 4, 5}};
      return {&Shape::hexahedron, {0, 1, 3, 2, 4, 5, 7, 6}};
    }



    template <typename Object>
    FileMesh::Element
    element(const Object &object, const unsigned int id)
    {
      const auto [shape, order] = shape_of(object->reference_cell());
      FileMesh::Element result{shape, {}, id};
      for (const unsigned int corner : order)
        result.nodes.push_back(object->vertex_index(corner));
      return result;
    }



    /// Let deal.II read @p text in some @p format.
    template <int dim>
    FileMesh
    read_by_dealii(const std::string &text, const GridIn::Format format)
    {
      dealii::Triangulation<dim, 3> mesh;
      dealii::GridIn<dim, 3>        grid_in(mesh);
      std::istringstream            in(text);
      grid_in.read(
        in, static_cast<typename dealii::GridIn<dim, 3>::Format>(format));

      FileMesh result;
      result.points = mesh.get_vertices();
      for (const auto &cell : mesh.active_cell_iterators())
        {
          result.elements.push_back(element(cell, 0));
          for (const unsigned int f : cell->face_indices())
            if (cell->face(f)->at_boundary())
              {
                const unsigned int id = cell->face(f)->boundary_id();
                if constexpr (dim > 1)
                  result.elements.push_back(element(cell->face(f), id));
                else
                  result.elements.push_back(
                    {&Shape::point, {cell->vertex_index(f)}, id});
              }
        }
      return result;
    }



    /// The end of a file's name in small letters, without the dot.
    std::string
    kind_of(const std::string &path)
    {
      std::string ending = std::filesystem::path(path).extension().string();
      for (char &c : ending)
        c = std::tolower(static_cast<unsigned char>(c));
      return ending.empty() ? ending : ending.substr(1);
    }



    GridIn::Format
    format_of(const std::string &kind, const std::string &bytes)
    {
      const auto first = bytes.find_first_not_of(" \t\r\n");
      if (kind == "inp" && first != std::string::npos && bytes[first] == '*')
        return GridIn::abaqus;
      const std::map<std::string, GridIn::Format> formats = {
        {"msh", GridIn::msh},
        {"vtk", GridIn::vtk},
        {"unv", GridIn::unv},
        {"inp", GridIn::ucd},
        {"ucd", GridIn::ucd},
        {"dbmesh", GridIn::dbmesh},
        {"xda", GridIn::xda},
        {"dat", GridIn::tecplot},
        {"plt", GridIn::tecplot},
        {"tecplot", GridIn::tecplot}};
      const auto entry = formats.find(kind);
      require(entry != formats.end(),
              (kind.empty() ? "the name of the file has no ending" :
                              "the ending ." + kind + " is not known") +
                ", expected .msh (gmsh), .vtk, .unv, .inp (Abaqus or UCD), "
                ".ucd, .dbmesh, .xda or .dat (Tecplot)" +
                (kind == "geo" ?
                   ": this is a geometry, of which gmsh -2 or gmsh -3 makes a "
                   "mesh." :
                   ". Other formats: meshio convert FILE mesh.msh."));
      return entry->second;
    }
  } // namespace



  FileMesh
  read_mesh_file(const std::string &path, const unsigned int dim)
  {
    const std::string kind        = kind_of(path);
    std::string       bytes       = read_file(path, "a mesh");
    const auto        format      = format_of(kind, bytes);
    const auto        begins_with = [&](const std::string &start) {
      return bytes.compare(0, start.size(), start) == 0;
    };
    if (format == GridIn::msh)
      {
        if (begins_with("\xef\xbb\xbf"))
          bytes.erase(0, 3);
        if (bytes.find("$MeshFormat") != std::string::npos)
          return read_gmsh(bytes);
        require(bytes.find("$NOD") != std::string::npos,
                "this is no file of gmsh, expected one with $MeshFormat "
                "(Fluent's files have the same ending: meshio convert "
                "--input-format ansys FILE mesh.msh).");
      }

    // deal.II takes the end of a line of Windows for a part of a word.
    bytes.erase(std::remove(bytes.begin(), bytes.end(), '\r'), bytes.end());
    try
      {
        if (dim == 1)
          return read_by_dealii<1>(bytes, format);
        return dim == 2 ? read_by_dealii<2>(bytes, format) :
                          read_by_dealii<3>(bytes, format);
      }
    catch (const std::exception &exception)
      {
        throw Error("deal.II does not read it as a mesh in " +
                    std::to_string(dim) +
                    " dimensions: " + error_message(exception) +
                    " Most kinds of meshes are read in gmsh's format: gmsh "
                    "FILE -save -o mesh.msh, or meshio convert FILE mesh.msh.");
      }
  }
} // namespace lsr
