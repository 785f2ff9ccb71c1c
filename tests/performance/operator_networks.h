// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_operator_networks_h
#define lsr_tests_performance_operator_networks_h

#include <lsr/network/network.h>

#include <string>

namespace lsr
{
  namespace performance
  {
    /// Sensors on which the operator networks see a function.
    constexpr unsigned int n_sensors = 128;

    /**
     * A network for an operator, of random parameters: @p type is `deeponet`,
     * `multionet` or `modified-mlp`, all with tanh and some 10^5 parameters.
     *
     * The branch takes the values of a function at n_sensors points, the trunk
     * one coordinate $x$; what they return is multiplied. Without @p n_grid the
     * network takes rows [sensors, x] and returns one value. With it, it takes
     * the sensors and returns the values at the @p n_grid points $x_j = -1 + 2
     * j / \text{n\_grid}$: the same function of the same parameters, for
     * training, where a function is seen once instead of once a row.
     *
     * Throws lsr::Error for another type.
     */
    Network
    operator_network(const std::string &type, unsigned int n_grid = 0);

    /// A classifier of 28 x 28 images, flattened, with ten outputs: two
    /// convolutions and two linear layers, ReLU, 119,530 parameters.
    Network
    convolutional_network();
  } // namespace performance
} // namespace lsr

#endif
