// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/refine/data_set.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "refine/hdf5_file.h"

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    bool
    is_hdf5(const std::string &path)
    {
      const std::string extension = fs::path(path).extension().string();
      return extension == ".h5" || extension == ".hdf5";
    }



    /// A table of numbers, row after row.
    struct Table
    {
      std::size_t         n_columns = 0;
      std::vector<double> values;

      std::size_t
      n_rows() const
      {
        return n_columns == 0 ? 0 : values.size() / n_columns;
      }
    };



    bool
    begins_with_number(const std::string &line)
    {
      double      value;
      const auto *first = line.data() + line.find_first_not_of(" \t");
      return std::from_chars(first, line.data() + line.size(), value).ec ==
             std::errc();
    }



    /// Append the numbers of a line; @p where is for messages.
    void
    parse_line(const std::string   &line,
               const std::string   &where,
               std::vector<double> &values)
    {
      const char       *at          = line.data();
      const char *const end         = at + line.size();
      const auto        skip_blanks = [&]() {
        while (at != end && (*at == ' ' || *at == '\t' || *at == '\r'))
          ++at;
      };
      while (true)
        {
          skip_blanks();
          double     value  = 0;
          const auto result = std::from_chars(at, end, value);
          require(result.ec == std::errc() && std::isfinite(value),
                  where + ": a finite number expected in column " +
                    std::to_string(std::count(line.data(), at, ',') + 1) +
                    ", found '" + std::string(at, std::find(at, end, ',')) +
                    "'");
          values.push_back(value);
          at = result.ptr;
          skip_blanks();
          if (at == end)
            return;
          require(*at == ',',
                  where + ": a comma expected behind " + std::to_string(value) +
                    ", found '" + *at + "'");
          ++at;
        }
    }



    Table
    read_text(const std::string &path)
    {
      std::ifstream in(path);
      Table         table;
      std::string   line;
      for (std::size_t number = 1; std::getline(in, line); ++number)
        {
          if (line.find_first_not_of(" \t\r") == std::string::npos ||
              (number == 1 && !begins_with_number(line)))
            continue;
          const std::size_t before = table.values.size();
          const std::string where  = path + ", line " + std::to_string(number);
          parse_line(line, where, table.values);
          const std::size_t n = table.values.size() - before;
          if (table.n_columns == 0)
            table.n_columns = n;
          require(n == table.n_columns,
                  where + ": " + std::to_string(table.n_columns) +
                    " columns expected as in the lines before, found " +
                    std::to_string(n));
        }
      require(!in.bad(), path + ": the file cannot be read");
      return table;
    }



    std::int64_t
    as_integer(const double value, const std::string &what)
    {
      require(value == std::floor(value) && std::abs(value) < 1e15,
              what + ": an integer expected, found " + std::to_string(value));
      return static_cast<std::int64_t>(value);
    }



    /// A data set of n points whose entries are given by functions of the
    /// point and of the component.
    class Assembly
    {
    public:
      Assembly(const std::size_t  n_points,
               const unsigned int n_inputs,
               const unsigned int n_outputs)
        : points(to_host(make_zero_block(n_inputs, n_points)))
        , targets(to_host(make_column(n_points * n_outputs)))
      {}

      DataSet
      finish(const std::string         &path,
             const std::vector<double> &part,
             const std::vector<double> &group) const
      {
        DataSet data{to_memory_space(points), to_memory_space(targets), {}, {}};
        for (std::size_t i = 0; i < part.size(); ++i)
          {
            require(part[i] == 0 || part[i] == 1 || part[i] == 2,
                    path + ", point " + std::to_string(i + 1) +
                      ": a set of 0 (fit), 1 (test) or 2 (validation) "
                      "expected, found " +
                      std::to_string(part[i]));
            data.part.push_back(int(part[i]));
          }
        for (std::size_t i = 0; i < group.size(); ++i)
          data.group.push_back(
            as_integer(group[i],
                       path + ", group of point " + std::to_string(i + 1)));
        return data;
      }

      HostBlock  points;
      HostColumn targets;
    };



    DataSet
    from_table(const Table          &table,
               const std::string    &path,
               const DataFileFormat &format)
    {
      const std::size_t n = table.n_rows(), k = format.n_outputs,
                        n_labels = format.has_part + format.has_group,
                        c        = table.n_columns;
      require(n > 0, path + ": there is no point in it");
      require(c > k + n_labels,
              path + ": coordinates, " + std::to_string(k) + " targets" +
                (format.has_part ? ", set" : "") +
                (format.has_group ? ", group" : "") +
                " expected in each line, found " + std::to_string(c) +
                " columns");
      const std::size_t   d = c - k - n_labels;
      Assembly            assembly(n, d, k);
      std::vector<double> part, group;
      for (std::size_t i = 0; i < n; ++i)
        {
          const double *row = &table.values[i * c];
          std::copy_n(row, d, &assembly.points(0, i));
          std::copy_n(row + d, k, assembly.targets.data() + i * k);
          if (format.has_part)
            part.push_back(row[d + k]);
          if (format.has_group)
            group.push_back(row[c - 1]);
        }
      return assembly.finish(path, part, group);
    }



    DataSet
    from_hdf5(const std::string &path, const DataFileFormat &format)
    {
      const HDF5File     file(path);
      const HDF5Array    points = file.read("points");
      const std::size_t  n = points.n_rows, d = points.n_columns;
      const unsigned int k = format.n_outputs;
      require(n > 0 && d > 0, path + ": there is no point in it");
      Assembly assembly(n, d, k);
      std::copy(points.values.begin(),
                points.values.end(),
                assembly.points.data());
      if (k > 0)
        {
          const HDF5Array targets = file.read("targets");
          require(targets.n_rows == n && targets.n_columns == k,
                  path + ": targets of sizes " + std::to_string(n) + " x " +
                    std::to_string(k) + " expected, found " +
                    std::to_string(targets.n_rows) + " x " +
                    std::to_string(targets.n_columns));
          std::copy(targets.values.begin(),
                    targets.values.end(),
                    assembly.targets.data());
        }
      const auto labels = [&](const std::string &name, const bool required) {
        if (!required && !file.contains(name))
          return std::vector<double>();
        const HDF5Array values = file.read(name);
        require(values.values.size() == n,
                path + ": one " + name + " for each of the " +
                  std::to_string(n) + " points expected, found " +
                  std::to_string(values.values.size()));
        return values.values;
      };
      return assembly.finish(path,
                             format.has_part ? labels("set", false) :
                                               std::vector<double>(),
                             labels("group", format.has_group));
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
  } // namespace



  DataSet
  read_data_set(const std::string &path, const DataFileFormat &format)
  {
    require(fs::exists(path), path + ": no such file, expected data points");
    require(fs::is_regular_file(path),
            path + ": not a regular file, expected data points");
    if (is_hdf5(path))
      return from_hdf5(path, format);
    return from_table(read_text(path), path, format);
  }



  void
  write_data_set(const std::string &path, const DataSet &data)
  {
    write_atomically(path, [&](std::ostream &out) {
      if (!is_hdf5(path))
        {
          write_text(out, data);
          return;
        }
      const std::string image = hdf5_image({as_arrays(data)});
      out.write(image.data(), image.size());
    });
  }
} // namespace lsr
