// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/equivalents.h"

#include <torch/jit.h>

namespace lsr
{
  namespace
  {
    // Compiled by LibTorch itself, in words that all its versions know.
    const char *const source = R"(
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor,
    attn_mask: Optional[Tensor] = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Optional[float] = None,
    enable_gqa: bool = False) -> Tensor:
  if enable_gqa:
    key = torch.repeat_interleave(key, query.size(-3) // key.size(-3), -3)
    value = torch.repeat_interleave(value, query.size(-3) // value.size(-3), -3)
  if scale is None:
    scores = torch.matmul(query, torch.transpose(key, -2, -1)) / (
        query.size(-1) ** 0.5)
  else:
    scores = torch.matmul(query, torch.transpose(key, -2, -1)) * scale
  if is_causal:
    ones = torch.ones_like(torch.detach(scores)).triu(1)
    scores = torch.masked_fill(scores, ones > 0, -float("inf"))
  if attn_mask is not None:
    scores = scores + attn_mask
  return torch.matmul(torch.softmax(scores, -1), value)

def _scaled_dot_product_attention_math(query: Tensor, key: Tensor,
    value: Tensor, attn_mask: Optional[Tensor] = None, dropout_p: float = 0.0,
    is_causal: bool = False, dropout_mask: Optional[Tensor] = None,
    scale: Optional[float] = None, enable_gqa: bool = False) -> Tensor:
  return scaled_dot_product_attention(query, key, value, attn_mask, 0.0,
      is_causal, scale, enable_gqa)

def _scaled_dot_product_flash_attention(query: Tensor, key: Tensor,
    value: Tensor, dropout_p: float = 0.0, is_causal: bool = False,
    return_debug_mask: bool = False, scale: Optional[float] = None) -> Tensor:
  return scaled_dot_product_attention(query, key, value, None, 0.0, is_causal,
      scale, False)

def _scaled_dot_product_flash_attention_for_cpu(query: Tensor, key: Tensor,
    value: Tensor, dropout_p: float = 0.0, is_causal: bool = False,
    attn_mask: Optional[Tensor] = None, scale: Optional[float] = None
    ) -> Tensor:
  return scaled_dot_product_attention(query, key, value, attn_mask, 0.0,
      is_causal, scale, False)

def _scaled_dot_product_efficient_attention(query: Tensor, key: Tensor,
    value: Tensor, attn_bias: Optional[Tensor], compute_log_sumexp: bool,
    dropout_p: float = 0.0, is_causal: bool = False,
    scale: Optional[float] = None) -> Tensor:
  return scaled_dot_product_attention(query, key, value, attn_bias, 0.0,
      is_causal, scale, False)

def _scaled_dot_product_cudnn_attention(query: Tensor, key: Tensor,
    value: Tensor, attn_bias: Optional[Tensor], compute_log_sumexp: bool,
    dropout_p: float = 0.0, is_causal: bool = False,
    return_debug_mask: bool = False, scale: Optional[float] = None) -> Tensor:
  return scaled_dot_product_attention(query, key, value, attn_bias, 0.0,
      is_causal, scale, False)

def additive_mask(mask: Tensor, like: Tensor) -> Tensor:
  return torch.masked_fill(torch.zeros_like(mask, dtype=like.dtype),
      torch.logical_not(mask), -float("inf"))

def rms_norm(input: Tensor, normalized_shape: List[int],
    weight: Optional[Tensor] = None, eps: Optional[float] = None) -> Tensor:
  flat = torch.flatten(input, -len(normalized_shape))
  square = torch.mean(flat * flat, [-1], True)
  if eps is None:
    square = square + 2.220446049250313e-16
  else:
    square = square + eps
  result = torch.reshape(flat * torch.rsqrt(square), input.size())
  if weight is not None:
    result = result * weight
  return result

def _fused_rms_norm(input: Tensor, normalized_shape: List[int],
    weight: Optional[Tensor], eps: Optional[float]) -> Tensor:
  return rms_norm(input, normalized_shape, weight, eps)

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

def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
  return v * (g / torch.norm_except_dim(v, 2, dim))

def _weight_norm_interface(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
  return v * (g / torch.norm_except_dim(v, 2, dim))

def _cdist_forward(x1: Tensor, x2: Tensor, p: float, compute_mode: Optional[int]
    ) -> Tensor:
  return torch.cdist(x1, x2, p)

def lift_fresh_copy(self: Tensor) -> Tensor:
  return torch.clone(self)

def detach_(self: Tensor) -> Tensor:
  return torch.detach(self)

def zero(self: Tensor) -> Tensor:
  return torch.zeros_like(self)

def fill_Scalar(self: Tensor, value: number) -> Tensor:
  return torch.full_like(self, value)

def copy(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
  return torch.clone(self).copy_(src)

def slice_scatter(self: Tensor, src: Tensor, dim: int = 0,
    start: Optional[int] = None, end: Optional[int] = None, step: int = 1
    ) -> Tensor:
  result = torch.clone(self)
  torch.slice(result, dim, start, end, step).copy_(src)
  return result

def select_scatter(self: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
  result = torch.clone(self)
  torch.select(result, dim, index).copy_(src)
  return result
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
