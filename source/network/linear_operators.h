// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_linear_operators_h
#define lsr_network_linear_operators_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <memory>
#include <vector>

namespace lsr
{
  /**
   * Have a graph apply weight matrices by aten::linear only, as find_layers()
   * expects it, where it multiplies with the transposed matrix (mm, addmm,
   * matmul; what torch.export's run_decompositions() makes of linear layers)
   * and adds the bias afterwards.
   */
  void
  join_linear_operators(
    const std::shared_ptr<torch::jit::Graph>         &graph,
    const std::map<torch::jit::Value *, std::size_t> &parameter_of,
    const std::vector<at::Tensor>                    &parameters);
} // namespace lsr

#endif
