// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_data_columns_h
#define lsr_refine_data_columns_h

#include <lsr/refine/data_set.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// Numbers in columns, one row a point, as some file has them.
  struct DataTable
  {
    /// The file, for messages.
    std::string path;

    /// Names of the columns; empty: they have none.
    std::vector<std::string> names;

    /// Whether columns that have names have an order, too; arrays in an
    /// archive have none.
    bool is_ordered = true;

    std::size_t n_columns = 0;

    /// Row after row.
    std::vector<double> values;

    /// Path and place of a row, for messages.
    std::function<std::string(std::size_t)> where;

    /// How the file was understood.
    std::string description;

    std::size_t
    n_rows() const
    {
      return n_columns == 0 ? 0 : values.size() / n_columns;
    }

    double
    operator()(const std::size_t row, const std::size_t column) const
    {
      return values[row * n_columns + column];
    }
  };



  /// What the columns of a table stand for.
  struct ColumnRoles
  {
    std::vector<std::size_t>   inputs, targets;
    std::optional<std::size_t> part, group;
    std::vector<std::size_t>   unused;
  };



  /**
   * Find out what the columns of @p table stand for. Without names their order
   * says it: inputs, targets, set, group. With names,
   *
   * - `set` and `group` (or `part`, `split`, `subset`) are what they are
   * called, and a first column of whole numbers without a name is an index and
   * unused;
   * - targets are the columns u, u1, u2, ..., target or output (these and v, w,
   *   p, if there are more targets than these), else the columns that are not
   *   x, y, z, t, x1, ..., input or point, else those behind the inputs;
   * - all others are inputs. x, y, z or x1, x2, ... are put into this order;
   *   all others keep theirs.
   *
   * DataFileFormat::inputs and DataFileFormat::targets override this. Throws
   * lsr::Error where it is not certain.
   */
  ColumnRoles
  find_roles(const DataTable &table, const DataFileFormat &format);

  /// Whether an array of this name in an archive has columns that find_roles()
  /// may need.
  bool
  may_have_role(const std::string &name, const DataFileFormat &format);

  /// The roles of the columns in one line.
  std::string
  describe(const DataTable &table, const ColumnRoles &roles);
} // namespace lsr

#endif
