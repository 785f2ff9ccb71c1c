// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "data.h"

#include <lsr/base/atomic_file.h>
#include <lsr/base/types.h>

#include <cmath>
#include <cstdio>
#include <ostream>
#include <random>

namespace lsr
{
  namespace performance
  {
    DataSet
    make_data_set(const unsigned int n_inputs, const std::vector<Share> &shares)
    {
      DataSet data;
      for (const Share &share : shares)
        data.part.insert(data.part.end(), share.n_points, share.part);
      data.points  = make_block(n_inputs, data.part.size());
      data.targets = make_column(data.part.size());
      return data;
    }



    namespace
    {
      /// Add to the targets of all points but those for testing normally
      /// distributed noise, its standard deviation @p level relative to that of
      /// the targets.
      void
      add_noise(DataSet &data, const double level, const std::uint64_t seed)
      {
        const std::size_t n       = data.n_points();
        const HostColumn  targets = to_host(data.targets);
        double            mean = 0, variance = 0;
        for (std::size_t i = 0; i < n; ++i)
          mean += targets(i) / n;
        for (std::size_t i = 0; i < n; ++i)
          variance += std::pow(targets(i) - mean, 2) / n;

        std::mt19937_64                  generator(seed);
        std::normal_distribution<double> normal;
        for (std::size_t i = 0; i < n; ++i)
          if (data.part[i] != DataSet::test)
            targets(i) += level * std::sqrt(variance) * normal(generator);
        data.targets = to_memory_space(targets);
      }



      /// One line a point: coordinates, target, part and, where there are
      /// groups, group.
      void
      write_points(const std::string &path,
                   const DataSet     &data,
                   const int          n_digits)
      {
        const HostBlock  points  = to_host(data.points);
        const HostColumn targets = to_host(data.targets);
        write_atomically(path, [&](std::ostream &out) {
          char       number[32];
          const auto write = [&](const double value) {
            out.write(
              number,
              std::snprintf(number, sizeof(number), "%.*g,", n_digits, value));
          };
          for (std::size_t i = 0; i < data.n_points(); ++i)
            {
              for (std::size_t d = 0; d < data.points.extent(0); ++d)
                write(points(d, i));
              write(targets(i));
              out << data.part[i];
              if (!data.group.empty())
                out << ',' << data.group[i];
              out << '\n';
            }
        });
      }
    } // namespace



    ProblemProgram::ProblemProgram(CLI::App &app, const int n_digits)
      : Study(app, 2)
      , n_digits(n_digits)
    {
      using namespace lsr_studies;
      app.add_option("model", model, "TorchScript file to write")->required();
      app.add_option("points", points, "CSV file to write")->required();
      option(app,
             "--validation",
             n_validation,
             "points or functions held out to choose rank and regularization");
      option(app,
             "--noise",
             noise,
             "standard deviation of the noise in fit and validation targets, "
             "relative to that of the targets");
      app.add_flag("--points-only",
                   points_only,
                   "write the points for a network that is there already");
      option(app, "--seed", seed, "of the data");
    }



    void
    ProblemProgram::run()
    {
      DataSet data = make_data();
      add_noise(data, noise, seed + 1);
      write_points(points, data, n_digits);
      if (!points_only)
        write_trained_network(data);
    }
  } // namespace performance
} // namespace lsr
