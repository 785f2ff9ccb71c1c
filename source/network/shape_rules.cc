// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <algorithm>

#include "network/tangent_rules.h"

namespace lsr
{
  namespace
  {
    /// The same on the tangents, whose dimensions are one further behind.
    Values
    shifted(const OperatorCall &call)
    {
      Values      arguments = tangent_arguments(call);
      const auto &schema    = call.op.schema().arguments();
      const auto  shift     = [](const std::int64_t dim) {
        return dim >= 0 ? dim + 1 : dim;
      };
      for (std::size_t i = 0; i < arguments.size(); ++i)
        {
          const std::string &name = schema[i].name();
          if (name == "memory_format")
            arguments[i] = c10::IValue();
          if (name.compare(0, 3, "dim") != 0 && name != "start_dim" &&
              name != "end_dim")
            continue;
          if (arguments[i].isInt())
            arguments[i] = shift(arguments[i].toInt());
          else if (arguments[i].isIntList())
            {
              Sizes dims = arguments[i].toIntVector();
              std::transform(dims.begin(), dims.end(), dims.begin(), shift);
              arguments[i] = dims;
            }
        }
      return joined(call.run(call.values()), call.run(arguments));
    }



    Values
    permute(const OperatorCall &call)
    {
      const at::Tensor value      = call.value();
      const at::Tensor tangents   = call.dual("self").tangents;
      Sizes            dimensions = {0};
      for (const std::int64_t dim : call.argument("dims").toIntVector())
        dimensions.push_back((dim < 0 ? dim + std::int64_t(value.dim()) : dim) +
                             1);
      return joined(value, tangents.permute(dimensions));
    }



    /// Transposition of a matrix.
    Values
    t(const OperatorCall &call)
    {
      const Dual x = call.dual("self");
      return joined(x.value.t(),
                    x.value.dim() < 2 ? x.tangents :
                                        x.tangents.transpose(1, 2));
    }



    /// Other sizes for the same numbers.
    Values
    reshape(const OperatorCall &call)
    {
      const at::Tensor value = call.value();
      return joined(value,
                    call.dual("self").tangents.reshape(
                      with_front(call.n_directions, value.sizes())));
    }



    Values
    expand(const OperatorCall &call)
    {
      const at::Tensor value = call.value();
      return joined(value, expand_to(call.dual("self").tangents, value));
    }



    Values
    repeat(const OperatorCall &call)
    {
      const at::Tensor value = call.value();
      return joined(value,
                    align(call.dual("self").tangents, value.dim())
                      .repeat(
                        with_front(1, call.argument("repeats").toIntVector())));
    }



    /// Sums and means, also over all dimensions.
    Values
    reduce(const OperatorCall &call)
    {
      const Dual x = call.dual("self");
      if (call.has("dim") && !call.argument("dim").isNone() &&
          !call.argument("dim").toIntVector().empty())
        return shifted(call);
      const at::Tensor value = call.value();
      const at::Tensor flat  = x.tangents.flatten(1);
      const at::Tensor tangents =
        call.op.schema().name() == "aten::mean" ? flat.mean(1) : flat.sum(1);
      return joined(
        value, tangents.reshape(with_front(call.n_directions, value.sizes())));
    }



    /// An index in front of those given.
    c10::List<c10::optional<at::Tensor>>
    all_directions(const OperatorCall &call)
    {
      c10::List<c10::optional<at::Tensor>> indices;
      indices.push_back(c10::nullopt);
      for (const c10::IValue &element : call.argument("indices").toListRef())
        if (element.isTensor())
          indices.push_back(element.toTensor());
        else
          indices.push_back(c10::nullopt);
      return indices;
    }



    Values
    index(const OperatorCall &call)
    {
      Values arguments                 = tangent_arguments(call);
      arguments[call.place("indices")] = all_directions(call);
      return joined(call.run(call.values()), call.run(arguments));
    }



    /// Numbers put or added at other places, where both may have derivatives:
    /// the arguments of the tangents, zeros where there are none.
    Values
    with_zeros(const OperatorCall &call, const std::vector<std::string> &names)
    {
      Values arguments = tangent_arguments(call);
      for (const std::string &name : names)
        {
          c10::IValue &argument = arguments[call.place(name)];
          if (!argument.isTensor())
            argument = 0; // a number that is put
          else if (const Dual x = call.dual(name); !x.tangents.defined())
            argument = at::zeros(with_front(call.n_directions, x.value.sizes()),
                                 x.value.options());
        }
      return arguments;
    }



    Values
    index_put(const OperatorCall &call)
    {
      const at::Tensor x         = call.dual("self").value;
      const auto       indices   = call.values().at(call.place("indices"));
      Values           arguments = with_zeros(call, {"self", "values"});
      c10::IValue     &put       = arguments[call.place("values")];
      put                        = align(
        put.toTensor(),
        at::index(x, indices.to<c10::List<c10::optional<at::Tensor>>>()).dim());
      arguments[call.place("indices")] = all_directions(call);
      return joined(call.run(call.values()), call.run(arguments));
    }



    /// One dimension further behind.
    void
    shift_dimension(const OperatorCall &call, Values &arguments)
    {
      c10::IValue &dim = arguments[call.place("dim")];
      if (dim.toInt() >= 0)
        dim = dim.toInt() + 1;
    }



    /// index_add, index_copy: a list of places.
    Values
    index_add(const OperatorCall &call)
    {
      Values arguments = with_zeros(call, {"self", "source"});
      shift_dimension(call, arguments);
      return joined(call.run(call.values()), call.run(arguments));
    }



    /// gather, scatter, scatter_add: a place for each number, the same for all
    /// directions.
    Values
    scatter(const OperatorCall &call)
    {
      std::vector<std::string> names = {"self"};
      for (const char *name : {"src", "value"})
        if (call.has(name))
          names.emplace_back(name);
      Values arguments = with_zeros(call, names);
      shift_dimension(call, arguments);
      const at::Tensor index = call.dual("index").value;
      arguments[call.place("index")] =
        index.unsqueeze(0).expand(with_front(call.n_directions, index.sizes()));
      return joined(call.run(call.values()), call.run(arguments));
    }



    /// Operators that treat each of a batch, the first dimension of what they
    /// take first, for itself: directions join the batch.
    Values
    folded(const OperatorCall &call)
    {
      const std::string &first     = call.op.schema().arguments().at(0).name();
      Values             arguments = call.values();
      const at::Tensor   tangents  = call.dual(first).tangents;
      arguments[0]                 = tangents.flatten(0, 1);
      const at::Tensor value       = call.value();
      return joined(value,
                    call.run(arguments).at(0).toTensor().reshape(
                      with_front(call.n_directions, value.sizes())));
    }
  } // namespace



  TangentRules
  shape_rules()
  {
    TangentRules rules = {{"permute", &permute},
                          {"t", &t},
                          {"expand", &expand},
                          {"repeat", &repeat},
                          {"sum", &reduce},
                          {"mean", &reduce},
                          {"index", &index},
                          {"index_put", &index_put}};
    set_rule(rules, &index_add, {"index_add", "index_copy"});
    set_rule(rules, &scatter, {"gather", "scatter", "scatter_add"});
    set_rule(rules,
             &constant,
             {"zeros_like",  "ones_like",   "empty_like", "full_like",
              "new_zeros",   "new_ones",    "new_empty",  "new_full",
              "rand_like",   "randn_like",  "eq",         "ne",
              "lt",          "le",          "gt",         "ge",
              "isnan",       "isfinite",    "isinf",      "sign",
              "floor",       "ceil",        "round",      "trunc",
              "argmax",      "argmin",      "detach",     "_local_scalar_dense",
              "logical_not", "logical_and", "logical_or", "is_nonzero"});
    set_rule(rules,
             &shifted,
             {"transpose",
              "unsqueeze",
              "slice",
              "select",
              "index_select",
              "cat",
              "stack",
              "split",
              "split_with_sizes",
              "unbind",
              "roll",
              "flip",
              "cumsum",
              "neg",
              "clone",
              "alias",
              "conj",
              "_conj",
              "_conj_physical",
              "conj_physical",
              "resolve_conj",
              "resolve_neg",
              "view_as_real",
              "view_as_complex",
              "_to_copy",
              "constant_pad_nd",
              "pixel_shuffle",
              "pixel_unshuffle",
              "diagonal",
              "unfold",
              "triu",
              "tril",
              "_fft_r2c",
              "_fft_c2r",
              "_fft_c2c",
              "lift_fresh"});
    set_rule(rules,
             &reshape,
             {"view",
              "_unsafe_view",
              "_reshape_alias",
              "squeeze",
              "unflatten",
              "reshape",
              "flatten"});
    set_rule(rules,
             &folded,
             {"upsample_nearest1d",
              "upsample_nearest2d",
              "upsample_nearest3d",
              "_upsample_nearest_exact1d",
              "_upsample_nearest_exact2d",
              "upsample_linear1d",
              "upsample_bilinear2d",
              "upsample_trilinear3d",
              "upsample_bicubic2d",
              "reflection_pad1d",
              "reflection_pad2d",
              "reflection_pad3d",
              "replication_pad1d",
              "replication_pad2d",
              "replication_pad3d",
              "avg_pool2d",
              "avg_pool3d",
              "adaptive_avg_pool2d",
              "_adaptive_avg_pool2d",
              "_adaptive_avg_pool3d",
              "im2col",
              "col2im"});
    return rules;
  }
} // namespace lsr
