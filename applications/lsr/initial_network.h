// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_initial_network_h
#define lsr_applications_initial_network_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>
#include <lsr/network/network.h>

#include <cmath>

#include "applications/lsr/parameters.h"

namespace lsr
{
  /// The layout of the network that section Training describes, for points that
  /// are distributed over the ranks of @p communicator, and fields with
  /// @p n_components.
  inline FullyConnected
  make_layout(const TrainingSection &training,
              const Block           &points,
              const Communicator    &communicator,
              const unsigned int     n_components = 1)
  {
    FullyConnected layout = training.layout;
    layout.n_inputs       = points.extent(0);
    layout.n_outputs      = n_components;
    layout.seed           = training.seed;
    if (training.standardize && layout.features.empty())
      {
        const HostBlock x = to_host(points);
        const double    n = communicator.sum(double(x.extent(1)));
        for (unsigned int d = 0; d < x.extent(0); ++d)
          {
            double sum = 0, squares = 0;
            for (std::size_t i = 0; i < x.extent(1); ++i)
              {
                sum += x(d, i);
                squares += x(d, i) * x(d, i);
              }
            const double mean     = communicator.sum(sum) / n;
            const double variance = communicator.sum(squares) / n - mean * mean;
            layout.input_shift.push_back(mean);
            layout.input_scale.push_back(1. / std::sqrt(variance));
          }
      }
    return layout;
  }

  /// That network, untrained.
  inline Network
  make_network(const TrainingSection &training,
               const Block           &points,
               const Communicator    &communicator,
               const unsigned int     n_components)
  {
    return make_layout(training, points, communicator, n_components).build();
  }
} // namespace lsr

#endif
