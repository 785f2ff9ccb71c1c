// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_equivalents_h
#define lsr_network_equivalents_h

#include <ATen/core/function.h>

#include <string>

namespace lsr
{
  /**
   * A function in the place of an operator of ATen, with the operator's
   * arguments and its first result: for the kernels that decompositions of
   * torch.export leave, of which older versions of LibTorch lack some, and
   * layers are better known by the names of the operators proper.
   *
   * @p name is that of the operator, with an underscore and the overload where
   * there is one ("squeeze_dims"). A null pointer where there is none.
   */
  torch::jit::Function *
  find_equivalent(const std::string &name);
} // namespace lsr

#endif
