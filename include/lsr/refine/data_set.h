// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_data_set_h
#define lsr_refine_data_set_h

#include <lsr/base/types.h>
#include <lsr/refine/fit.h>

#include <cstddef>
#include <cstdint>
#include <functional>
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

    /// Names of the columns or arrays that are inputs or targets; empty: found
    /// by their names. With targets, n_outputs does not count.
    std::vector<std::string> inputs = {}, targets = {};

    /// Called with one line on how the file was understood.
    std::function<void(const std::string &)> progress = {};
  };

  /**
   * Read a data set.
   *
   * Text (`.csv`, `.txt`, ...) has one point a line, $x_1, \ldots, x_d$,
   * targets, set, group; `.npy` has the same in an array. Numbers are separated
   * by commas, semicolons, tabs or blanks; lines of comments begin with # or %.
   * A first line without a number has the names of the columns, which then
   * decide: `set` and `group`, targets (u, u1, ..., target, output), inputs (x,
   * y, z, t, x1, ..., and all others), in any order. A column `set` is then
   * optional; without, all points are to fit.
   *
   * HDF5 (`.h5`, `.hdf5`) and `.npz` have arrays with such names, of one or
   * more columns: `points` ($n \times d$), `targets` ($n \times k$ or $n$),
   * `set` and `group` ($n$, optional), or x, y, u, ...; others are not used.
   *
   * Throws lsr::Error with the path (and line) if the file is missing or
   * malformed, it is not clear what a column is, a number is not finite, a set
   * is not 0, 1 or 2, a group is not an integer, or there is no point in it.
   */
  DataSet
  read_data_set(const std::string &path, const DataFileFormat &format);

  /// Write points and targets of @p data into a file that read_data_set()
  /// reads, by its name: HDF5 or .npz, with sets and groups if there are any,
  /// .npy, or text. Nothing is left behind if writing fails.
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
