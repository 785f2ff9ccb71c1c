// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <numeric>

#include "network/tangent_rules.h"

namespace lsr
{
  namespace
  {
    Values
    mm(const OperatorCall &call)
    {
      const std::string other = call.has("mat2") ? "mat2" : "vec";
      const Dual        a = call.dual("self"), b = call.dual(other);
      at::Tensor        tangents;
      if (a.tangents.defined())
        tangents = at::matmul(a.tangents, b.value);
      if (b.tangents.defined())
        tangents = sum_of(tangents,
                          other == "vec" ? at::matmul(b.tangents, a.value.t()) :
                                           at::matmul(a.value, b.tangents));
      return joined(call.value(), tangents);
    }



    /// Directions of the first operand are further rows.
    Values
    bmm(const OperatorCall &call)
    {
      const Dual         a = call.dual("self"), b = call.dual("mat2");
      const std::int64_t r = call.n_directions, batch = a.value.size(0),
                         n = a.value.size(1), m = b.value.size(2);
      at::Tensor tangents;
      if (a.tangents.defined())
        tangents = a.tangents.transpose(0, 1)
                     .reshape({batch, r * n, a.value.size(2)})
                     .bmm(b.value)
                     .view({batch, r, n, m})
                     .transpose(0, 1);
      if (b.tangents.defined())
        tangents =
          sum_of(tangents,
                 a.value.unsqueeze(0)
                   .expand(with_front(r, a.value.sizes()))
                   .reshape({r * batch, n, a.value.size(2)})
                   .bmm(b.tangents.reshape({r * batch, b.value.size(1), m}))
                   .view({r, batch, n, m}));
      return joined(call.value(), tangents);
    }



    /// beta x + alpha A B
    Values
    addmm(const OperatorCall &call)
    {
      const bool        batch = call.has("batch1");
      const at::Tensor  a = call.argument(batch ? "batch1" : "mat1").toTensor();
      const at::Tensor  b = call.argument(batch ? "batch2" : "mat2").toTensor();
      const at::Tensor  product = batch ? at::bmm(a, b) : at::mm(a, b);
      const c10::Scalar alpha   = call.argument("alpha").toScalar(),
                        beta    = call.argument("beta").toScalar();
      const at::Tensor x        = call.argument("self").toTensor();
      return {(beta.equal(1) ? x : x * beta) +
              (alpha.equal(1) ? product : product * alpha)};
    }



    Values
    linear(const OperatorCall &call)
    {
      const Dual x = call.dual("input"), W = call.dual("weight"),
                 b           = call.dual("bias");
      const at::Tensor value = call.value();
      if (W.value.dim() != 2 || x.value.dim() < 2)
        return one_by_one(call);
      at::Tensor tangents;
      if (x.tangents.defined())
        tangents = at::linear(x.tangents, W.value);
      if (W.tangents.defined())
        tangents =
          sum_of(tangents,
                 at::matmul(x.value.reshape({-1, x.value.size(-1)}),
                            W.tangents.transpose(1, 2))
                   .reshape(with_front(call.n_directions, value.sizes())));
      if (b.value.defined() && b.tangents.defined())
        tangents = sum_of(tangents, align(b.tangents, value.dim()));
      return joined(value, expand_to(tangents, value));
    }



    /// One operand at a time, with a letter more for the directions.
    Values
    einsum(const OperatorCall &call)
    {
      std::string equation = call.argument("equation").toStringRef();
      equation.erase(std::remove(equation.begin(), equation.end(), ' '),
                     equation.end());
      const std::size_t arrow = equation.find("->");
      require(arrow != std::string::npos &&
                equation.find('.') == std::string::npos,
              "an einsum without a rule");
      char letter = 'a';
      while (equation.find(letter) != std::string::npos)
        ++letter;
      require(letter <= 'z', "an einsum with too many letters");

      std::vector<at::Tensor> values, tangents;
      for (const at::Tensor &x : call.argument("tensors").toTensorVector())
        {
          values.push_back(dual_of(x).value);
          tangents.push_back(dual_of(x).tangents);
        }
      at::Tensor  sum;
      std::size_t begin = 0;
      for (std::size_t i = 0; i < values.size(); ++i)
        {
          if (tangents[i].defined())
            {
              std::string longer = equation;
              longer.insert(arrow + 2, 1, letter);
              longer.insert(begin, 1, letter);
              std::vector<at::Tensor> operands = values;
              operands[i]                      = tangents[i];
              sum = sum_of(sum, at::einsum(longer, operands));
            }
          begin = equation.find(',', begin) + 1;
        }
      return joined(call.value(), sum);
    }



    /// What convolutions have in common.
    struct Convolution
    {
      Sizes        stride, padding, dilation, output_padding;
      bool         transposed;
      std::int64_t groups;

      at::Tensor
      operator()(const at::Tensor &x, const at::Tensor &W) const
      {
        if (is_pointwise(W))
          return at::bmm(W.flatten(1).unsqueeze(0).expand(
                           {x.size(0), W.size(0), W.size(1)}),
                         x.flatten(2))
            .view(sizes_of_result(x, W));
        return at::convolution(x,
                               W,
                               {},
                               stride,
                               padding,
                               dilation,
                               transposed,
                               output_padding,
                               groups);
      }

    private:
      /// A matrix for every position.
      bool
      is_pointwise(const at::Tensor &W) const
      {
        const auto all = [](const Sizes &sizes, const std::int64_t n) {
          return std::all_of(sizes.begin(), sizes.end(), [n](const auto size) {
            return size == n;
          });
        };
        return !transposed && groups == 1 && all(stride, 1) &&
               all(padding, 0) && W.numel() == W.size(0) * W.size(1);
      }

      static Sizes
      sizes_of_result(const at::Tensor &x, const at::Tensor &W)
      {
        Sizes sizes = x.sizes().vec();
        sizes[1]    = W.size(0);
        return sizes;
      }
    };



    Values
    convolution(const OperatorCall &call)
    {
      const Dual x = call.dual("input"), W = call.dual("weight"),
                 b             = call.dual("bias");
      const at::Tensor   value = call.value();
      const Convolution  convolve{call.argument("stride").toIntVector(),
                                 call.argument("padding").toIntVector(),
                                 call.argument("dilation").toIntVector(),
                                 call.argument("output_padding").toIntVector(),
                                 call.argument("transposed").toBool(),
                                 call.argument("groups").toInt()};
      const std::int64_t r = call.n_directions, g = convolve.groups;
      at::Tensor         tangents;
      if (x.tangents.defined())
        tangents = convolve(x.tangents.flatten(0, 1), W.value)
                     .view(with_front(r, value.sizes()));
      if (W.tangents.defined() && !convolve.transposed)
        {
          // Outputs for all directions, in each group.
          const std::int64_t n_outputs = W.value.size(0) / g;
          const at::Tensor   weights =
            W.tangents.unflatten(1, Sizes{g, n_outputs})
              .transpose(0, 1)
              .flatten(0, 2);
          const at::Tensor product =
            convolve(x.value, weights)
              .unflatten(1, Sizes{g, r, n_outputs})
              .permute([&]() {
                Sizes order(value.dim() + 2);
                std::iota(order.begin(), order.end(), 0);
                order[0] = 2;
                order[1] = 0;
                order[2] = 1;
                return order;
              }());
          tangents =
            sum_of(tangents, product.reshape(with_front(r, value.sizes())));
        }
      else if (W.tangents.defined())
        {
          std::vector<at::Tensor> products;
          for (std::int64_t k = 0; k < r; ++k)
            products.push_back(convolve(x.value, W.tangents[k]));
          tangents = sum_of(tangents, at::stack(products));
        }
      if (b.value.defined() && b.tangents.defined())
        {
          Sizes sizes(value.dim() + 1, 1);
          sizes[0] = r;
          sizes[2] = b.value.size(0);
          tangents = sum_of(tangents, b.tangents.view(sizes));
        }
      return joined(value, expand_to(tangents, value));
    }
  } // namespace



  TangentRules
  product_rules()
  {
    return {{"mm", &mm},
            {"mv", &mm},
            {"bmm", &bmm},
            {"addmm", &addmm},
            {"baddbmm", &addmm},
            {"linear", &linear},
            {"einsum", &einsum},
            {"convolution", &convolution},
            {"_convolution", &convolution}};
  }
} // namespace lsr
