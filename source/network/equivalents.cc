// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/equivalents.h"

#include <torch/jit.h>

namespace lsr
{
  namespace
  {
    // Compiled by LibTorch itself, in words that all its versions know.
    const char *const source = R"(
def native_layer_norm(input: Tensor, normalized_shape: List[int],
    weight: Optional[Tensor], bias: Optional[Tensor], eps: float) -> Tensor:
  return torch.layer_norm(input, normalized_shape, weight, bias, eps)

def native_group_norm(input: Tensor, weight: Optional[Tensor],
    bias: Optional[Tensor], N: int, C: int, HxW: int, group: int, eps: float
    ) -> Tensor:
  return torch.group_norm(input, group, weight, bias, eps)

def native_batch_norm(input: Tensor, weight: Optional[Tensor],
    bias: Optional[Tensor], running_mean: Optional[Tensor],
    running_var: Optional[Tensor], training: bool, momentum: float, eps: float
    ) -> Tensor:
  return torch.batch_norm(input, weight, bias, running_mean, running_var,
      training, momentum, eps, False)

def _native_batch_norm_legit_no_training(input: Tensor,
    weight: Optional[Tensor], bias: Optional[Tensor], running_mean: Tensor,
    running_var: Tensor, momentum: float, eps: float) -> Tensor:
  return torch.batch_norm(input, weight, bias, running_mean, running_var,
      False, momentum, eps, False)

def _batch_norm_no_update(input: Tensor, weight: Optional[Tensor],
    bias: Optional[Tensor], running_mean: Optional[Tensor],
    running_var: Optional[Tensor], momentum: float, eps: float) -> Tensor:
  return torch.batch_norm(input, weight, bias, running_mean, running_var,
      False, momentum, eps, False)

def _softmax(self: Tensor, dim: int, half_to_float: bool) -> Tensor:
  return torch.softmax(self, dim)

def _log_softmax(self: Tensor, dim: int, half_to_float: bool) -> Tensor:
  return torch.log_softmax(self, dim)

def _safe_softmax(self: Tensor, dim: int, dtype: Optional[int] = None
    ) -> Tensor:
  empty = torch.all(self == -float("inf"), dim, True)
  return torch.masked_fill(torch.softmax(self, dim), empty, 0.0)

def _unsafe_view(self: Tensor, size: List[int]) -> Tensor:
  return torch.reshape(self, size)

def _unsafe_index_Tensor(self: Tensor, indices: List[Optional[Tensor]]
    ) -> Tensor:
  return torch.index(self, indices)

def _prelu_kernel(self: Tensor, weight: Tensor) -> Tensor:
  return torch.where(self > 0, self, weight * self)

def lift_fresh_copy(self: Tensor) -> Tensor:
  return torch.clone(self)

def detach_(self: Tensor) -> Tensor:
  return torch.detach(self)

def copy(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
  return torch.expand(torch.to(src, self.dtype), self.size())
)";
  } // namespace



  torch::jit::Function *
  find_equivalent(const std::string &name)
  {
    static const std::shared_ptr<torch::jit::CompilationUnit> functions =
      torch::jit::compile(source);
    return functions->find_function(c10::QualifiedName(name));
  }
} // namespace lsr
