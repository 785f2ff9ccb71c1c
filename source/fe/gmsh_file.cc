// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// gmsh's format, https://gmsh.info/doc/texinfo/gmsh.html#File-formats. deal.II
// reads its text and cells of first order alone, and drops coordinates and
// groups without a word.

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <type_traits>
#include <unordered_map>

#include "fe/file_mesh.h"

namespace lsr
{
  namespace
  {
    struct ElementType
    {
      const Shape *shape;
      unsigned int n_nodes;
    };



    ElementType
    element_type(const int number)
    {
      static const std::unordered_map<int, ElementType> types = {
        {15, {&Shape::point, 1}},
        {1, {&Shape::line, 2}},
        {8, {&Shape::line, 3}},
        {26, {&Shape::line, 4}},
        {27, {&Shape::line, 5}},
        {28, {&Shape::line, 6}},
        {2, {&Shape::triangle, 3}},
        {9, {&Shape::triangle, 6}},
        {20, {&Shape::triangle, 9}},
        {21, {&Shape::triangle, 10}},
        {22, {&Shape::triangle, 12}},
        {23, {&Shape::triangle, 15}},
        {24, {&Shape::triangle, 15}},
        {25, {&Shape::triangle, 21}},
        {3, {&Shape::quadrilateral, 4}},
        {16, {&Shape::quadrilateral, 8}},
        {10, {&Shape::quadrilateral, 9}},
        {36, {&Shape::quadrilateral, 16}},
        {37, {&Shape::quadrilateral, 25}},
        {38, {&Shape::quadrilateral, 36}},
        {39, {&Shape::quadrilateral, 12}},
        {40, {&Shape::quadrilateral, 16}},
        {41, {&Shape::quadrilateral, 20}},
        {4, {&Shape::tetrahedron, 4}},
        {11, {&Shape::tetrahedron, 10}},
        {29, {&Shape::tetrahedron, 20}},
        {30, {&Shape::tetrahedron, 35}},
        {31, {&Shape::tetrahedron, 56}},
        {7, {&Shape::pyramid, 5}},
        {19, {&Shape::pyramid, 13}},
        {14, {&Shape::pyramid, 14}},
        {118, {&Shape::pyramid, 30}},
        {119, {&Shape::pyramid, 55}},
        {6, {&Shape::wedge, 6}},
        {18, {&Shape::wedge, 15}},
        {13, {&Shape::wedge, 18}},
        {90, {&Shape::wedge, 40}},
        {91, {&Shape::wedge, 75}},
        {5, {&Shape::hexahedron, 8}},
        {17, {&Shape::hexahedron, 20}},
        {12, {&Shape::hexahedron, 27}},
        {92, {&Shape::hexahedron, 64}},
        {93, {&Shape::hexahedron, 125}}};
      const auto entry = types.find(number);
      require(entry != types.end(),
              "elements of gmsh's type " + std::to_string(number) +
                " are not known, expected lines, triangles, quadrilaterals, "
                "tetrahedra, pyramids, wedges or hexahedra.");
      return entry->second;
    }



    /// Numbers of a section, one after the other.
    class Numbers
    {
    public:
      Numbers(const std::string &section, const char *begin, const char *end)
        : section(section)
        , position(begin)
        , end(end)
      {}

      bool binary = false;

      /// Whether tags and counts have 8 bytes, not 4.
      bool wide = true;

      int
      integer()
      {
        return binary ? bytes<std::int32_t>() : text<int>(std::strtoll);
      }

      /// The number of a group; a minus sign says that it is turned.
      unsigned int
      group()
      {
        return std::abs(std::int64_t(integer()));
      }

      std::size_t
      tag()
      {
        return !binary ? text<std::size_t>(std::strtoll) :
               wide    ? bytes<std::uint64_t>() :
                         bytes<std::int32_t>();
      }

      /// How many numbers follow, each of a byte at least.
      std::size_t
      count()
      {
        const std::size_t result = tag();
        require(result <= static_cast<std::size_t>(end - position),
                "a count in the section $" + section +
                  " is larger than the section: " + std::to_string(result) +
                  ".");
        return result;
      }

      double
      real()
      {
        if (binary)
          return bytes<double>();
        char        *after  = nullptr;
        const double result = std::strtod(position, &after);
        advance(after);
        return result;
      }

      void
      skip_integers(const std::size_t n)
      {
        for (std::size_t i = 0; i < n; ++i)
          integer();
      }

      /// The rest of the line, which is text.
      std::string
      line()
      {
        const char *const after = std::find(position, end, '\n');
        std::string       result(position, after);
        position = after == end ? end : after + 1;
        return result;
      }

    private:
      void
      advance(const char *after)
      {
        require(after != position && after <= end,
                "the section $" + section +
                  " ends too soon or has something else than a number.");
        position = after;
      }

      template <typename T, typename Parse>
      T
      text(const Parse &parse)
      {
        char      *after  = nullptr;
        const auto result = parse(position, &after, 10);
        const T    value  = static_cast<T>(result);
        require(static_cast<long long>(value) == result &&
                  (std::is_signed_v<T> || result >= 0),
                "the section $" + section + " has the number " +
                  std::to_string(result) + ", which is out of range.");
        advance(after);
        return value;
      }

      template <typename T>
      T
      bytes()
      {
        T result;
        require(position + sizeof(T) <= end,
                "the section $" + section + " ends too soon.");
        std::memcpy(&result, position, sizeof(T));
        position += sizeof(T);
        return result;
      }

      const std::string section;
      const char       *position;
      const char       *end;
    };



    class GmshFile
    {
    public:
      explicit GmshFile(const std::string &bytes)
        : file(bytes)
      {
        Numbers header = section("MeshFormat");
        version        = header.real();
        binary         = header.integer() == 1;
        const int size = header.integer();
        require((version >= 2. && version < 3.) ||
                  (version >= 4. && version < 4.2),
                "its version of gmsh's format is " + number(version) +
                  ", expected 2.2, 4.0 or 4.1 (gmsh -format msh41).");
        require(!binary || size == 8,
                "numbers have " + std::to_string(size) + " bytes, expected 8.");
        if (binary)
          {
            header.line();
            header.binary = true;
            require(header.integer() == 1,
                    "it was written on a computer with another order of "
                    "bytes.");
          }
      }

      FileMesh
      read()
      {
        require(!has("PartitionedEntities"),
                "the mesh is partitioned, expected one in one part: the ranks "
                "divide it themselves.");
        if (has("PhysicalNames"))
          read_names();
        if (version < 3.)
          {
            read_nodes_2();
            read_elements_2();
          }
        else
          {
            if (has("Entities"))
              read_entities();
            read_nodes_4();
            read_elements_4();
          }
        return std::move(mesh);
      }

    private:
      static std::string
      number(const double x)
      {
        std::ostringstream out;
        out << x;
        return out.str();
      }

      bool
      has(const std::string &name) const
      {
        return file.find("$" + name) != std::string::npos;
      }

      /// What stands between $name and $Endname.
      Numbers
      section(const std::string &name) const
      {
        const std::size_t begin = file.find("$" + name);
        require(begin != std::string::npos, "it has no section $" + name + ".");
        const std::size_t first = file.find('\n', begin),
                          last  = file.find("$End" + name, begin);
        require(last != std::string::npos && first < last,
                "the section $" + name +
                  " has no end: the file is not "
                  "complete.");
        Numbers result(name, file.data() + first + 1, file.data() + last);
        result.binary = binary && name != "PhysicalNames";
        return result;
      }

      void
      read_names()
      {
        Numbers           in = section("PhysicalNames");
        const std::size_t n  = in.count();
        in.line();
        for (std::size_t i = 0; i < n; ++i)
          {
            const std::string  line = in.line();
            std::istringstream words(line);
            unsigned int       dim = 0, id = 0;
            words >> dim >> id;
            const std::size_t first = line.find('"'), last = line.rfind('"');
            if (words && first < last)
              mesh.names[{dim, id}] = line.substr(first + 1, last - first - 1);
          }
      }

      void
      add_node(const std::size_t tag, Numbers &in)
      {
        dealii::Point<3> point;
        for (unsigned int d = 0; d < 3; ++d)
          point[d] = in.real();
        index_of[tag] = mesh.points.size();
        mesh.points.push_back(point);
      }

      unsigned int
      node(const std::size_t tag) const
      {
        const auto entry = index_of.find(tag);
        require(entry != index_of.end(),
                "an element has the node " + std::to_string(tag) +
                  ", which is not among the nodes.");
        return entry->second;
      }

      /// An element for each of its groups.
      void
      add_element(const ElementType               &type,
                  const std::vector<unsigned int> &nodes,
                  const std::vector<unsigned int> &groups)
      {
        if (groups.empty())
          mesh.elements.push_back({type.shape, nodes, 0});
        for (const unsigned int group : groups)
          mesh.elements.push_back({type.shape, nodes, group});
      }

      void
      read_nodes_2()
      {
        Numbers in          = section("Nodes");
        in.wide             = false;
        const std::size_t n = binary ? text_count(in) : in.count();
        for (std::size_t i = 0; i < n; ++i)
          add_node(in.integer(), in);
      }

      /// In version 2 counts are text in binary files, too.
      static std::size_t
      text_count(Numbers &in)
      {
        const std::string line = in.line();
        return Numbers("Elements", line.data(), line.data() + line.size())
          .tag();
      }

      void
      read_elements_2()
      {
        Numbers           in = section("Elements");
        const std::size_t n  = binary ? text_count(in) : in.count();
        for (std::size_t i = 0; i < n;)
          {
            // Text: number, type, number of tags; binary: a header for some.
            if (!binary)
              in.integer();
            const ElementType type      = element_type(in.integer());
            const std::size_t n_of_type = binary ? in.integer() : 1;
            const int         n_tags    = in.integer();
            require(n_tags >= 0,
                    "an element has " + std::to_string(n_tags) +
                      " tags, expected none or more.");
            for (std::size_t e = 0; e < n_of_type; ++e, ++i)
              {
                if (binary)
                  in.integer();
                const unsigned int group = n_tags > 0 ? in.group() : 0;
                in.skip_integers(std::max(0, n_tags - 1));
                std::vector<unsigned int> nodes;
                for (unsigned int k = 0; k < type.n_nodes; ++k)
                  nodes.push_back(node(in.integer()));
                add_element(type,
                            nodes,
                            group == 0 ? std::vector<unsigned int>() :
                                         std::vector<unsigned int>{group});
              }
          }
      }

      /// The groups of points, curves, surfaces and volumes.
      void
      read_entities()
      {
        Numbers     in = section("Entities");
        std::size_t n[4];
        for (auto &count : n)
          count = in.count();
        for (unsigned int dim = 0; dim < 4; ++dim)
          for (std::size_t i = 0; i < n[dim]; ++i)
            {
              auto              &groups = groups_of[{dim, in.integer()}];
              const unsigned int n_coordinates =
                dim == 0 && version > 4.05 ? 3 : 6;
              for (unsigned int k = 0; k < n_coordinates; ++k)
                in.real();
              for (std::size_t k = in.count(); k > 0; --k)
                groups.push_back(in.group());
              if (dim > 0)
                in.skip_integers(in.count());
            }
      }

      void
      read_nodes_4()
      {
        Numbers           in       = section("Nodes");
        const std::size_t n_blocks = in.count();
        in.tag();
        const bool tags_first = version > 4.05;
        if (tags_first)
          {
            in.tag();
            in.tag();
          }
        for (std::size_t block = 0; block < n_blocks; ++block)
          {
            const int first  = in.integer();
            const int second = in.integer();
            // Parametric coordinates follow those in space, one for each
            // dimension of the entity.
            const unsigned int n_parameters =
              in.integer() == 0 ? 0 : (tags_first ? first : second);
            std::vector<std::size_t> tags(in.count());
            if (tags_first)
              for (std::size_t &tag : tags)
                tag = in.tag();
            for (std::size_t &tag : tags)
              {
                if (!tags_first)
                  tag = in.integer();
                add_node(tag, in);
                for (unsigned int k = 0; k < n_parameters; ++k)
                  in.real();
              }
          }
      }

      void
      read_elements_4()
      {
        Numbers           in       = section("Elements");
        const std::size_t n_blocks = in.count();
        in.tag();
        const bool is_4_1 = version > 4.05;
        if (is_4_1)
          {
            in.tag();
            in.tag();
          }
        for (std::size_t block = 0; block < n_blocks; ++block)
          {
            int entity[2] = {in.integer(), in.integer()};
            if (!is_4_1)
              std::swap(entity[0], entity[1]);
            const ElementType type = element_type(in.integer());
            const auto       &groups =
              groups_of[{static_cast<unsigned int>(entity[0]), entity[1]}];
            const std::size_t n = in.count();
            for (std::size_t i = 0; i < n; ++i)
              {
                const auto tag = [&]() -> std::size_t {
                  return is_4_1 ? in.tag() : in.integer();
                };
                tag();
                std::vector<unsigned int> nodes;
                for (unsigned int k = 0; k < type.n_nodes; ++k)
                  nodes.push_back(node(tag()));
                add_element(type, nodes, groups);
              }
          }
      }

      const std::string                            &file;
      double                                        version = 0.;
      bool                                          binary  = false;
      FileMesh                                      mesh;
      std::unordered_map<std::size_t, unsigned int> index_of;
      std::map<std::pair<unsigned int, int>, std::vector<unsigned int>>
        groups_of;
    };
  } // namespace



  FileMesh
  read_gmsh(const std::string &bytes)
  {
    return GmshFile(bytes).read();
  }
} // namespace lsr
