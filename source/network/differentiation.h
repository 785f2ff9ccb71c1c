// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_differentiation_h
#define lsr_network_differentiation_h

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/forward_grad.h>

#include "network/torch_support.h"

namespace lsr
{
  /// Enters a level of forward-mode automatic differentiation.
  class DualLevel
  {
  public:
    DualLevel()
      : level(torch::autograd::forward_ad::enter_dual_level())
    {}

    ~DualLevel()
    {
      torch::autograd::forward_ad::exit_dual_level(level);
    }

    DualLevel(const DualLevel &) = delete;
    DualLevel &
    operator=(const DualLevel &) = delete;

    std::vector<at::Tensor>
    dual(const std::vector<at::Tensor> &primal,
         const at::Tensor              &flat_tangent) const
    {
      const auto              tangent = split_like(flat_tangent, primal);
      std::vector<at::Tensor> result;
      for (std::size_t i = 0; i < primal.size(); ++i)
        result.push_back(at::_make_dual(primal[i], tangent[i], level));
      return result;
    }

    std::uint64_t
    number() const
    {
      return level;
    }

    /// The tangent of @p value; zeros if it does not depend on the duals.
    at::Tensor
    tangent(const at::Tensor &value) const
    {
      const at::Tensor tangent = std::get<1>(at::_unpack_dual(value, level));
      return tangent.defined() ? tangent : at::zeros_like(value);
    }

  private:
    std::uint64_t level;
  };



  /// Copies of tensors that reverse mode differentiates with respect to.
  std::vector<at::Tensor>
  leaves(const std::vector<at::Tensor> &tensors);



  /// Derivatives of a scalar; zeros for what it does not depend on.
  std::vector<at::Tensor>
  gradient(const at::Tensor              &scalar,
           const std::vector<at::Tensor> &variables,
           const bool                     keep_graph     = false,
           const bool                     differentiable = false);



  /// The derivative of @p value in a direction, $J v$, as that of
  /// $u \mapsto v^T J^T u$: reverse mode twice, which exists for operators
  /// without forward mode and can be differentiated further.
  at::Tensor
  twice_reverse(const at::Tensor              &value,
                const std::vector<at::Tensor> &variables,
                const std::vector<at::Tensor> &direction);
} // namespace lsr

#endif
