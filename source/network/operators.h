// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_operators_h
#define lsr_network_operators_h

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace lsr
{
  /**
   * Make operators known to LibTorch that are made of elementary ones, so that
   * every kind of derivative of them exists: equivalents, in the namespace lsr,
   * of operators that lack forward mode or derivatives of their derivatives,
   * and operators that newer versions have (files of these can then be read).
   * Does so once.
   */
  void
  register_operators();

  /// Have a graph use these equivalents.
  void
  use_elementary_operators(const std::shared_ptr<torch::jit::Graph> &graph);
} // namespace lsr

#endif
