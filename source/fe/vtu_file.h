// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_vtu_file_h
#define lsr_fe_vtu_file_h

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace lsr
{
  /// The points of an unstructured grid of VTK, and what is known there.
  struct VtuPoints
  {
    struct Array
    {
      std::size_t         n_components = 1;
      std::vector<double> values;
    };

    /// Three coordinates for each.
    std::vector<double> coordinates;

    /// By name.
    std::map<std::string, Array> arrays;

    std::size_t
    n_points() const
    {
      return coordinates.size() / 3;
    }
  };

  /**
   * Read the bytes of a `.vtu` file (VTK's XML format for unstructured grids,
   * versions 0.1 to 2.2): text, base64 or raw appended data, not compressed or
   * by zlib. Throws lsr::Error with @p path in front.
   */
  VtuPoints
  read_vtu(const std::string &bytes, const std::string &path);
} // namespace lsr

#endif
