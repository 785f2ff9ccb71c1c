// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/refine/data_set.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/npy.h"
#include "base/read_file.h"
#include "base/text_table.h"
#include "base/zip_archive.h"
#include "refine/data_columns.h"
#include "refine/hdf5_file.h"

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    enum class Kind
    {
      text,
      hdf5,
      npy,
      npz
    };



    /// What a file is by its name.
    Kind
    kind_by_name(const std::string &path)
    {
      const std::string extension = fs::path(path).extension().string();
      return extension == ".h5" || extension == ".hdf5" ? Kind::hdf5 :
             extension == ".npy"                        ? Kind::npy :
             extension == ".npz"                        ? Kind::npz :
                                                          Kind::text;
    }



    /// What a file is that exists, also if its name says nothing.
    Kind
    kind_of_file(const std::string &path)
    {
      const Kind kind = kind_by_name(path);
      if (kind != Kind::text)
        return kind;
      std::string   begin(8, '\0');
      std::ifstream file(path, std::ios::binary);
      errno = 0;
      file.read(begin.data(), begin.size());
      require(!file.bad(), path + ": cannot be read: " + std::strerror(errno));
      return begin == "\x89HDF\r\n\x1a\n"  ? Kind::hdf5 :
             is_npy(begin)                 ? Kind::npy :
             ZipArchive::recognizes(begin) ? Kind::npz :
                                             Kind::text;
    }



    DataTable
    table_in_text(const std::string    &path,
                  std::string           bytes,
                  const DataFileFormat &format)
    {
      const auto text =
        std::make_shared<TextTable>(std::move(bytes),
                                    path,
                                    TextTable::Content::numbers);
      if (text->names_in_comment() && std::none_of(text->names().begin(),
                                                   text->names().end(),
                                                   [](const std::string &name) {
                                                     return may_have_role(name,
                                                                          {});
                                                   }))
        text->forget_names();
      DataTable table;
      table.path      = path;
      table.names     = text->names();
      table.n_columns = text->n_columns();
      table.values    = text->numbers();
      table.where     = [text](const std::size_t i) { return text->where(i); };
      table.description = text->description();
      return table;
    }



    /// A matrix of numbers in an archive; vectors are columns.
    struct NamedArray
    {
      std::string         name;
      std::size_t         n_rows = 0, n_columns = 0;
      std::vector<double> values;
    };



    /// Beside each other, the arrays of an archive are a table with columns x,
    /// or, where they have several, x[0], x[1], ...
    DataTable
    table_of_arrays(const std::string              &path,
                    const std::vector<NamedArray>  &arrays,
                    const std::vector<std::string> &unused)
    {
      DataTable table;
      table.path       = path;
      table.is_ordered = false;
      table.where      = [path](const std::size_t i) {
        return path + ", row " + std::to_string(i + 1);
      };
      for (const NamedArray &array : arrays)
        {
          require(array.n_rows == arrays[0].n_rows,
                  path + ": '" + array.name + "' has " +
                    std::to_string(array.n_rows) + " rows, '" + arrays[0].name +
                    "' " + std::to_string(arrays[0].n_rows) +
                    ", expected one for each point");
          for (std::size_t j = 0; j < array.n_columns; ++j)
            table.names.push_back(array.n_columns == 1 ?
                                    array.name :
                                    array.name + "[" + std::to_string(j) + "]");
          table.description +=
            (table.description.empty() ? "arrays " : ", ") + array.name;
        }
      for (const std::string &name : unused)
        table.description +=
          (&name == &unused[0] ? "; others not used: " : ", ") + name;
      require(!table.names.empty(),
              path +
                ": no array is called as points are (points, inputs, x, "
                "y, ...)" +
                table.description +
                ". Say --input-columns and --target-columns with their names");

      table.n_columns = table.names.size();
      table.values.resize(arrays[0].n_rows * table.n_columns);
      std::size_t first = 0;
      for (const NamedArray &array : arrays)
        {
          for (std::size_t i = 0; i < array.n_rows; ++i)
            std::copy_n(array.values.data() + i * array.n_columns,
                        array.n_columns,
                        &table.values[i * table.n_columns + first]);
          first += array.n_columns;
        }
      return table;
    }



    DataTable
    table_in_hdf5(const std::string &path, const DataFileFormat &format)
    {
      const HDF5File           file(path);
      std::vector<NamedArray>  arrays;
      std::vector<std::string> unused;
      for (const std::string &name : file.names())
        if (may_have_role(name, format))
          {
            HDF5Array array = file.read(name);
            arrays.push_back(
              {name, array.n_rows, array.n_columns, std::move(array.values)});
          }
        else
          unused.push_back(name);
      return table_of_arrays(path, arrays, unused);
    }



    NamedArray
    array_in_npy(const std::string &bytes,
                 const std::string &path,
                 const std::string &name)
    {
      const std::string what  = name.empty() ? path : path + ": '" + name + "'";
      const NpyArray    array = read_npy(bytes, what);
      require(array.shape.size() == 1 || array.shape.size() == 2,
              what + " has " + std::to_string(array.shape.size()) +
                " dimensions, expected points x columns");
      const std::size_t n_columns =
        array.shape.size() == 2 ? array.shape[1] : 1;
      NamedArray result{name,
                        std::size_t(array.shape[0]),
                        n_columns,
                        array.to_double(what)};
      for (std::size_t i = 0; i < result.values.size(); ++i)
        if (!std::isfinite(result.values[i]))
          throw Error(what + ", row " + std::to_string(i / n_columns + 1) +
                      ": a finite number expected in column " +
                      std::to_string(i % n_columns + 1) + ", found " +
                      std::to_string(result.values[i]));
      return result;
    }



    DataTable
    table_in_npy(const std::string &path, const std::string &bytes)
    {
      NamedArray array = array_in_npy(bytes, path, "");
      DataTable  table;
      table.path      = path;
      table.n_columns = array.n_columns;
      table.values    = std::move(array.values);
      table.where     = [path](const std::size_t i) {
        return path + ", row " + std::to_string(i + 1);
      };
      table.description = "an array";
      return table;
    }



    DataTable
    table_in_npz(const std::string    &path,
                 const std::string    &bytes,
                 const DataFileFormat &format)
    {
      const ZipArchive         archive(bytes, path);
      std::vector<NamedArray>  arrays;
      std::vector<std::string> unused;
      for (const std::string &file : archive.paths())
        {
          const std::string name = fs::path(file).stem().string();
          if (fs::path(file).extension() == ".npy" &&
              may_have_role(name, format))
            arrays.push_back(array_in_npy(archive.read(file), path, name));
          else
            unused.push_back(file);
        }
      return table_of_arrays(path, arrays, unused);
    }



    DataTable
    read_table(const std::string &path, const DataFileFormat &format)
    {
      const Kind kind = kind_of_file(path);
      if (kind == Kind::hdf5)
        {
          require_readable(path, "data points");
          return table_in_hdf5(path, format);
        }
      std::string bytes = read_file(path, "data points");
      return kind == Kind::npy ? table_in_npy(path, bytes) :
             kind == Kind::npz ? table_in_npz(path, bytes, format) :
                                 table_in_text(path, std::move(bytes), format);
    }



    /// The numbers in a column, which obey a condition.
    template <typename Number, typename Condition>
    std::vector<Number>
    labels_in(const DataTable                  &table,
              const std::optional<std::size_t> &column,
              const Condition                  &condition,
              const std::string                &expected)
    {
      std::vector<Number> labels;
      for (std::size_t i = 0; column && i < table.n_rows(); ++i)
        {
          const double value = table(i, *column);
          if (!condition(value))
            throw Error(table.where(i) + ": " + expected + " (column " +
                        std::to_string(*column + 1) + "), found " +
                        std::to_string(value));
          labels.push_back(static_cast<Number>(value));
        }
      return labels;
    }



    DataSet
    data_set_of(const DataTable &table, const ColumnRoles &roles)
    {
      const std::size_t n = table.n_rows(), d = roles.inputs.size(),
                        k      = roles.targets.size();
      const HostBlock  points  = to_host(make_zero_block(d, n));
      const HostColumn targets = to_host(make_column(n * k));
      DataSet          data;
      for (std::size_t i = 0; i < n; ++i)
        {
          for (std::size_t j = 0; j < d; ++j)
            points(j, i) = table(i, roles.inputs[j]);
          for (std::size_t j = 0; j < k; ++j)
            targets(i * k + j) = table(i, roles.targets[j]);
        }
      data.points  = to_memory_space(points);
      data.targets = to_memory_space(targets);
      data.part    = labels_in<int>(
        table,
        roles.part,
        [](const double x) { return x == 0 || x == 1 || x == 2; },
        "0 (fit), 1 (test) or 2 (validation) expected in the column of sets");
      data.group = labels_in<std::int64_t>(
        table,
        roles.group,
        [](const double x) { return x == std::floor(x) && std::abs(x) < 1e15; },
        "an integer expected in the column of groups");
      return data;
    }



    void
    write_text(std::ostream &out, const DataSet &data)
    {
      const HostBlock   points  = to_host(data.points);
      const HostColumn  targets = to_host(data.targets);
      const std::size_t d = points.extent(0), k = data.n_outputs();
      const auto        write = [&out](const double value, const char *end) {
        char       text[32];
        const auto last = std::to_chars(text, text + sizeof(text), value).ptr;
        out.write(text, last - text) << end;
      };
      for (std::size_t i = 0; i < data.n_points() && out; ++i)
        for (std::size_t j = 0; j < d + k; ++j)
          write(j < d ? points(j, i) : targets(i * k + j - d),
                j + 1 < d + k ? "," : "\n");
    }



    /// Points and targets in one array, as in a text.
    std::string
    npy_image(const DataSet &data)
    {
      const HostBlock     points  = to_host(data.points);
      const HostColumn    targets = to_host(data.targets);
      const std::size_t   d = points.extent(0), k = data.n_outputs();
      std::vector<double> values;
      for (std::size_t i = 0; i < data.n_points(); ++i)
        {
          for (std::size_t j = 0; j < d; ++j)
            values.push_back(points(j, i));
          for (std::size_t j = 0; j < k; ++j)
            values.push_back(targets(i * k + j));
        }
      return write_npy(values,
                       {std::int64_t(data.n_points()), std::int64_t(d + k)});
    }



    std::map<std::string, HDF5Array>
    as_arrays(const DataSet &data)
    {
      const HostBlock                  points  = to_host(data.points);
      const HostColumn                 targets = to_host(data.targets);
      const std::size_t                n       = data.n_points();
      std::map<std::string, HDF5Array> arrays  = {
         {"points",
          {n,
           points.extent(0),
           std::vector<double>(points.data(), points.data() + points.size())}},
         {"targets",
          {n,
           data.n_outputs(),
           std::vector<double>(targets.data(),
                              targets.data() + targets.size())}}};
      if (!data.part.empty())
        arrays["set"] = {
          n, 1, std::vector<double>(data.part.begin(), data.part.end())};
      if (!data.group.empty())
        arrays["group"] = {
          n, 1, std::vector<double>(data.group.begin(), data.group.end())};
      return arrays;
    }



    std::string
    npz_image(const DataSet &data)
    {
      std::map<std::string, std::string> files;
      for (const auto &[name, array] : as_arrays(data))
        files[name + ".npy"] = write_npy(array.values,
                                         {std::int64_t(array.n_rows),
                                          std::int64_t(array.n_columns)});
      return make_zip_archive(files);
    }
  } // namespace



  DataSet
  read_data_set(const std::string &path, const DataFileFormat &format)
  {
    const DataTable table = read_table(path, format);
    require(table.n_rows() > 0, path + ": there is no point in it");
    const ColumnRoles roles = find_roles(table, format);
    if (format.progress)
      format.progress(describe(table, roles));
    return data_set_of(table, roles);
  }



  void
  write_data_set(const std::string &path, const DataSet &data)
  {
    const Kind        kind  = kind_by_name(path);
    const std::string image = kind == Kind::hdf5 ?
                                hdf5_image({as_arrays(data)}) :
                              kind == Kind::npy ? npy_image(data) :
                              kind == Kind::npz ? npz_image(data) :
                                                  "";
    write_atomically(path, [&](std::ostream &out) {
      if (kind == Kind::text)
        write_text(out, data);
      else
        out.write(image.data(), image.size());
    });
  }
} // namespace lsr
