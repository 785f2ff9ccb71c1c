// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_prepare_module_h
#define lsr_network_prepare_module_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

namespace lsr
{
  /**
   * Have a module as it was read compute in float64, in evaluation mode and
   * where blocks are: floating tensors become float64, complex ones complex128,
   * wherever the module holds them (parameters, buffers, plain attributes,
   * lists and dictionaries of tensors); integers and truth values stay what
   * they are. A tensor that the module holds twice is still one afterwards.
   *
   * A frozen module (torch.jit.freeze), whose weights are constants of its
   * program, gets them back as parameters.
   *
   * Programs name types: what they were written for is kept in the module (also
   * in a file), see working_type(). Throws lsr::Error for what has no
   * derivatives, such as quantized weights.
   */
  void
  prepare_module(torch::jit::Module &module);

  /// The floating type that the module's parameters had before
  /// prepare_module().
  at::ScalarType
  working_type(const torch::jit::Module &module);

  /// The counterpart of a type where everything is in double precision:
  /// @p floating and the complex type that belongs to it change.
  at::ScalarType
  double_precision(const at::ScalarType type, const at::ScalarType floating);
} // namespace lsr

#endif
