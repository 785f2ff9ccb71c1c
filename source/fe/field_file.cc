// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/field_file.h"

#include <lsr/base/exceptions.h>
#include <lsr/refine/data_set.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "base/read_file.h"
#include "fe/vtu_file.h"
#include "refine/number_arrays.h"

namespace lsr
{
  namespace
  {
    void
    say(const FieldFileFormat &format, const std::string &line)
    {
      if (format.progress)
        format.progress(line);
    }



    void
    require_finite(const std::vector<double> &values,
                   const std::size_t          n_components,
                   const std::string         &what)
    {
      const auto bad =
        std::find_if_not(values.begin(), values.end(), [](const double x) {
          return std::isfinite(x);
        });
      if (bad != values.end())
        throw Error(what + ": a finite number expected, found " +
                    std::to_string(*bad) + " at point " +
                    std::to_string((bad - values.begin()) / n_components + 1));
    }



    Column
    to_column(const std::vector<double> &values)
    {
      const HostColumn host = to_host(make_column(values.size()));
      std::copy(values.begin(), values.end(), host.data());
      return to_memory_space(host);
    }



    std::string
    list(const std::vector<std::string> &names)
    {
      std::string text;
      for (const std::string &name : names)
        text += (text.empty() ? "'" : ", '") + name + "'";
      return text;
    }



    /// The names of the arrays of a VTU file that make up the field.
    std::vector<std::string>
    names_in_vtu(const VtuPoints       &file,
                 const FieldFileFormat &format,
                 const std::string     &path)
    {
      if (!format.values.empty())
        return format.values;
      std::vector<std::string> fitting, all;
      for (const auto &[name, array] : file.arrays)
        {
          all.push_back(name);
          // Vectors have three components also in a plane.
          if (array.n_components == format.n_components ||
              (array.n_components == 3 && format.n_components == format.dim &&
               format.dim > 1))
            fitting.push_back(name);
        }
      require(fitting.size() == 1,
              path + ": expected one array of point data with " +
                std::to_string(format.n_components) + " components, found " +
                std::to_string(fitting.size()) + " of " +
                std::to_string(all.size()) +
                (all.empty() ? "" : " (" + list(all) + ")") +
                ". Say --values with the name of the one, or with the names of "
                "the components");
      return fitting;
    }



    PointData
    fields_in_vtu(const std::string &path, const FieldFileFormat &format)
    {
      const VtuPoints   file  = read_vtu(read_file(path, "a field"), path);
      const std::size_t n     = file.n_points();
      const auto        names = names_in_vtu(file, format, path);
      require(n > 0, path + ": there is no point in it");
      require_finite(file.coordinates, 3, path + ": coordinates");

      std::vector<double> values(n * format.n_components);
      unsigned int        component = 0;
      for (const std::string &name : names)
        {
          const auto found = file.arrays.find(name);
          require(found != file.arrays.end(),
                  path + ": there is no point data '" + name + "'");
          const VtuPoints::Array &array = found->second;
          require_finite(array.values,
                         array.n_components,
                         path + ": '" + name + "'");
          const unsigned int number =
            names.size() == 1 ? format.n_components : array.n_components;
          require(component + number <= format.n_components &&
                    number <= array.n_components,
                  path + ": " + list(names) +
                    " have other components than the " +
                    std::to_string(format.n_components) + " of the problem");
          for (std::size_t i = 0; i < n; ++i)
            for (unsigned int c = 0; c < number; ++c)
              values[i * format.n_components + component + c] =
                array.values[i * array.n_components + c];
          component += number;
        }
      require(component == format.n_components,
              path + ": " + list(names) + " have " + std::to_string(component) +
                " components, expected " + std::to_string(format.n_components));

      const HostBlock points = to_host(make_zero_block(format.dim, n));
      for (std::size_t i = 0; i < n; ++i)
        for (unsigned int d = 0; d < format.dim; ++d)
          points(d, i) = file.coordinates[3 * i + d];
      say(format,
          path + ": " + std::to_string(n) + " points, field " + list(names));
      return {to_memory_space(points), {to_column(values)}};
    }



    /// The rows of a table, fields with the same points in the same order after
    /// one another or not.
    PointData
    fields_in_table(const std::string &path, const FieldFileFormat &format)
    {
      DataFileFormat table;
      table.n_outputs    = format.n_components;
      table.has_part     = false;
      table.inputs       = format.points;
      table.targets      = format.values;
      table.progress     = format.progress;
      const DataSet data = read_data_set(path, table);
      require(data.points.extent(0) == format.dim,
              path + ": points of " + std::to_string(data.points.extent(0)) +
                " coordinates, expected " + std::to_string(format.dim));
      require(data.n_outputs() == format.n_components,
              path + ": " + std::to_string(data.n_outputs()) +
                " values at each point, expected " +
                std::to_string(format.n_components));
      if (data.group.empty())
        return {data.points, {data.targets}};

      std::map<std::int64_t, std::vector<std::size_t>> groups;
      for (std::size_t i = 0; i < data.n_points(); ++i)
        groups[data.group[i]].push_back(i);
      PointData result;
      HostBlock first;
      for (const auto &[number, rows] : groups)
        {
          const DataSet   part   = data.select(rows);
          const HostBlock points = to_host(part.points);
          if (result.fields.empty())
            {
              result.points = part.points;
              first         = points;
            }
          require(points.size() == first.size() &&
                    std::equal(points.data(),
                               points.data() + points.size(),
                               first.data()),
                  path + ": the points of group " + std::to_string(number) +
                    " are others than those of the first group");
          result.fields.push_back(part.targets);
        }
      return result;
    }



    /// How the indices of an array stand for fields, components and points.
    struct GridLayout
    {
      std::size_t n_fields       = 1;
      bool        has_components = false, components_last = false;

      /// Points in each direction, in the order of the indices.
      std::vector<std::size_t> n_points;
    };



    GridLayout
    layout_of(const NumberArray     &array,
              const FieldFileFormat &format,
              const std::string     &what)
    {
      std::vector<std::size_t> shape = array.shape;
      const std::size_t        dim   = format.dim;
      GridLayout               layout;
      const bool               with_components = shape.size() > dim;
      if (with_components &&
          shape[shape.size() - dim - 1] == format.n_components &&
          (shape.size() == dim + 2 || format.n_components > 1))
        {
          layout.has_components = true;
          shape.erase(shape.end() - dim - 1);
        }
      else if (with_components && shape.back() == format.n_components)
        {
          layout.has_components = layout.components_last = true;
          shape.pop_back();
        }
      if (shape.size() == dim + 1)
        {
          layout.n_fields = shape[0];
          shape.erase(shape.begin());
        }
      require(shape.size() == dim &&
                (layout.has_components || format.n_components == 1) &&
                *std::min_element(shape.begin(), shape.end()) >= 2 &&
                layout.n_fields > 0,
              what + " is an array " + to_string(array.shape) +
                ", expected fields of " + std::to_string(format.n_components) +
                " components on a grid of " + std::to_string(dim) +
                " dimensions: [fields,] [components,] n1 x ..., or components "
                "last");
      layout.n_points = shape;
      return layout;
    }



    /// For each index of the array, the direction it stands for.
    std::vector<unsigned int>
    directions_of(const FieldFileFormat &format)
    {
      std::vector<unsigned int> directions;
      for (const char letter : format.axes.empty() ?
                                 std::string("xyz").substr(0, format.dim) :
                                 format.axes)
        if (letter != ',' && letter != ' ')
          directions.push_back(letter - 'x');
      std::vector<unsigned int> sorted = directions;
      std::sort(sorted.begin(), sorted.end());
      bool permutation = sorted.size() == format.dim;
      for (unsigned int d = 0; permutation && d < sorted.size(); ++d)
        permutation = sorted[d] == d;
      require(permutation,
              "the axes '" + format.axes + "', expected each of " +
                std::string("xyz").substr(0, format.dim) + " once");
      return directions;
    }



    PointData
    fields_on_grid(const NumberArray     &array,
                   const FieldFileFormat &format,
                   const std::string     &what)
    {
      require_finite(array.values, 1, what);
      const GridLayout                layout = layout_of(array, format, what);
      const std::vector<unsigned int> directions = directions_of(format);
      std::size_t                     n          = 1;
      for (const std::size_t points : layout.n_points)
        n *= points;

      const HostBlock points = to_host(make_zero_block(format.dim, n));
      for (std::size_t i = 0; i < n; ++i)
        {
          std::size_t rest = i;
          for (unsigned int a = format.dim; a-- > 0;)
            {
              const std::size_t number = layout.n_points[a];
              const double      place  = rest % number;
              const double t = format.cell_centred ? (place + .5) / number :
                                                     place / (number - 1);
              const unsigned int d = directions[a];
              points(d, i) =
                format.lower[d] + t * (format.upper[d] - format.lower[d]);
              rest /= number;
            }
        }

      const std::size_t k = format.n_components;
      PointData         result{to_memory_space(points), {}};
      for (std::size_t field = 0; field < layout.n_fields; ++field)
        {
          std::vector<double> values(n * k);
          for (std::size_t i = 0; i < n; ++i)
            for (std::size_t c = 0; c < k; ++c)
              values[i * k + c] =
                array.values[field * n * k + (layout.components_last || k == 1 ?
                                                i * k + c :
                                                c * n + i)];
          result.fields.push_back(to_column(values));
        }
      say(format,
          what + ": " + std::to_string(layout.n_fields) + " fields on a grid " +
            to_string(layout.n_points) + " with " +
            (format.cell_centred ? "the centres of its cells" :
                                   "corners on the boundary") +
            ", indices " +
            (format.axes.empty() ? std::string("xyz").substr(0, format.dim) :
                                   format.axes));
      return result;
    }



    /// Whether arrays are columns of a table, with coordinates of points.
    bool
    has_points(const std::map<std::string, NumberArray> &arrays,
               const FieldFileFormat                    &format)
    {
      static const std::set<std::string> names = {
        "points", "point", "coordinates", "inputs", "x", "y", "z", "t"};
      if (arrays.size() == 1 && arrays.begin()->first.empty())
        {
          const auto &shape = arrays.begin()->second.shape;
          return shape.size() == 2 &&
                 shape[1] == format.dim + format.n_components;
        }
      return !format.points.empty() ||
             std::any_of(arrays.begin(), arrays.end(), [](const auto &entry) {
               return names.count(entry.first) > 0;
             });
    }



    PointData
    fields_in_arrays(const std::string &path, const FieldFileFormat &format)
    {
      const auto arrays = read_number_arrays(path);
      if (has_points(arrays, format))
        return fields_in_table(path, format);
      require(format.values.size() <= 1,
              path + ": " + list(format.values) +
                ", expected the name of one array");
      if (format.values.empty())
        {
          std::vector<std::string> names;
          for (const auto &entry : arrays)
            names.push_back(entry.first);
          require(arrays.size() == 1,
                  path + ": " + std::to_string(arrays.size()) + " arrays (" +
                    list(names) +
                    "). Say --values with the name of that of the field");
          const auto &[name, array] = *arrays.begin();
          return fields_on_grid(
            array, format, name.empty() ? path : path + ": '" + name + "'");
        }
      const auto found = arrays.find(format.values[0]);
      require(found != arrays.end(),
              path + ": there is no array '" + format.values[0] + "'");
      return fields_on_grid(found->second,
                            format,
                            path + ": '" + found->first + "'");
    }
  } // namespace



  PointData
  read_fields(const std::string &path, const FieldFileFormat &format)
  {
    std::string extension = std::filesystem::path(path).extension();
    std::transform(extension.begin(),
                   extension.end(),
                   extension.begin(),
                   [](const unsigned char c) { return std::tolower(c); });
    for (const char *const other : {".vtk", ".pvtu", ".vti", ".vtr", ".vts"})
      require(extension != other,
              path + ": files of VTK have to end in .vtu (unstructured grids); "
                     "ParaView writes one of any data");
    return extension == ".vtu" ? fields_in_vtu(path, format) :
           extension == ".npy" || extension == ".npz" || extension == ".h5" ||
               extension == ".hdf5" ?
                                 fields_in_arrays(path, format) :
                                 fields_in_table(path, format);
  }
} // namespace lsr
