// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_operator_networks_h
#define lsr_studies_operator_networks_h

#include <lsr/network/network.h>

#include <cstdint>
#include <string>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// Sensors on which the operator networks see a function.
  constexpr unsigned int n_sensors = 128;

  /// A network for an operator, of random parameters.
  struct OperatorNetwork
  {
    /// `deeponet`, `multionet` or `modified-mlp`; each has some $10^5$
    /// parameters.
    std::string type = "deeponet";

    /// `relu`, `tanh`, or `tanh_sin`: $\tanh(\sin(\pi (x + 1))) + x$.
    std::string activation = "tanh";

    std::uint64_t seed = 0;

    /**
     * The branch takes the values of a function at n_sensors points, the trunk
     * one coordinate $x$; their outputs are multiplied. Without @p n_grid the
     * network takes rows [sensors, x] and returns one value. With it, it takes
     * the sensors and returns the values at the @p n_grid points $x_j = -1 + 2
     * j / \text{n\_grid}$: the same function of the same parameters, for
     * training, where a function is seen once instead of once a row.
     *
     * Throws lsr::Error for another type or activation.
     */
    Network
    build(unsigned int n_grid = 0) const;
  };
} // namespace lsr_studies

#endif
