// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_hdf5_file_h
#define lsr_refine_hdf5_file_h

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "refine/number_arrays.h"

namespace lsr
{
  /// A matrix of numbers, row after row; vectors have one column.
  struct HDF5Array
  {
    std::size_t         n_rows = 0, n_columns = 0;
    std::vector<double> values;
  };

  /// The data sets of an HDF5 file by name. A name may be a path: folder/name.
  struct HDF5Content
  {
    std::map<std::string, HDF5Array> arrays = {};

    std::map<std::string, std::vector<std::int64_t>> integers = {};

    /// Columns of those integers that are a matrix, row after row.
    std::map<std::string, std::size_t> n_columns = {};

    std::map<std::string, std::string> texts = {};

    /// Files inside the file.
    std::map<std::string, std::string> bytes = {};
  };

  /// An HDF5 file that is read. Failures are lsr::Error with the path: all of
  /// it is read in another process first, for there are damaged files that
  /// crash HDF5.
  class HDF5File
  {
  public:
    explicit HDF5File(const std::string &path);
    ~HDF5File();

    HDF5File(const HDF5File &) = delete;
    HDF5File &
    operator=(const HDF5File &) = delete;

    bool
    contains(const std::string &name) const;

    /// The data sets outside of folders, in alphabetical order.
    std::vector<std::string>
    names() const;

    /// The data set @p name, of one or two dimensions and finite numbers.
    HDF5Array
    read(const std::string &name) const;

    /// The data set @p name, of numbers with any number of indices.
    NumberArray
    read_array(const std::string &name) const;

    /// The data set @p name, of one or two dimensions and integers, row after
    /// row.
    std::vector<std::int64_t>
    read_integers(const std::string &name) const;

    /// The string in the data set @p name, of any kind of strings.
    std::string
    read_text(const std::string &name) const;

    /// The data set @p name, of one dimension and integers of one byte.
    std::string
    read_bytes(const std::string &name) const;

  private:
    void
    open();

    /// Read all there is, as numbers or as a text, in a process of its own,
    /// which this may end.
    void
    read_all() const;

    void
    require_data_set(const std::string &name) const;

    const std::string path;
    std::int64_t      file = -1;
  };

  /// The bytes of an HDF5 file with the given data sets.
  std::string
  hdf5_image(const HDF5Content &content);
} // namespace lsr

#endif
