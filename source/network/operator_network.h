// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_operator_network_h
#define lsr_network_operator_network_h

#include <lsr/network/network.h>

namespace lsr
{
  /**
   * The network $q(y, a) = \sum_k b_k(a)\, t_k(y)$ of a branch $b$ and a trunk
   * $t$ (DeepONet): one module with the parameters of both. The inputs of the
   * trunk come first. Throws lsr::Error if the outputs are not as many, or one
   * of them is refined or has a scaling.
   */
  Network
  operator_network(const Network &branch, const Network &trunk);
} // namespace lsr

#endif
