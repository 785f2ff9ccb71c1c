// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_layout_module_h
#define lsr_network_layout_module_h

#include <lsr/network/network_layout.h>

#include <torch/csrc/jit/api/module.h>

#include <optional>
#include <string>

#include "network/checkpoint.h"

namespace lsr
{
  /**
   * The TorchScript module that a layout makes of the tensors of a checkpoint.
   * Its parameters have the names of the tensors, and their order if the
   * checkpoint has one, so that they are those of the original module;
   * otherwise the order in which the network uses them. Throws lsr::Error where
   * layout and tensors do not fit, or tensors are left over.
   *
   * @p n_inputs and, where given, @p n_outputs are the numbers that are
   * expected.
   */
  torch::jit::Module
  make_module(Checkpoint                        checkpoint,
              const NetworkLayout              &layout,
              const unsigned int                n_inputs,
              const std::optional<unsigned int> n_outputs);

  /// The tensors of a checkpoint, and which layout they might have: the message
  /// where there is no layout.
  std::string
  suggest_layout(const Checkpoint &checkpoint);
} // namespace lsr

#endif
