// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_points_file_h
#define lsr_tests_performance_points_file_h

#include <lsr/base/types.h>

#include <string>
#include <vector>

namespace lsr
{
  namespace performance
  {
    /// What a row of data is for, as the file of points numbers it.
    enum class Purpose
    {
      fit        = 0,
      test       = 1,
      validation = 2
    };

    /// Points with one target each, one column of @p points a point.
    struct Data
    {
      Block                points;
      Column               targets;
      std::vector<Purpose> purposes;

      /// The group of each point; empty if there are none.
      std::vector<std::size_t> groups;

      /// Room for @p n_points points with @p n_inputs coordinates.
      Data(unsigned int n_inputs, std::size_t n_points);

      /// The points for @p purpose alone, at most @p limit of them.
      Data
      select(Purpose purpose, std::size_t limit) const;

      std::size_t
      count(Purpose purpose) const;
    };

    /**
     * Add to the targets of all points but those for testing normally
     * distributed noise, its standard deviation @p level relative to that of
     * the targets. What is tested against remains exact.
     */
    void
    add_noise(Data &data, double level, std::uint64_t seed);

    /**
     * Write one line a point: coordinates, target, purpose and, where there are
     * groups, group, with @p n_digits significant digits. Throws lsr::Error if
     * that fails.
     */
    void
    write_points(const std::string &path, const Data &data, int n_digits = 17);
  } // namespace performance
} // namespace lsr

#endif
