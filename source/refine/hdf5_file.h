// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_hdf5_file_h
#define lsr_refine_hdf5_file_h

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lsr
{
  /// A matrix of numbers, row after row; vectors have one column.
  struct HDF5Array
  {
    std::size_t         n_rows = 0, n_columns = 0;
    std::vector<double> values;
  };

  /// An HDF5 file that is read. Failures are lsr::Error with the path.
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

    /// The data set @p name, of one or two dimensions and finite numbers.
    HDF5Array
    read(const std::string &name) const;

  private:
    const std::string path;
    std::int64_t      file;
  };

  /// The bytes of an HDF5 file with the given data sets.
  std::string
  hdf5_image(const std::map<std::string, HDF5Array> &arrays);
} // namespace lsr

#endif
