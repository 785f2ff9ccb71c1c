// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_number_arrays_h
#define lsr_refine_number_arrays_h

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace lsr
{
  /// Numbers with any number of indices, the last of which is fastest.
  struct NumberArray
  {
    std::vector<std::size_t> shape;
    std::vector<double>      values;
  };

  /**
   * The arrays in a file `.npz`, HDF5 (those outside of folders), or `.npy`,
   * whose one array has the name "". Throws lsr::Error with the path if it is
   * none of these, if it is damaged, or if it has arrays that are no numbers.
   */
  std::map<std::string, NumberArray>
  read_number_arrays(const std::string &path);

  /// Such a shape for people: 3 x 65 x 65.
  std::string
  to_string(const std::vector<std::size_t> &shape);
} // namespace lsr

#endif
