// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/coarse_mesh.h"

#include <lsr/base/exceptions.h>

#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/grid/grid_tools.h>
#include <deal.II/grid/reference_cell.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <sstream>
#include <unordered_map>

#include "fe/file_mesh.h"

namespace lsr
{
  namespace
  {
    using Corners = std::vector<unsigned int>;
    using Element = FileMesh::Element;

    std::string
    to_string(const double x)
    {
      std::ostringstream out;
      out << x;
      return out.str();
    }

    template <int dim>
    std::string
    to_string(const dealii::Point<dim> &x)
    {
      std::string text = "(";
      for (unsigned int d = 0; d < dim; ++d)
        text += (d > 0 ? ", " : "") + to_string(x[d]);
      return text + ")";
    }

    Corners
    corners_of(const Element &element)
    {
      return {element.nodes.begin(),
              element.nodes.begin() + element.shape->n_corners};
    }

    Corners
    sorted(Corners corners)
    {
      std::sort(corners.begin(), corners.end());
      return corners;
    }

    std::vector<Element>
    select(const FileMesh &mesh, const unsigned int dim)
    {
      std::vector<Element> result;
      for (const Element &element : mesh.elements)
        if (element.shape->dim == dim)
          result.push_back(element);
      return result;
    }

    /// The kinds of some elements, in words.
    std::string
    kinds(const std::vector<Element> &elements)
    {
      std::map<std::string, std::size_t> count;
      for (const Element &element : elements)
        ++count[element.shape->name];
      std::string text;
      for (const auto &[name, n] : count)
        text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + name;
      return text;
    }

    /// The cells of a mesh for a problem in @p dim dimensions.
    std::vector<Element>
    select_cells(const FileMesh &mesh, const unsigned int dim)
    {
      std::vector<Element> cells = select(mesh, dim);
      std::string          message =
        "expected cells of Dimension = " + std::to_string(dim) + ", found ";
      for (unsigned int other = 3; other > dim; --other)
        require(select(mesh, other).empty(),
                message + kinds(select(mesh, other)) + ".");
      if (cells.empty())
        {
          std::string others;
          for (unsigned int other = 0; other < dim; ++other)
            if (const std::string some = kinds(select(mesh, other));
                !some.empty())
              others = some;
          require(false,
                  message + (others.empty() ? "none" : others) +
                    (dim > 1 ? ": was the mesh made with gmsh -" +
                                 std::to_string(dim) + "?" :
                               "."));
        }
      return cells;
    }

    /// Leave one of several cells that are the same but for their groups.
    void
    make_unique(std::vector<Element> &cells)
    {
      std::set<Corners>    known;
      std::vector<Element> unique;
      for (Element &cell : cells)
        if (known.insert(sorted(corners_of(cell))).second)
          unique.push_back(std::move(cell));
      cells.swap(unique);
    }

    /// Least and largest coordinates of the nodes of cells.
    std::pair<dealii::Point<3>, dealii::Point<3>>
    bounds(const FileMesh &mesh, const std::vector<Element> &cells)
    {
      dealii::Point<3> lower = mesh.points[cells[0].nodes[0]], upper = lower;
      for (const Element &cell : cells)
        for (const unsigned int node : cell.nodes)
          for (unsigned int d = 0; d < 3; ++d)
            {
              const double x = mesh.points[node][d];
              require(std::isfinite(x),
                      "a node has a coordinate that is not a finite number.");
              lower[d] = std::min(lower[d], x);
              upper[d] = std::max(upper[d], x);
            }
      return {lower, upper};
    }

    /// Coordinates that a problem does not have are the same everywhere.
    void
    check_plane(const dealii::Point<3> &lower,
                const dealii::Point<3> &upper,
                const unsigned int      dim)
    {
      static const std::string letters  = "xyz";
      const double             size     = (upper - lower).norm();
      const auto               constant = [&](const unsigned int d) {
        return upper[d] - lower[d] <= 1e-6 * size;
      };
      bool        good = true;
      std::string used, unused;
      for (unsigned int d = 0; d < 3; ++d)
        {
          good = good && (d < dim || constant(d));
          (constant(d) ? unused : used) += letters[d];
        }
      if (good)
        return;
      std::string found;
      if (used.size() == dim && dim == 2)
        found = "it lies in the " + used.substr(0, 1) + "-" + used.substr(1) +
                " plane (" + unused + " = " +
                to_string(lower[letters.find(unused)]) + ")";
      else if (used.size() == dim)
        found = "it lies along " + used;
      else
        for (unsigned int d = dim; d < 3; ++d)
          if (!constant(d))
            found += (found.empty() ? "" : ", ") + letters.substr(d, 1) +
                     " goes from " + to_string(lower[d]) + " to " +
                     to_string(upper[d]);
      require(false,
              found + "; expected a mesh " +
                (dim == 1 ? "along x" : "in the x-y plane") +
                ", whose coordinates expressions and networks have with "
                "Dimension = " +
                std::to_string(dim) + ": turn it in the mesh generator.");
    }

    /// Simplices of the corners of an element without new vertices, the same
    /// on a face from both sides: cones from the corner with the least number.
    /// After Dompierre and others, How to subdivide pyramids, prisms, and
    /// hexahedra into tetrahedra, 1999.
    void
    divide(const Shape          &shape,
           const Corners        &corners,
           std::vector<Corners> &simplices)
    {
      if (corners.size() == shape.dim + 1)
        {
          simplices.push_back(corners);
          return;
        }
      const unsigned int apex =
        *std::min_element(corners.begin(), corners.end());
      for (const auto &face : shape.faces)
        {
          Corners of_face;
          for (const unsigned int i : face)
            of_face.push_back(corners[i]);
          if (std::count(of_face.begin(), of_face.end(), apex) > 0)
            continue;
          std::vector<Corners> parts;
          divide(shape.dim == 2      ? Shape::line :
                 of_face.size() == 3 ? Shape::triangle :
                                       Shape::quadrilateral,
                 of_face,
                 parts);
          for (Corners &part : parts)
            {
              part.push_back(apex);
              simplices.push_back(part);
            }
        }
    }

    /// The corners of quadrilaterals and hexahedra, in deal.II's order.
    Corners
    lexicographic(Corners corners)
    {
      for (std::size_t i = 0; i + 3 < corners.size(); i += 4)
        std::swap(corners[i + 2], corners[i + 3]);
      return corners;
    }

    /// Signs of the volumes at the corners of a cell of deal.II: least and
    /// largest, relative to the size of its edges.
    template <int dim>
    std::pair<double, double>
    volumes(const std::vector<dealii::Point<dim>> &vertices,
            const Corners                         &cell,
            const bool                             simplex)
    {
      std::pair<double, double> result = {1., -1.};
      for (unsigned int v = 0; v < (simplex ? 1 : cell.size()); ++v)
        {
          dealii::Tensor<2, dim> edges;
          double                 size = 1.;
          for (unsigned int d = 0; d < dim; ++d)
            {
              // Along coordinate d of the unit cell, upwards.
              const unsigned int bit = 1u << d;
              edges[d]               = simplex ?
                                         vertices[cell[d + 1]] - vertices[cell[0]] :
                                         vertices[cell[v | bit]] - vertices[cell[v & ~bit]];
              size *= edges[d].norm();
            }
          const double volume =
            size > 0. ? dealii::determinant(edges) / size : 0.;
          result.first  = std::min(result.first, volume);
          result.second = std::max(result.second, volume);
        }
      return result;
    }

    /// A node of second order, or, where there is none in a face or inside,
    /// where interpolation between corners and edges has it.
    dealii::Point<3>
    middle(const FileMesh    &mesh,
           const Element     &element,
           const unsigned int part)
    {
      const Shape       &shape = *element.shape;
      const auto        &nodes = element.nodes;
      const unsigned int first = shape.n_corners;
      const auto         count = [](unsigned int set) {
        unsigned int n = 0;
        for (; set != 0; set &= set - 1)
          ++n;
        return n;
      };
      for (unsigned int m = 0; first + m < nodes.size(); ++m)
        if (shape.middles[m] == part)
          return mesh.points[nodes[first + m]];
      const double     weight = count(part) == 4 ? 0.5 : 0.25;
      dealii::Point<3> result;
      for (unsigned int i = 0; i < shape.n_corners; ++i)
        if ((part >> i & 1u) != 0)
          result -= 0.25 * dealii::Tensor<1, 3>(mesh.points[nodes[i]]);
      for (unsigned int m = 0; m < shape.middles.size(); ++m)
        if (count(shape.middles[m]) == 2 && (shape.middles[m] & ~part) == 0)
          result +=
            weight * dealii::Tensor<1, 3>(mesh.points[nodes[first + m]]);
      return result;
    }

    /// Whether an element has nodes of second order: all those behind the
    /// corners, or those on edges alone.
    bool
    is_second_order(const Element &element)
    {
      const auto &middles = element.shape->middles;
      const auto  is_edge = [](const unsigned int set) {
        const unsigned int rest = set & (set - 1);
        return (rest & (rest - 1)) == 0;
      };
      const std::size_t n_edges =
        std::count_if(middles.begin(), middles.end(), is_edge);
      const std::size_t n = element.nodes.size() - element.shape->n_corners;
      return n > 0 && (n == n_edges || n == middles.size());
    }



    /// Makes the mesh step by step.
    template <int dim>
    class Builder
    {
    public:
      Builder(const std::string &path, const bool merge_vertices)
        : mesh(read_mesh_file(path, dim))
        , elements(select_cells(mesh, dim))
      {
        make_unique(elements);
        const auto [lower, upper] = bounds(mesh, elements);
        check_plane(lower, upper, dim);
        size = (upper - lower).norm();
        take_vertices();
        find_duplicates(lower, merge_vertices);
        make_cells();
        make_faces();
        make_nodes();
        for (const auto &[group, name] : mesh.names)
          if (group.first + 1 == dim)
            result.boundary_names[group.second] = name;
      }

      CoarseMesh<dim> result;

    private:
      void
      note(const std::string &sentence)
      {
        result.notes.push_back(sentence);
      }

      dealii::Point<dim>
      project(const dealii::Point<3> &x) const
      {
        dealii::Point<dim> point;
        for (unsigned int d = 0; d < dim; ++d)
          point[d] = x[d];
        return point;
      }

      /// Corners of cells are vertices; other nodes are not.
      void
      take_vertices()
      {
        vertex_of.assign(mesh.points.size(),
                         dealii::numbers::invalid_unsigned_int);
        for (const Element &element : elements)
          for (const unsigned int node : corners_of(element))
            if (vertex_of[node] == dealii::numbers::invalid_unsigned_int)
              {
                vertex_of[node] = result.vertices.size();
                result.vertices.push_back(project(mesh.points[node]));
              }
      }

      /// Vertices at the same place, up to rounding.
      void
      find_duplicates(const dealii::Point<3> &lower, const bool merge)
      {
        const double width = 1e-8 * size;
        using Box          = std::array<std::int64_t, dim>;
        std::map<Box, std::vector<unsigned int>> boxes;
        std::vector<unsigned int>                same(result.vertices.size());
        std::size_t                              n_duplicates = 0;
        dealii::Point<dim>                       example;
        for (unsigned int v = 0; v < same.size(); ++v)
          {
            Box here;
            for (unsigned int d = 0; d < dim; ++d)
              here[d] = std::floor((result.vertices[v][d] - lower[d]) / width);
            same[v] = v;
            for (unsigned int k = 0; k < dealii::Utilities::pow(3u, dim); ++k)
              {
                Box near = here;
                for (unsigned int d = 0, rest = k; d < dim; ++d, rest /= 3)
                  near[d] += static_cast<std::int64_t>(rest % 3) - 1;
                if (const auto box = boxes.find(near); box != boxes.end())
                  for (const unsigned int other : box->second)
                    if ((result.vertices[v] - result.vertices[other]).norm() <
                        width)
                      same[v] = std::min(same[v], other);
              }
            if (same[v] != v)
              {
                ++n_duplicates;
                example = result.vertices[v];
              }
            else
              boxes[here].push_back(v);
          }
        if (n_duplicates == 0)
          return;
        const std::string text = std::to_string(n_duplicates) +
                                 " nodes lie where another one does, as at " +
                                 to_string(example);
        if (!merge)
          {
            note("Warning: " + text +
                 ". They are not merged: the mesh has an inner boundary "
                 "there, cells on its two sides do not know each other, and "
                 "the solution is that of another problem, if this is no "
                 "crack. Mesh/Merge nodes = true merges them.");
            return;
          }
        note(text + ", and were merged.");
        std::vector<unsigned int>       number(same.size());
        std::vector<dealii::Point<dim>> kept;
        for (unsigned int v = 0; v < same.size(); ++v)
          if (same[v] == v)
            {
              number[v] = kept.size();
              kept.push_back(result.vertices[v]);
            }
        result.vertices.swap(kept);
        for (unsigned int &vertex : vertex_of)
          if (vertex != dealii::numbers::invalid_unsigned_int)
            vertex = number[same[vertex]];
      }

      Corners
      vertices_of(const Element &element) const
      {
        Corners corners = corners_of(element);
        for (unsigned int &corner : corners)
          corner = vertex_of[corner];
        return corners;
      }

      void
      make_cells()
      {
        bool hypercubes  = true;
        result.simplices = dim > 1;
        for (const Element &element : elements)
          {
            const bool simplex = element.shape->n_corners == 1u + dim;
            result.simplices   = result.simplices && simplex;
            hypercubes = hypercubes && element.shape->n_corners == (1u << dim);
          }
        if (!hypercubes && !result.simplices)
          {
            result.simplices = true;
            note("The mesh has " + kinds(elements) + ": all are divided into " +
                 (dim == 2 ? "triangles" : "tetrahedra") +
                 " without new vertices, for which there are continuous "
                 "elements.");
          }
        for (unsigned int e = 0; e < elements.size(); ++e)
          {
            std::vector<Corners> parts;
            if (hypercubes)
              parts = {lexicographic(vertices_of(elements[e]))};
            else
              divide(*elements[e].shape, vertices_of(elements[e]), parts);
            for (const Corners &part : parts)
              add_cell(part, e);
          }
        if (hypercubes && dim > 1)
          dealii::GridTools::consistently_order_cells(result.cells);
      }

      void
      add_cell(Corners cell, const unsigned int element)
      {
        auto [least, largest] =
          volumes(result.vertices, cell, result.simplices);
        if (largest < 0.)
          {
            // Turned around: exchange along the first coordinate.
            if (result.simplices)
              std::swap(cell[0], cell[1]);
            else
              for (unsigned int v = 0; v < cell.size(); v += 2)
                std::swap(cell[v], cell[v + 1]);
            least = -largest;
          }
        require(least > 1e-10,
                "a cell has no volume, or edges that cross or make an angle "
                "of 180 degrees or more, near " +
                  to_string(result.vertices[cell[0]]) + ".");
        dealii::CellData<dim> data(cell.size());
        std::copy(cell.begin(), cell.end(), data.vertices.begin());
        result.cells.push_back(data);
        if (elements[element].nodes.size() > elements[element].shape->n_corners)
          element_of[sorted(cell)] = element;
      }

      /// The faces that belong to one cell alone.
      std::set<Corners>
      boundary_faces() const
      {
        const Shape &shape =
          dim == 1 ?
            Shape::line :
          dim == 2 ?
            (result.simplices ? Shape::triangle : Shape::quadrilateral) :
          result.simplices ? Shape::tetrahedron :
                             Shape::hexahedron;
        std::map<Corners, unsigned int> n_cells;
        for (const auto &cell : result.cells)
          {
            const Corners corners =
              lexicographic({cell.vertices.begin(), cell.vertices.end()});
            for (const auto &face : shape.faces)
              {
                Corners of_face;
                for (const unsigned int i : face)
                  of_face.push_back(corners[i]);
                ++n_cells[sorted(of_face)];
              }
          }
        std::set<Corners> boundary;
        for (const auto &[face, n] : n_cells)
          {
            require(n <= 2,
                    std::to_string(n) +
                      " cells have a face in common: cells overlap near " +
                      to_string(result.vertices[face[0]]) + ".");
            if (n == 1)
              boundary.insert(face);
          }
        return boundary;
      }

      std::string
      group(const unsigned int id) const
      {
        const auto        entry  = mesh.names.find({dim - 1, id});
        const std::string number = std::to_string(id);
        return entry == mesh.names.end() ?
                 number :
                 number + " \"" + entry->second + "\"";
      }

      /// Ids of boundary faces.
      void
      make_faces()
      {
        const std::set<Corners>         boundary = boundary_faces();
        std::map<Corners, unsigned int> ids;
        std::map<std::pair<unsigned int, unsigned int>, std::size_t> conflicts;
        for (const Element &element : select(mesh, dim - 1))
          {
            const Corners corners = vertices_of(element);
            if (element.id == 0 ||
                std::count(corners.begin(),
                           corners.end(),
                           dealii::numbers::invalid_unsigned_int) > 0)
              continue;
            std::vector<Corners> parts = {corners};
            if (dim == 3 && result.simplices)
              {
                parts.clear();
                divide(*element.shape, corners, parts);
              }
            for (Corners &part : parts)
              {
                const Corners key = sorted(part);
                if (boundary.count(key) == 0)
                  continue;
                const auto [entry, is_new] = ids.emplace(key, element.id);
                if (!is_new && entry->second != element.id)
                  ++conflicts[{entry->second, element.id}];
                if (is_new)
                  add_face(part, element.id);
              }
          }
        for (const auto &[groups, n] : conflicts)
          note(std::to_string(n) + " faces of group " + group(groups.second) +
               " are in group " + group(groups.first) +
               ", too, and have its id, " + std::to_string(groups.first) + ".");
      }

      void
      add_face(const Corners &corners, const unsigned int id)
      {
        require(id < dealii::numbers::invalid_boundary_id,
                "a boundary has the id " + std::to_string(id) +
                  ", which is too large.");
        if constexpr (dim == 1)
          result.end_ids[corners[0]] = id;
        else
          {
            dealii::CellData<dim - 1> face(corners.size());
            const Corners             order = lexicographic(corners);
            std::copy(order.begin(), order.end(), face.vertices.begin());
            face.boundary_id = id;
            if constexpr (dim == 2)
              result.faces.boundary_lines.push_back(face);
            else
              result.faces.boundary_quads.push_back(face);
          }
      }

      /// Keep nodes of second order where they make a cell curved.
      void
      make_nodes()
      {
        const auto is_linear = [](const Element &element) {
          return element.nodes.size() == element.shape->n_corners;
        };
        if (std::all_of(elements.begin(), elements.end(), is_linear))
          return;
        if (!std::all_of(elements.begin(), elements.end(), is_second_order))
          {
            note("Cells have more nodes than corners, but not all those of "
                 "second order: corners alone are read, all edges are "
                 "straight.");
            return;
          }
        std::unique_ptr<dealii::FiniteElement<dim>> fe;
        if (result.simplices)
          fe = std::make_unique<dealii::FE_SimplexP<dim>>(2);
        else
          fe = std::make_unique<dealii::FE_Q<dim>>(2);
        bool curved = false;
        for (const auto &cell : result.cells)
          {
            const Element                  &element = elements[element_of.at(
              sorted({cell.vertices.begin(), cell.vertices.end()}))];
            std::vector<dealii::Point<dim>> nodes;
            for (const auto &unit : fe->get_unit_support_points())
              {
                const auto [curved_point, straight] =
                  place(cell, element, unit);
                nodes.push_back(curved_point);
                curved =
                  curved || (curved_point - straight).norm() > 1e-9 * size;
              }
            check_curved(*fe, nodes);
            result.nodes.push_back(nodes);
          }
        if (!curved)
          result.nodes.clear();
      }

      /// Where a node of degree 2 of a cell is, and where it would be if edges
      /// were straight.
      std::pair<dealii::Point<dim>, dealii::Point<dim>>
      place(const dealii::CellData<dim> &cell,
            const Element               &element,
            const dealii::Point<dim>    &unit) const
      {
        // The corners that it is in the middle of, by vertex and in the
        // element.
        const auto kind =
          dealii::ReferenceCell::n_vertices_to_type(dim, cell.vertices.size());
        const Corners      of_element = vertices_of(element);
        dealii::Point<dim> straight;
        unsigned int       corners = 0, n = 0;
        Corners            chosen;
        for (unsigned int v = 0; v < cell.vertices.size(); ++v)
          if (kind.d_linear_shape_function(unit, v) > 1e-8)
            {
              const unsigned int i = std::find(of_element.begin(),
                                               of_element.end(),
                                               cell.vertices[v]) -
                                     of_element.begin();
              corners |= 1u << i;
              straight += result.vertices[cell.vertices[v]];
              ++n;
            }
        straight /= n;
        if (n == 1)
          return {straight, straight};
        return {project(
                  middle(mesh, element, element.shape->smallest_part(corners))),
                straight};
      }

      /// Throw unless the volume is positive at the nodes of a curved cell.
      void
      check_curved(const dealii::FiniteElement<dim>      &fe,
                   const std::vector<dealii::Point<dim>> &nodes) const
      {
        for (const auto &unit : fe.get_unit_support_points())
          {
            dealii::Tensor<2, dim> jacobian;
            for (unsigned int i = 0; i < nodes.size(); ++i)
              jacobian +=
                dealii::outer_product(nodes[i], fe.shape_grad(i, unit));
            require(dealii::determinant(jacobian) > 0.,
                    "a curved cell is turned inside out near " +
                      to_string(nodes[0]) + ".");
          }
      }

      const FileMesh                  mesh;
      std::vector<Element>            elements;
      double                          size = 0.;
      std::vector<unsigned int>       vertex_of;
      std::map<Corners, unsigned int> element_of;
    };
  } // namespace



  template <int dim>
  CoarseMesh<dim>
  read_coarse_mesh(const std::string &path, const bool merge_vertices)
  {
    return std::move(Builder<dim>(path, merge_vertices).result);
  }



  template CoarseMesh<1>
  read_coarse_mesh(const std::string &, const bool);
  template CoarseMesh<2>
  read_coarse_mesh(const std::string &, const bool);
  template CoarseMesh<3>
  read_coarse_mesh(const std::string &, const bool);
} // namespace lsr
