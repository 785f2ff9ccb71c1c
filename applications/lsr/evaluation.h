// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_evaluation_h
#define lsr_applications_evaluation_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>

#include <cmath>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace lsr
{
  /// A line of progress; standard output is for reports.
  inline void
  say(const std::string &line)
  {
    std::cerr << line << std::endl;
  }



  /// Make sure that @p file, if there is one, can be written later on, and is
  /// none of the @p inputs.
  inline void
  prepare_output(const std::string              &file,
                 const std::vector<std::string> &inputs)
  {
    if (!file.empty())
      prepare_output_file(file, inputs);
  }



  /// Throw lsr::Error if the network has no finite value at some point of
  /// @p data, which was read from @p file; it names the point.
  inline void
  require_values(const Network     &network,
                 const DataSet     &data,
                 const std::string &file)
  {
    const Column q = make_column(data.n_points() * network.n_outputs());
    network.evaluate(data.points, q);
    const HostColumn values = to_host(q);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]))
        {
          const std::size_t  point = i / network.n_outputs();
          const HostBlock    x     = to_host(data.points);
          std::ostringstream text;
          for (std::size_t k = 0; k < x.extent(0); ++k)
            text << (k == 0 ? "" : ", ") << x(k, point);
          throw Error(file + ": the network has the value " +
                      std::to_string(values[i]) + " at point " +
                      std::to_string(point + 1) + " of " +
                      std::to_string(data.n_points()) + ", (" + text.str() +
                      "), expected a finite number: leave such points out");
        }
  }



  /// The values of @p network, with a @p correction if there is one, at the
  /// points of @p data, in its targets.
  inline DataSet
  evaluate(const Network &network, DataSet data, const Column &correction = {})
  {
    data.targets = make_column(data.n_points() * network.n_outputs());
    network.evaluate(data.points, data.targets, correction);
    return data;
  }
} // namespace lsr

#endif
