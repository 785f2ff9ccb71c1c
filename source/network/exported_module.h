// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_exported_module_h
#define lsr_network_exported_module_h

#include <torch/csrc/jit/api/module.h>

#include "network/exported_program.h"

namespace lsr
{
  /**
   * The TorchScript module of an exported program, as scripting of the
   * original module would have made it: parameters under their names and in
   * their order, and a forward() that takes the user's tensors one by one, in
   * the order in which they stand in the arguments (tuples and dictionaries are
   * taken apart), and returns a tensor or a tuple of tensors.
   *
   * Operators are looked up in this LibTorch by name, overload and argument
   * names. Only those that are functions of their inputs are allowed. Throws
   * lsr::Error.
   */
  torch::jit::Module
  make_module(const ExportedProgram &program);
} // namespace lsr

#endif
