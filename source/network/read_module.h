// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_read_module_h
#define lsr_network_read_module_h

#include <lsr/network/network_layout.h>

#include <torch/csrc/jit/api/module.h>

#include <optional>
#include <string>

namespace lsr
{
  /**
   * The module in the bytes of a file, whatever its format: everything behind
   * this function sees TorchScript modules only. Throws lsr::Error with
   * @p name in front, what the file is, and what to do.
   *
   * Files that are numbers and names only, checkpoints, need a layout, and the
   * numbers of inputs and, where known, outputs that are expected; for others
   * there must be none.
   */
  torch::jit::Module
  read_module(const std::string                &bytes,
              const std::string                &name,
              const NetworkLayout              &layout    = {},
              const unsigned int                n_inputs  = 0,
              const std::optional<unsigned int> n_outputs = std::nullopt);
} // namespace lsr

#endif
