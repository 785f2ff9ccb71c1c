// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_gmsh_mesh_h
#define lsr_tests_support_gmsh_mesh_h

#include <deal.II/base/point.h>

#include <array>
#include <cstdint>
#include <functional>
#include <iomanip>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace lsr::test
{
  /// A mesh as gmsh writes it.
  struct GmshMesh
  {
    using Point = dealii::Point<3>;

    struct Element
    {
      int              type; ///< gmsh's number
      unsigned int     dim;
      int              group; ///< or 0
      std::vector<int> nodes;
    };

    std::vector<Point>   points;
    std::vector<Element> elements;
    std::string          names; ///< lines of $PhysicalNames

    /// Number i has this node; as files have it, with gaps.
    int
    tag(const int node) const
    {
      return 7 + 3 * node;
    }

    int
    node(const Point &x)
    {
      for (std::size_t i = 0; i < points.size(); ++i)
        if (points[i].distance(x) < 1e-12)
          return i;
      points.push_back(x);
      return points.size() - 1;
    }

    /// Move all nodes.
    template <typename Map>
    GmshMesh
    mapped(const Map &map) const
    {
      GmshMesh result = *this;
      for (Point &x : result.points)
        x = map(x);
      return result;
    }

    /// The file, in version 2.2, 4.0 or 4.1. The first node is in no element.
    std::string
    file(const std::string &version, const bool binary = false) const
    {
      std::ostringstream out;
      out << "$MeshFormat\n" << version << ' ' << binary << " 8\n";
      if (binary)
        put(out, true, std::int32_t(1)), out << '\n';
      out << "$EndMeshFormat\n";
      if (!names.empty())
        out << "$PhysicalNames\n"
            << std::count(names.begin(), names.end(), '\n') << '\n'
            << names << "$EndPhysicalNames\n";
      out << std::setprecision(17);
      if (version[0] == '2')
        write_2(out, binary);
      else
        write_4(out, binary, version == "4.1");
      return out.str();
    }

  private:
    template <typename T>
    static void
    put(std::ostream &out, const bool binary, const T x)
    {
      if (binary)
        out.write(reinterpret_cast<const char *>(&x), sizeof(T));
      else
        out << x << ' ';
    }

    static void
    end_line(std::ostream &out, const bool binary)
    {
      if (!binary)
        out << '\n';
    }

    void
    write_2(std::ostream &out, const bool binary) const
    {
      const auto integer = [&](const int i) {
        put(out, binary, std::int32_t(i));
      };
      out << "$Nodes\n" << points.size() + 1 << '\n';
      for (int i = -1; i < int(points.size()); ++i)
        {
          integer(tag(i));
          for (unsigned int d = 0; d < 3; ++d)
            put(out, binary, i < 0 ? 50. : points[i][d]);
          end_line(out, binary);
        }
      out << "$EndNodes\n$Elements\n" << elements.size() << '\n';
      for (std::size_t e = 0; e < elements.size(); ++e)
        {
          const Element &element = elements[e];
          if (binary)
            for (const int i : {element.type, 1, 2, int(e) + 1})
              integer(i);
          else
            for (const int i : {int(e) + 1, element.type, 2})
              integer(i);
          integer(element.group);
          integer(1);
          for (const int node : element.nodes)
            integer(tag(node));
          end_line(out, binary);
        }
      out << "$EndElements\n";
    }

    void
    write_4(std::ostream &out, const bool binary, const bool is_4_1) const
    {
      const auto integer = [&](const int i) {
        put(out, binary, std::int32_t(i));
      };
      const auto count = [&](const std::size_t n) {
        put(out, binary, std::uint64_t(n));
      };
      // An entity for each group, of the same number; 1000 is in none.
      std::map<std::pair<unsigned int, int>, std::vector<const Element *>>
        entities;
      for (const Element &element : elements)
        entities[{element.dim, element.group == 0 ? 1000 : element.group}]
          .push_back(&element);
      std::array<std::size_t, 4> n{};
      for (const auto &[entity, list] : entities)
        ++n[entity.first];
      out << "$Entities\n";
      for (const std::size_t k : n)
        count(k);
      end_line(out, binary);
      for (const auto &[entity, list] : entities)
        {
          integer(entity.second);
          for (int k = 0; k < (entity.first == 0 && is_4_1 ? 3 : 6); ++k)
            put(out, binary, 0.);
          count(entity.second == 1000 ? 0 : 1);
          if (entity.second != 1000)
            integer(entity.second);
          if (entity.first > 0)
            count(0);
          end_line(out, binary);
        }
      out << "$EndEntities\n$Nodes\n";
      count(1);
      count(points.size() + 1);
      if (is_4_1)
        {
          count(tag(-1));
          count(tag(points.size()));
        }
      for (const int i : {2, 2, 0})
        integer(i);
      count(points.size() + 1);
      for (int i = -1; is_4_1 && i < int(points.size()); ++i)
        count(tag(i));
      for (int i = -1; i < int(points.size()); ++i)
        {
          if (!is_4_1)
            integer(tag(i));
          for (unsigned int d = 0; d < 3; ++d)
            put(out, binary, i < 0 ? 50. : points[i][d]);
          end_line(out, binary);
        }
      out << "$EndNodes\n$Elements\n";
      count(elements.size());
      count(elements.size());
      if (is_4_1)
        {
          count(1);
          count(elements.size());
        }
      for (std::size_t e = 0; e < elements.size(); ++e)
        {
          const int dim    = elements[e].dim;
          const int entity = elements[e].group == 0 ? 1000 : elements[e].group;
          integer(is_4_1 ? dim : entity);
          integer(is_4_1 ? entity : dim);
          integer(elements[e].type);
          count(1);
          const auto number = [&](const int i) {
            is_4_1 ? count(i) : integer(i);
          };
          number(e + 1);
          for (const int node : elements[e].nodes)
            number(tag(node));
          end_line(out, binary);
        }
      out << "$EndElements\n";
    }
  };



  /**
   * The unit square of n x n quadrilaterals, every one of them for which
   * @p is_divided says so as two triangles. With @p order 2 there are nodes in
   * the middle of edges and quadrilaterals. The sides have the groups 1 to 4:
   * left, right, bottom, top.
   */
  inline GmshMesh
  gmsh_square(const unsigned int                                     n,
              const std::function<bool(unsigned int, unsigned int)> &is_divided,
              const unsigned int                                     order = 1)
  {
    using Point = GmshMesh::Point;
    GmshMesh     mesh;
    const double h   = 1. / n;
    const auto   add = [&](const int                 type,
                         const unsigned int        dim,
                         const int                 group,
                         const std::vector<Point> &corners) {
      GmshMesh::Element element{type, dim, group, {}};
      for (const Point &x : corners)
        element.nodes.push_back(mesh.node(x));
      if (order == 2)
        {
          const std::size_t n_edges = dim == 1 ? 1 : corners.size();
          Point             center;
          for (const Point &x : corners)
            center += 1. / corners.size() * (x - Point());
          for (std::size_t i = 0; i < n_edges; ++i)
            element.nodes.push_back(
              mesh.node(corners[i] + 0.5 * (corners[(i + 1) % corners.size()] -
                                            corners[i])));
          if (corners.size() == 4)
            element.nodes.push_back(mesh.node(center));
        }
      mesh.elements.push_back(element);
    };
    const int line = order == 1 ? 1 : 8, triangle = order == 1 ? 2 : 9,
              quadrilateral = order == 1 ? 3 : 10;
    for (unsigned int i = 0; i < n; ++i)
      {
        const double a = i * h, b = (i + 1) * h;
        add(line, 1, 1, {{0, a, 0}, {0, b, 0}});
        add(line, 1, 2, {{1, a, 0}, {1, b, 0}});
        add(line, 1, 3, {{a, 0, 0}, {b, 0, 0}});
        add(line, 1, 4, {{a, 1, 0}, {b, 1, 0}});
        for (unsigned int j = 0; j < n; ++j)
          {
            const double c = j * h, d = (j + 1) * h;
            if (is_divided(i, j))
              {
                add(triangle, 2, 9, {{a, c, 0}, {b, c, 0}, {b, d, 0}});
                add(triangle, 2, 9, {{a, c, 0}, {b, d, 0}, {a, d, 0}});
              }
            else
              add(quadrilateral,
                  2,
                  9,
                  {{a, c, 0}, {b, c, 0}, {b, d, 0}, {a, d, 0}});
          }
      }
    return mesh;
  }



  /// The unit cube of hexahedra where @p shape is 5, wedges where it is 6, and
  /// six pyramids for each hexahedron where it is 7 (gmsh's numbers); all are
  /// mixed where it is 0. Nodes come in some order.
  inline GmshMesh
  gmsh_cube(const unsigned int n, const int shape)
  {
    using Point = GmshMesh::Point;
    GmshMesh     mesh;
    const double h = 1. / n;
    // Numbers that divide faces in many ways.
    for (unsigned int i = 0; i < (n + 1) * (n + 1) * (n + 1); ++i)
      {
        const unsigned int k = (i * 11) % ((n + 1) * (n + 1) * (n + 1));
        mesh.node({k % (n + 1) * h,
                   k / (n + 1) % (n + 1) * h,
                   k / (n + 1) / (n + 1) * h});
      }
    for (unsigned int k = 0; k < n * n * n; ++k)
      {
        const Point      x(k % n * h, k / n % n * h, k / n / n * h);
        std::vector<int> v;
        constexpr int    corners[8][3] = {{0, 0, 0},
                                          {1, 0, 0},
                                          {1, 1, 0},
                                          {0, 1, 0},
                                          {0, 0, 1},
                                          {1, 0, 1},
                                          {1, 1, 1},
                                          {0, 1, 1}};
        for (const auto &[a, b, c] : corners)
          v.push_back(mesh.node(x + h * (Point(a, b, c) - Point())));
        const int kind = shape != 0 ? shape : 5 + 2 * int(k % 2);
        if (kind == 5)
          mesh.elements.push_back({5, 3, 0, v});
        else if (kind == 6)
          {
            mesh.elements.push_back(
              {6, 3, 0, {v[0], v[1], v[2], v[4], v[5], v[6]}});
            mesh.elements.push_back(
              {6, 3, 0, {v[0], v[2], v[3], v[4], v[6], v[7]}});
          }
        else
          {
            const int center =
              mesh.node(x + h * (Point(0.5, 0.5, 0.5) - Point()));
            for (const std::array<int, 4> &f :
                 std::vector<std::array<int, 4>>{{{0, 1, 2, 3}},
                                                 {{4, 7, 6, 5}},
                                                 {{0, 4, 5, 1}},
                                                 {{1, 5, 6, 2}},
                                                 {{2, 6, 7, 3}},
                                                 {{3, 7, 4, 0}}})
              mesh.elements.push_back(
                {7, 3, 0, {v[f[0]], v[f[1]], v[f[2]], v[f[3]], center}});
          }
      }
    return mesh;
  }
} // namespace lsr::test

#endif
