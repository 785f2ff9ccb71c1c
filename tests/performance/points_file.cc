// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "points_file.h"

#include <lsr/base/atomic_file.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <random>

namespace lsr
{
  namespace performance
  {
    Data::Data(const unsigned int n_inputs, const std::size_t n_points)
      : points(make_block(n_inputs, n_points))
      , targets(make_column(n_points))
      , purposes(n_points, Purpose::fit)
    {}



    Data
    Data::select(const Purpose purpose, const std::size_t limit) const
    {
      const std::size_t n = std::min(limit, count(purpose));
      Data              selected(points.extent(0), n);
      selected.purposes.assign(n, purpose);
      for (std::size_t i = 0, j = 0; j < n; ++i)
        if (purposes[i] == purpose)
          {
            for (std::size_t d = 0; d < points.extent(0); ++d)
              selected.points(d, j) = points(d, i);
            selected.targets(j) = targets(i);
            if (!groups.empty())
              selected.groups.push_back(groups[i]);
            ++j;
          }
      return selected;
    }



    std::size_t
    Data::count(const Purpose purpose) const
    {
      return std::count(purposes.begin(), purposes.end(), purpose);
    }



    void
    add_noise(Data &data, const double level, const std::uint64_t seed)
    {
      const std::size_t n    = data.targets.size();
      double            mean = 0, variance = 0;
      for (std::size_t i = 0; i < n; ++i)
        mean += data.targets(i) / n;
      for (std::size_t i = 0; i < n; ++i)
        variance += std::pow(data.targets(i) - mean, 2) / n;

      std::mt19937_64                  generator(seed);
      std::normal_distribution<double> normal(0, level * std::sqrt(variance));
      for (std::size_t i = 0; i < n; ++i)
        if (data.purposes[i] != Purpose::test)
          data.targets(i) += normal(generator);
    }



    void
    write_points(const std::string &path, const Data &data, const int n_digits)
    {
      write_atomically(path, [&](std::ostream &out) {
        char       number[32];
        const auto write = [&](const double value) {
          out.write(
            number,
            std::snprintf(number, sizeof(number), "%.*g,", n_digits, value));
        };
        for (std::size_t i = 0; i < data.targets.size(); ++i)
          {
            for (std::size_t d = 0; d < data.points.extent(0); ++d)
              write(data.points(d, i));
            write(data.targets(i));
            out << static_cast<int>(data.purposes[i]);
            if (!data.groups.empty())
              out << ',' << data.groups[i];
            out << '\n';
          }
      });
    }
  } // namespace performance
} // namespace lsr
