// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/tangent_rules.h"

namespace lsr
{
  namespace
  {
    /// $(x - \mu) / \sqrt{\sigma^2 + \epsilon}$ over some dimensions.
    at::Tensor
    normalized(const at::Tensor &input, const Sizes &dims, const double eps)
    {
      const Dual       x        = dual_of(input);
      const at::Tensor centered = x.value - x.value.mean(dims, true);
      const at::Tensor inverse =
        (centered.square().mean(dims, true) + eps).rsqrt();
      const at::Tensor value = centered * inverse;
      if (!x.tangents.defined())
        return value;
      Sizes behind = dims;
      for (std::int64_t &dim : behind)
        dim += dim >= 0 ? 1 : 0;
      at::Tensor tangents = x.tangents - x.tangents.mean(behind, true);
      tangents.sub_((tangents * value).mean(behind, true) * value);
      tangents.mul_(inverse);
      return join({value, tangents});
    }



    /// Scale and shift, one for each channel.
    at::Tensor
    scaled(const at::Tensor &x, const OperatorCall &call)
    {
      Sizes sizes(x.dim(), 1);
      sizes[1]          = x.size(1);
      at::Tensor result = x;
      if (call.argument("weight").isTensor())
        result = result * call.argument("weight").toTensor().reshape(sizes);
      if (call.argument("bias").isTensor())
        result = result + call.argument("bias").toTensor().reshape(sizes);
      return result;
    }



    Values
    layer_norm(const OperatorCall &call)
    {
      Sizes dims;
      for (std::size_t d = 1;
           d <= call.argument("normalized_shape").toIntVector().size();
           ++d)
        dims.push_back(-std::int64_t(d));
      at::Tensor result = normalized(call.argument("input").toTensor(),
                                     dims,
                                     call.argument("eps").toDouble());
      if (call.argument("weight").isTensor())
        result = result * call.argument("weight").toTensor();
      if (call.argument("bias").isTensor())
        result = result + call.argument("bias").toTensor();
      return {result};
    }



    Values
    group_norm(const OperatorCall &call)
    {
      const at::Tensor x = call.argument("input").toTensor();
      const at::Tensor groups =
        x.reshape({x.size(0), call.argument("num_groups").toInt(), -1});
      return {scaled(normalized(groups, {-1}, call.argument("eps").toDouble())
                       .reshape(x.sizes()),
                     call)};
    }



    Values
    batch_norm(const OperatorCall &call)
    {
      const at::Tensor x   = call.argument("input").toTensor();
      const double     eps = call.argument("eps").toDouble();
      Sizes            channels(x.dim(), 1), others = {0};
      channels[1] = x.size(1);
      for (std::int64_t d = 2; d < x.dim(); ++d)
        others.push_back(d);
      if (call.argument("training").toBool())
        return {scaled(normalized(x, others, eps), call)};
      const at::Tensor mean = call.argument("running_mean").toTensor(),
                       var  = call.argument("running_var").toTensor();
      return {scaled((x - mean.reshape(channels)) *
                       (var + eps).rsqrt().reshape(channels),
                     call)};
    }



    Values
    softmax(const OperatorCall &call)
    {
      const Dual         x       = call.dual("self");
      const at::Tensor   value   = call.value();
      const std::int64_t dim     = call.argument("dim").toInt();
      const at::Tensor   product = x.tangents * value;
      return joined(value,
                    product -
                      value * product.sum(dim >= 0 ? dim + 1 : dim, true));
    }



    Values
    log_softmax(const OperatorCall &call)
    {
      const Dual         x     = call.dual("self");
      const at::Tensor   value = call.value();
      const std::int64_t dim   = call.argument("dim").toInt();
      return joined(value,
                    x.tangents - (x.tangents * value.exp())
                                   .sum(dim >= 0 ? dim + 1 : dim, true));
    }
  } // namespace



  TangentRules
  normalization_rules()
  {
    return {{"layer_norm", &layer_norm},
            {"group_norm", &group_norm},
            {"batch_norm", &batch_norm},
            {"_softmax", &softmax},
            {"_log_softmax", &log_softmax}};
  }
} // namespace lsr
