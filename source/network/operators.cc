// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/operators.h"

#include <lsr/base/exceptions.h>

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/library.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "network/graph_passes.h"
#include "network/tangent_block.h"

namespace lsr
{
  namespace
  {
    using OptionalTensor = c10::optional<at::Tensor>;



    /// $x^{1/p}$ of numbers that may be zero, with derivatives zero there.
    at::Tensor
    root(const at::Tensor &x, const double p)
    {
      const at::Tensor zero = x == 0;
      const at::Tensor safe = at::where(zero, at::ones_like(x), x);
      return at::where(zero,
                       at::zeros_like(x),
                       p == 2 ? safe.sqrt() : safe.pow(1 / p));
    }



    /// Distances [..., P, R] between vectors [..., P, M] and [..., R, M].
    at::Tensor
    cdist(const at::Tensor &x1,
          const at::Tensor &x2,
          const double      p,
          const c10::optional<std::int64_t>)
    {
      const at::Tensor difference = x1.unsqueeze(-2) - x2.unsqueeze(-3);
      if (p == 0)
        return (difference != 0).sum(-1).to(difference.scalar_type());
      if (p == 1)
        return difference.abs().sum(-1);
      if (p == 2)
        return root(difference.square().sum(-1), 2);
      if (std::isinf(p))
        return difference.abs().amax(-1);
      return root(difference.abs().pow(p).sum(-1), p);
    }



    // Interpolation on grids, one dimension after the other.

    enum class Interpolation
    {
      linear,
      nearest,
      cubic
    };



    enum class Padding
    {
      zeros,
      border,
      reflection
    };



    /// Where a coordinate in [-1, 1] is among @p size values.
    at::Tensor
    position(const at::Tensor  &coordinate,
             const std::int64_t size,
             const bool         align_corners)
    {
      if (align_corners)
        return (coordinate + 1) * (0.5 * (size - 1));
      return ((coordinate + 1) * size - 1) * 0.5;
    }



    at::Tensor
    reflect(const at::Tensor  &x,
            const std::int64_t size,
            const bool         align_corners)
    {
      const double low  = align_corners ? 0 : -0.5;
      const double span = align_corners ? size - 1 : size;
      if (span == 0)
        return at::zeros_like(x);
      const at::Tensor distance = (x - low).abs();
      const at::Tensor flips    = (distance / span).floor().detach();
      const at::Tensor rest     = distance - flips * span;
      return at::where(flips.remainder(2) == 0, rest + low, span - rest + low);
    }



    at::Tensor
    pad(const at::Tensor  &x,
        const std::int64_t size,
        const Padding      padding,
        const bool         align_corners)
    {
      if (padding == Padding::zeros)
        return x;
      return (padding == Padding::border ? x : reflect(x, size, align_corners))
        .clamp(0, size - 1);
    }



    /// The values that are used in one dimension: their index and weight.
    struct Tap
    {
      at::Tensor index, weight;
    };



    /// Convolution with the cubic kernel of LibTorch.
    at::Tensor
    cubic_weight(const at::Tensor &distance)
    {
      constexpr double a = -0.75;
      const at::Tensor d = distance.abs();
      return at::where(d <= 1,
                       ((a + 2) * d - (a + 3)) * d * d + 1,
                       ((a * d - 5 * a) * d + 8 * a) * d - 4 * a);
    }



    std::vector<Tap>
    taps(const at::Tensor   &coordinate,
         const std::int64_t  size,
         const Interpolation interpolation,
         const Padding       padding,
         const bool          align_corners)
    {
      const bool       cubic = interpolation == Interpolation::cubic;
      const at::Tensor free  = position(coordinate, size, align_corners);
      const at::Tensor x =
        cubic ? free : pad(free, size, padding, align_corners);
      if (interpolation == Interpolation::nearest)
        return {{x.detach().round(), at::ones_like(x)}};
      const at::Tensor first = x.detach().floor();
      const at::Tensor t     = x - first;
      if (!cubic)
        return {{first, 1 - t}, {first + 1, t}};
      std::vector<Tap> result;
      for (int k = -1; k <= 2; ++k)
        result.push_back(
          {pad(first + k, size, padding, align_corners), cubic_weight(t - k)});
      return result;
    }



    /// Values [N, C, ...] at points [N, ..., d]; the last coordinate comes
    /// first, as it does in LibTorch.
    at::Tensor
    grid_sampler(const at::Tensor  &input,
                 const at::Tensor  &grid,
                 const std::int64_t interpolation,
                 const std::int64_t padding,
                 const bool         align_corners)
    {
      const std::int64_t n = input.size(0), n_channels = input.size(1),
                         dim  = input.dim() - 2;
      const at::Tensor points = grid.reshape({n, -1, dim});

      // Products of weights, and indices into the flattened values.
      std::vector<Tap> products = {{at::zeros_like(points.select(2, 0)),
                                    at::ones_like(points.select(2, 0))}};
      for (std::int64_t k = 0; k < dim; ++k)
        {
          const std::int64_t size = input.size(2 + k);
          std::vector<Tap>   longer;
          for (const Tap &tap : taps(points.select(2, dim - 1 - k),
                                     size,
                                     Interpolation(interpolation),
                                     Padding(padding),
                                     align_corners))
            {
              const at::Tensor inside = (tap.index >= 0) * (tap.index < size);
              for (const Tap &product : products)
                longer.push_back(
                  {product.index * size + tap.index.clamp(0, size - 1),
                   product.weight * tap.weight * inside});
            }
          products = longer;
        }

      const at::Tensor values = input.flatten(2);
      at::Tensor       result;
      for (const Tap &product : products)
        {
          const at::Tensor index = product.index.detach().to(at::kLong);
          const at::Tensor term =
            values.gather(2, index.unsqueeze(1).expand({n, n_channels, -1})) *
            product.weight.unsqueeze(1);
          result = result.defined() ? result + term : term;
        }
      std::vector<std::int64_t> sizes = {n, n_channels};
      for (std::int64_t k = 1; k <= dim; ++k)
        sizes.push_back(grid.size(k));
      return result.reshape(sizes);
    }



    at::Tensor
    weight_norm(const at::Tensor  &v,
                const at::Tensor  &g,
                const std::int64_t dim)
    {
      std::vector<std::int64_t> others;
      for (std::int64_t d = 0; d < v.dim(); ++d)
        if (dim == -1 || d != (dim + v.dim()) % v.dim())
          others.push_back(d);
      const at::Tensor square = v.square();
      const at::Tensor norm =
        others.empty() ? square.sqrt() : square.sum(others, true).sqrt();
      return v * (g / norm);
    }



    std::tuple<at::Tensor, at::Tensor>
    weight_norm_interface(const at::Tensor  &v,
                          const at::Tensor  &g,
                          const std::int64_t dim)
    {
      // Nobody uses the norms but a derivative that is not called.
      return {weight_norm(v, g, dim), g};
    }



    at::Tensor
    prelu(const at::Tensor &x, const at::Tensor &weight)
    {
      at::Tensor slope = weight;
      if (weight.numel() > 1 && x.dim() > 2)
        {
          std::vector<std::int64_t> sizes(x.dim() - 1, 1);
          sizes[0] = weight.numel();
          slope    = weight.reshape(sizes);
        }
      return at::where(x > 0, x, slope * x);
    }



    at::Tensor
    hardsigmoid(const at::Tensor &x)
    {
      return (x / 6 + 0.5).clamp(0, 1);
    }



    at::Tensor
    rms_norm(const at::Tensor           &x,
             const at::IntArrayRef       normalized_shape,
             const OptionalTensor       &weight,
             const c10::optional<double> eps)
    {
      std::vector<std::int64_t> dimensions;
      for (std::size_t d = 1; d <= normalized_shape.size(); ++d)
        dimensions.push_back(-std::int64_t(d));
      const double epsilon =
        eps ? *eps : std::numeric_limits<double>::epsilon();
      const at::Tensor result =
        x * (x.square().mean(dimensions, true) + epsilon).rsqrt();
      return weight && weight->defined() ? result * *weight : result;
    }



    /// What is added to the scores of an attention for a mask.
    at::Tensor
    with_mask(const at::Tensor &scores, const at::Tensor &mask)
    {
      if (mask.scalar_type() != at::kBool)
        return scores + mask;
      return scores.masked_fill(mask, -std::numeric_limits<double>::infinity());
    }



    at::Tensor
    scaled_dot_product_attention(const at::Tensor           &query,
                                 const at::Tensor           &key_,
                                 const at::Tensor           &value_,
                                 const OptionalTensor       &mask,
                                 const double                dropout,
                                 const bool                  is_causal,
                                 const c10::optional<double> scale,
                                 const bool                  grouped_queries)
    {
      require(dropout == 0,
              "scaled_dot_product_attention with dropout: forward() must be "
              "deterministic");
      at::Tensor key = key_, value = value_;
      if (grouped_queries)
        {
          key   = key.repeat_interleave(query.size(-3) / key.size(-3), -3);
          value = value.repeat_interleave(query.size(-3) / value.size(-3), -3);
        }
      const double factor =
        scale ? *scale : 1 / std::sqrt(double(query.size(-1)));
      at::Tensor scores = (query * factor).matmul(key.transpose(-2, -1));
      if (is_causal)
        scores = with_mask(scores,
                           at::ones({query.size(-2), key.size(-2)},
                                    query.options().dtype(at::kBool))
                             .triu(1));
      if (mask && mask->defined())
        scores =
          with_mask(scores,
                    mask->scalar_type() == at::kBool ? mask->logical_not() :
                                                       *mask);
      return at::softmax(scores, -1).matmul(value);
    }



    /// The attention of vectors [B, T, E] in evaluation mode. In masks, what is
    /// true is not attended to.
    std::tuple<at::Tensor, at::Tensor>
    multi_head_attention(const at::Tensor                 &query,
                         const at::Tensor                 &key,
                         const at::Tensor                 &value,
                         const std::int64_t                embed_dim,
                         const std::int64_t                n_heads,
                         const at::Tensor                 &qkv_weight,
                         const at::Tensor                 &qkv_bias,
                         const at::Tensor                 &proj_weight,
                         const at::Tensor                 &proj_bias,
                         const OptionalTensor             &mask,
                         const bool                        need_weights,
                         const bool                        average_weights,
                         const c10::optional<std::int64_t> mask_type)
    {
      const auto weights = qkv_weight.chunk(3), biases = qkv_bias.chunk(3);
      const auto heads = [&](const at::Tensor &x, const std::size_t which) {
        return at::linear(x, weights[which], biases[which])
          .reshape({x.size(0), x.size(1), n_heads, embed_dim / n_heads})
          .transpose(1, 2);
      };
      const at::Tensor q = heads(query, 0), k = heads(key, 1),
                       v = heads(value, 2);
      at::Tensor scores =
        q.matmul(k.transpose(-2, -1)) / std::sqrt(double(q.size(-1)));
      if (mask && mask->defined())
        scores = with_mask(scores,
                           mask_type && *mask_type == 1 ?
                             mask->unsqueeze(1).unsqueeze(2) :
                             *mask);
      const at::Tensor attention = at::softmax(scores, -1);
      const at::Tensor result =
        at::linear(attention.matmul(v).transpose(1, 2).flatten(2),
                   proj_weight,
                   proj_bias);
      return {result,
              !need_weights   ? at::empty({0}, result.options()) :
              average_weights ? attention.mean(1) :
                                attention};
    }



    at::Tensor
    transformer_encoder_layer(const at::Tensor                 &source,
                              const std::int64_t                embed_dim,
                              const std::int64_t                n_heads,
                              const at::Tensor                 &qkv_weight,
                              const at::Tensor                 &qkv_bias,
                              const at::Tensor                 &proj_weight,
                              const at::Tensor                 &proj_bias,
                              const bool                        use_gelu,
                              const bool                        norm_first,
                              const double                      eps,
                              const at::Tensor                 &norm_weight_1,
                              const at::Tensor                 &norm_bias_1,
                              const at::Tensor                 &norm_weight_2,
                              const at::Tensor                 &norm_bias_2,
                              const at::Tensor                 &weight_1,
                              const at::Tensor                 &bias_1,
                              const at::Tensor                 &weight_2,
                              const at::Tensor                 &bias_2,
                              const OptionalTensor             &mask,
                              const c10::optional<std::int64_t> mask_type)
    {
      const auto attention = [&](const at::Tensor &x) {
        return std::get<0>(multi_head_attention(x,
                                                x,
                                                x,
                                                embed_dim,
                                                n_heads,
                                                qkv_weight,
                                                qkv_bias,
                                                proj_weight,
                                                proj_bias,
                                                mask,
                                                false,
                                                true,
                                                mask_type));
      };
      const auto forward = [&](const at::Tensor &x) {
        const at::Tensor h = at::linear(x, weight_1, bias_1);
        return at::linear(use_gelu ? at::gelu(h) : h.relu(), weight_2, bias_2);
      };
      const auto normalize_1 = [&](const at::Tensor &x) {
        return at::layer_norm(x, {embed_dim}, norm_weight_1, norm_bias_1, eps);
      };
      const auto normalize_2 = [&](const at::Tensor &x) {
        return at::layer_norm(x, {embed_dim}, norm_weight_2, norm_bias_2, eps);
      };
      if (norm_first)
        {
          const at::Tensor h = source + attention(normalize_1(source));
          return h + forward(normalize_2(h));
        }
      const at::Tensor h = normalize_1(source + attention(source));
      return normalize_2(h + forward(h));
    }



    at::Tensor
    lanczos(const at::Tensor &,
            const c10::optional<std::vector<std::int64_t>> &,
            const bool,
            const c10::optional<std::vector<double>> &)
    {
      throw Error("Lanczos interpolation needs a newer LibTorch");
    }



    // Schemas as the newest version has them.
    const char *const attention_schema =
      "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, "
      "Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, "
      "float? scale=None, bool enable_gqa=False) -> Tensor";



    bool
    is_known(const std::string &name)
    {
      return c10::Dispatcher::singleton().findSchema({name, ""}).has_value();
    }



    /// The operators of ATen that have an equivalent in the namespace lsr.
    const std::map<std::string, std::string> &
    equivalents()
    {
      static const std::map<std::string, std::string> names = {
        {"cdist", "cdist"},
        {"_cdist_forward", "cdist"},
        {"grid_sampler", "grid_sampler"},
        {"grid_sampler_2d", "grid_sampler"},
        {"grid_sampler_3d", "grid_sampler"},
        {"_weight_norm", "weight_norm"},
        {"_weight_norm_interface", "weight_norm_interface"},
        {"hardsigmoid", "hardsigmoid"},
        {"prelu", "prelu"},
        {"rms_norm", "rms_norm"},
        {"scaled_dot_product_attention", "scaled_dot_product_attention"},
        {"_native_multi_head_attention", "multi_head_attention"},
        {"_transformer_encoder_layer_fwd", "transformer_encoder_layer"}};
      return names;
    }



    /// The definitions, which stand as long as the libraries that are returned.
    std::array<torch::Library *, 2>
    define_operators()
    {
      auto &own =
        *new torch::Library(torch::Library::DEF, "lsr", {}, __FILE__, __LINE__);
      own.def("cdist(Tensor x1, Tensor x2, float p=2, int? compute_mode=None) "
              "-> Tensor",
              &cdist);
      own.def("grid_sampler(Tensor input, Tensor grid, int interpolation_mode, "
              "int padding_mode, bool align_corners) -> Tensor",
              &grid_sampler);
      own.def("weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor",
              &weight_norm);
      own.def(
        "weight_norm_interface(Tensor v, Tensor g, int dim=0) -> (Tensor, "
        "Tensor)",
        &weight_norm_interface);
      own.def("hardsigmoid(Tensor self) -> Tensor", &hardsigmoid);
      own.def("prelu(Tensor self, Tensor weight) -> Tensor", &prelu);
      own.def(
        "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, "
        "float? eps=None) -> Tensor",
        &rms_norm);
      own.def("writable(Tensor self) -> Tensor", &writable);
      own.def(attention_schema, &scaled_dot_product_attention);
      own.def(
        "multi_head_attention(Tensor query, Tensor key, Tensor value, int "
        "embed_dim, int num_head, Tensor qkv_weight, Tensor qkv_bias, "
        "Tensor proj_weight, Tensor proj_bias, Tensor? mask=None, bool "
        "need_weights=True, bool average_attn_weights=True, int? "
        "mask_type=None) -> (Tensor, Tensor)",
        &multi_head_attention);
      own.def("transformer_encoder_layer(Tensor src, int embed_dim, int "
              "num_heads, Tensor qkv_weight, Tensor qkv_bias, Tensor "
              "proj_weight, Tensor proj_bias, bool use_gelu, bool norm_first, "
              "float eps, Tensor norm_weight_1, Tensor norm_bias_1, Tensor "
              "norm_weight_2, Tensor norm_bias_2, Tensor ffn_weight_1, Tensor "
              "ffn_bias_1, Tensor ffn_weight_2, Tensor ffn_bias_2, Tensor? "
              "mask=None, int? mask_type=None) -> Tensor",
              &transformer_encoder_layer);

      auto &newer = *new torch::Library(
        torch::Library::FRAGMENT, "aten", {}, __FILE__, __LINE__);
      if (!is_known("aten::rms_norm"))
        newer.def(
          "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, "
          "float? eps=None) -> Tensor",
          &rms_norm);
      if (!is_known("aten::scaled_dot_product_attention"))
        newer.def(attention_schema, &scaled_dot_product_attention);
      // In a branch of every scripted interpolate() of new versions.
      if (!c10::Dispatcher::singleton()
             .findSchema({"aten::_upsample_lanczos2d_aa", "vec"})
             .has_value())
        newer.def("_upsample_lanczos2d_aa.vec(Tensor input, int[]? "
                  "output_size, bool align_corners, float[]? scale_factors) "
                  "-> Tensor",
                  &lanczos);
      return {&own, &newer};
    }
  } // namespace



  void
  register_operators()
  {
    // Never destroyed: LibTorch may be gone before.
    static const auto libraries = define_operators();
    (void)libraries;
  }



  void
  use_elementary_operators(const std::shared_ptr<torch::jit::Graph> &graph)
  {
    register_operators();
    for_each_node(graph->block(), [&](torch::jit::Node *node) {
      if (!node->kind().is_aten())
        return;
      const auto found = equivalents().find(node->kind().toUnqualString());
      if (found == equivalents().end())
        return;
      const std::string name   = "lsr::" + found->second;
      const auto        schema = c10::Dispatcher::singleton()
                            .findSchemaOrThrow(name.c_str(), "")
                            .schema();
      const torch::jit::WithInsertPoint guard(node);
      torch::jit::Node                 *equivalent =
        graph->create(c10::Symbol::fromQualString(name),
                      node->inputs(),
                      node->outputs().size());
      // Older versions have fewer arguments.
      for (std::size_t i = node->inputs().size(); i < schema.arguments().size();
           ++i)
        equivalent->addInput(
          graph->insertConstant(*schema.arguments()[i].default_value()));
      graph->insertNode(equivalent);
      for (std::size_t i = 0; i < node->outputs().size(); ++i)
        {
          equivalent->output(i)->setType(node->output(i)->type());
          node->output(i)->replaceAllUsesWith(equivalent->output(i));
        }
      node->destroy();
    });
  }
} // namespace lsr
