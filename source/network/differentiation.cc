// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/differentiation.h"

namespace lsr
{
  std::vector<at::Tensor>
  leaves(const std::vector<at::Tensor> &tensors)
  {
    std::vector<at::Tensor> result;
    for (const at::Tensor &tensor : tensors)
      result.push_back(tensor.detach().requires_grad_());
    return result;
  }



  std::vector<at::Tensor>
  gradient(const at::Tensor              &scalar,
           const std::vector<at::Tensor> &variables,
           const bool                     keep_graph,
           const bool                     differentiable)
  {
    if (!scalar.requires_grad())
      {
        std::vector<at::Tensor> zeros;
        for (const at::Tensor &variable : variables)
          zeros.push_back(at::zeros_like(variable));
        return zeros;
      }
    auto result = torch::autograd::grad({scalar},
                                        variables,
                                        {},
                                        keep_graph || differentiable,
                                        differentiable,
                                        /* allow_unused = */ true);
    for (std::size_t i = 0; i < result.size(); ++i)
      if (!result[i].defined())
        result[i] = at::zeros_like(variables[i]);
    return result;
  }



  at::Tensor
  twice_reverse(const at::Tensor              &value,
                const std::vector<at::Tensor> &variables,
                const std::vector<at::Tensor> &direction)
  {
    const at::Tensor u   = at::zeros_like(value).detach().requires_grad_();
    const auto       JTu = gradient((value * u).sum(), variables, true, true);
    at::Tensor       product = at::zeros({}, value.options());
    for (std::size_t p = 0; p < direction.size(); ++p)
      product = product + (JTu[p] * direction[p]).sum();
    return gradient(product, {u}, true, true)[0];
  }
} // namespace lsr
