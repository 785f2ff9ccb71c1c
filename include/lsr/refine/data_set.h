// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_data_set_h
#define lsr_refine_data_set_h

#include <lsr/base/types.h>
#include <lsr/refine/fit.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /// Points with the values that a network should have there.
  struct DataSet
  {
    /// The use of a point, with its number in a file.
    enum Part
    {
      fit        = 0,
      test       = 1,
      validation = 2
    };

    /// Inputs $\times$ points.
    Block points;

    /// Targets, flattened like the values of a network; empty if there are
    /// none.
    Column targets;

    /// The part of each point; empty: all of them are `fit`.
    std::vector<int> part;

    /// Points of one group (of one function, say) are not independent of each
    /// other; empty: every point is a group of its own.
    std::vector<std::int64_t> group;

    std::size_t
    n_points() const
    {
      return points.extent(1);
    }

    unsigned int
    n_outputs() const
    {
      return n_points() == 0 ? 0 : targets.size() / n_points();
    }

    /// The points with the given indices.
    DataSet
    select(const std::vector<std::size_t> &indices) const;

    /// The points of a part.
    DataSet
    select(Part part) const;
  };



  /// How the columns of a data file are to be read.
  struct DataFileFormat
  {
    /// Columns of targets; 0 if the file has points only.
    unsigned int n_outputs = 1;

    /// Whether there is a column (or data set) of parts behind the targets.
    bool has_part = true;

    /// Whether there is a column of groups at the end.
    bool has_group = false;
  };

  /**
   * Read a data set.
   *
   * A file whose name ends in `.h5` or `.hdf5` is HDF5 with the data sets
   * `points` ($n \times d$), `targets` ($n \times k$ or $n$), `set` ($n$) and
   * `group` ($n$), the last two optional. Any other file is text with one point
   * a line, numbers separated by commas: $x_1, \ldots, x_d$, targets, set,
   * group. A first line that does not begin with a number is taken for names of
   * columns and skipped, and so are empty lines.
   *
   * Throws lsr::Error with the path (and line) if the file is missing or
   * malformed, a number is not finite, a set is not 0, 1 or 2, a group is not
   * an integer, or there is no point in it.
   */
  DataSet
  read_data_set(const std::string &path, const DataFileFormat &format);

  /// Write points and targets of @p data into a file that read_data_set()
  /// reads: HDF5, with sets and groups if there are any, or text, by its name.
  /// Nothing is left behind if writing fails.
  void
  write_data_set(const std::string &path, const DataSet &data);



  /**
   * The misfit $q - t$ at the points of a data set as a stream of rows, in
   * blocks of at most @p block_size points.
   *
   * With more than one fold, whole groups are assigned to folds, evenly and at
   * random (the same for the same data), and a block holds points of one fold.
   */
  class DataStream : public RowStream
  {
  public:
    /// @p data must outlive this object. Throws lsr::Error if there are fewer
    /// groups than folds.
    explicit DataStream(const DataSet     &data,
                        const unsigned int n_folds    = 1,
                        const std::size_t  block_size = 2048);

    unsigned int
    n_folds() const override;

    std::size_t
    n_values() const override;

    void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const override;

  private:
    const DataSet    &data;
    const std::size_t block_size;

    /// The points of each fold; one fold without an entry stands for all.
    std::vector<std::vector<std::size_t>> folds;
  };
} // namespace lsr

#endif
