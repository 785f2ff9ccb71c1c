// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_data_h
#define lsr_tests_performance_data_h

#include <lsr/refine/data_set.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  namespace performance
  {
    /// Some points of a data set that are used for the same.
    struct Share
    {
      DataSet::Part part;
      std::size_t   n_points;
    };

    /// Room for the points of all @p shares, in this order, with one target
    /// each.
    DataSet
    make_data_set(unsigned int n_inputs, const std::vector<Share> &shares);

    /**
     * Add to the targets of all points but those for testing normally
     * distributed noise, its standard deviation @p level relative to that of
     * the targets. The targets for testing remain exact.
     */
    void
    add_noise(DataSet &data, double level, std::uint64_t seed);

    /**
     * Write one line a point: coordinates, target, part and, where there are
     * groups, group, with @p n_digits significant digits. Throws lsr::Error if
     * that fails.
     */
    void
    write_points(const std::string &path, const DataSet &data, int n_digits);
  } // namespace performance
} // namespace lsr

#endif
