// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/tangent_rules.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "network/differentiation.h"

namespace lsr
{
  namespace
  {
    using Values = std::vector<c10::IValue>;
    using Sizes  = std::vector<std::int64_t>;



    /// Replace the tensors of an argument, also those in a list.
    template <typename Replace>
    c10::IValue
    replace_tensors(const c10::IValue &argument, const Replace &replace)
    {
      if (argument.isTensor())
        return replace(argument.toTensor());
      if (argument.isTensorList())
        {
          c10::List<at::Tensor> list;
          for (const at::Tensor &tensor : argument.toTensorVector())
            list.push_back(replace(tensor));
          return list;
        }
      if (argument.isList() &&
          argument.toList().elementType()->isSubtypeOf(
            *c10::OptionalType::create(c10::TensorType::get())))
        {
          c10::List<c10::optional<at::Tensor>> list;
          for (const c10::IValue &element : argument.toListRef())
            if (element.isTensor())
              list.push_back(replace(element.toTensor()));
            else
              list.push_back(c10::nullopt);
          return list;
        }
      return argument;
    }



    bool
    has_digits(const at::Tensor &x)
    {
      return x.is_floating_point() || x.is_complex();
    }



    Sizes
    with_front(const std::int64_t front, const at::IntArrayRef sizes)
    {
      Sizes result = sizes.vec();
      result.insert(result.begin(), front);
      return result;
    }



    /// Tangents for a value of @p n dimensions, with ones where they have
    /// fewer.
    at::Tensor
    align(const at::Tensor &tangents, const std::int64_t n)
    {
      const std::int64_t missing = n + 1 - tangents.dim();
      if (missing <= 0)
        return tangents;
      Sizes sizes = tangents.sizes().vec();
      sizes.insert(sizes.begin() + 1, missing, 1);
      return tangents.reshape(sizes);
    }



    /// The same, with the sizes of the value.
    at::Tensor
    expand_to(const at::Tensor &tangents, const at::Tensor &value)
    {
      return align(tangents, value.dim())
        .expand(with_front(tangents.size(0), value.sizes()));
    }



    at::Tensor
    sum_of(const at::Tensor &a, const at::Tensor &b)
    {
      if (!a.defined())
        return b;
      return b.defined() ? a + b : a;
    }



    Values
    joined(const at::Tensor &value, const at::Tensor &tangents)
    {
      return {join({value, tangents})};
    }



    /// Outputs, which may be lists, with the same of the tangents.
    Values
    joined(const Values &values, const Values &tangents)
    {
      Values results;
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i].isTensor())
          results.push_back(
            join({values[i].toTensor(), tangents[i].toTensor()}));
        else if (values[i].isTensorList())
          {
            c10::List<at::Tensor> list;
            const auto            x = values[i].toTensorVector(),
                       t            = tangents[i].toTensorVector();
            for (std::size_t k = 0; k < x.size(); ++k)
              list.push_back(join({x[k], t[k]}));
            results.push_back(list);
          }
        else
          results.push_back(values[i]);
      return results;
    }



    /// The arguments with tangents in the place of values: zeros where a list
    /// has others, too.
    Values
    tangent_arguments(const OperatorCall &call)
    {
      Values result;
      for (std::size_t i = 0; i < call.arguments.size(); ++i)
        {
          const c10::IValue &argument = call.arguments[i];
          bool               any      = false;
          replace_tensors(argument, [&](const at::Tensor &x) {
            any = any || dual_of(x).tangents.defined();
            return x;
          });
          result.push_back(
            !any ? argument :
                   replace_tensors(argument, [&](const at::Tensor &x) {
                     const Dual dual = dual_of(x);
                     return dual.tangents.defined() ?
                              dual.tangents :
                              at::zeros(with_front(call.n_directions,
                                                   dual.value.sizes()),
                                        dual.value.options());
                   }));
        }
      return result;
    }



    // ------------------------------------------------- linear operators

    /// The derivatives do not matter: the result is a constant.
    Values
    constant(const OperatorCall &call)
    {
      return call.run(call.values());
    }



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
    Values
    index(const OperatorCall &call)
    {
      c10::List<c10::optional<at::Tensor>> indices;
      indices.push_back(c10::nullopt);
      for (const c10::IValue &element : call.argument("indices").toListRef())
        if (element.isTensor())
          indices.push_back(element.toTensor());
        else
          indices.push_back(c10::nullopt);
      Values arguments                 = tangent_arguments(call);
      arguments[call.place("indices")] = indices;
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



    // ------------------------------------------------------ elementwise

    /// Functions of single numbers: each tensor argument's derivative, by
    /// reverse mode on the values, times its tangents.
    Values
    elementwise(const OperatorCall &call)
    {
      const at::AutoGradMode  guard(true);
      const at::Tensor        value     = call.value().detach();
      Values                  arguments = call.values();
      std::vector<at::Tensor> variables, tangents;
      for (std::size_t i = 0; i < arguments.size(); ++i)
        {
          if (!call.arguments[i].isTensor())
            continue;
          const Dual x = dual_of(call.arguments[i].toTensor());
          if (!x.tangents.defined())
            continue;
          require(!x.value.is_complex(),
                  "a function of complex numbers without a rule");
          variables.push_back(
            x.value.expand(value.sizes()).detach().clone().requires_grad_());
          arguments[i] = variables.back();
          tangents.push_back(align(x.tangents, value.dim()));
        }
      const auto derivatives =
        gradient(call.run(arguments).at(0).toTensor().sum(), variables);
      at::Tensor sum;
      for (std::size_t i = 0; i < variables.size(); ++i)
        sum = sum_of(sum, tangents[i] * derivatives[i]);
      return joined(value, sum);
    }



    Values
    add(const OperatorCall &call)
    {
      const Dual       a = call.dual("self"), b = call.dual("other");
      const at::Tensor value = call.value();
      const auto       alpha = call.argument("alpha").toScalar();
      const bool       minus = call.op.schema().name() == "aten::sub";
      at::Tensor       tangents;
      if (a.tangents.defined())
        tangents = align(a.tangents, value.dim());
      if (b.tangents.defined())
        {
          const at::Tensor tb = align(b.tangents, value.dim());
          if (tangents.defined())
            tangents = minus ? at::sub(tangents, tb, alpha) :
                               at::add(tangents, tb, alpha);
          else
            {
              tangents = alpha.equal(1) ? tb : tb * alpha;
              if (minus)
                tangents = tangents.neg();
            }
        }
      return joined(value, expand_to(tangents, value));
    }



    Values
    rsub(const OperatorCall &call)
    {
      const at::Tensor minus =
        call.argument("self").toTensor() * (-call.argument("alpha").toScalar());
      const c10::IValue &other = call.argument("other");
      return {other.isTensor() ? minus + other.toTensor() :
                                 minus + other.toScalar()};
    }



    Values
    mul(const OperatorCall &call)
    {
      const Dual       a = call.dual("self"), b = call.dual("other");
      const at::Tensor value = call.value();
      at::Tensor       tangents;
      if (a.tangents.defined())
        tangents = align(a.tangents, value.dim()) * b.value;
      if (b.tangents.defined())
        tangents = sum_of(tangents, align(b.tangents, value.dim()) * a.value);
      return joined(value, tangents);
    }



    Values
    div(const OperatorCall &call)
    {
      if (call.has("rounding_mode") && !call.argument("rounding_mode").isNone())
        return constant(call);
      const Dual       a = call.dual("self"), b = call.dual("other");
      const at::Tensor value = call.value();
      at::Tensor       tangents;
      if (a.tangents.defined())
        tangents = align(a.tangents, value.dim()) / b.value;
      if (b.tangents.defined())
        tangents =
          sum_of(tangents, -align(b.tangents, value.dim()) * (value / b.value));
      return joined(value, tangents);
    }



    Values
    make_complex(const OperatorCall &call)
    {
      const Dual       a = call.dual("real"), b = call.dual("imag");
      const at::Tensor value = call.value();
      const auto       part  = [&](const Dual &x) {
        return x.tangents.defined() ?
                        expand_to(x.tangents, value) :
                        at::zeros(with_front(call.n_directions, value.sizes()),
                           x.value.options());
      };
      return joined(value, at::complex(part(a), part(b)));
    }



    Values
    where(const OperatorCall &call)
    {
      const Dual condition = call.dual("condition"), a = call.dual("self"),
                 b           = call.dual("other");
      const at::Tensor value = call.value();
      const auto       part  = [&](const Dual &x) {
        return x.tangents.defined() ? expand_to(x.tangents, value) :
                                             at::zeros({}, value.options());
      };
      return joined(value, at::where(condition.value, part(a), part(b)));
    }



    Values
    masked_fill(const OperatorCall &call)
    {
      const at::Tensor value = call.value();
      return joined(value,
                    expand_to(call.dual("self").tangents, value)
                      .masked_fill(call.dual("mask").value, 0.));
    }



    // --------------------------------------------------------- products

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



    // ---------------------------------------------------- normalization

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



    const std::map<std::string, TangentRule> &
    rules()
    {
      static const std::map<std::string, TangentRule> all = []() {
        std::map<std::string, TangentRule> rules = {
          {"permute", &permute},
          {"t", &t},
          {"expand", &expand},
          {"repeat", &repeat},
          {"sum", &reduce},
          {"mean", &reduce},
          {"index", &index},
          {"add", &add},
          {"sub", &add},
          {"rsub", &rsub},
          {"mul", &mul},
          {"div", &div},
          {"complex", &make_complex},
          {"where", &where},
          {"masked_fill", &masked_fill},
          {"mm", &mm},
          {"mv", &mm},
          {"bmm", &bmm},
          {"addmm", &addmm},
          {"baddbmm", &addmm},
          {"linear", &linear},
          {"einsum", &einsum},
          {"convolution", &convolution},
          {"_convolution", &convolution},
          {"layer_norm", &layer_norm},
          {"group_norm", &group_norm},
          {"batch_norm", &batch_norm},
          {"_softmax", &softmax},
          {"_log_softmax", &log_softmax}};
        const auto set = [&](const TangentRule               rule,
                             const std::vector<std::string> &names) {
          for (const std::string &name : names)
            rules[name] = rule;
        };
        set(&constant,
            {"zeros_like",  "ones_like",   "empty_like", "full_like",
             "new_zeros",   "new_ones",    "new_empty",  "new_full",
             "rand_like",   "randn_like",  "eq",         "ne",
             "lt",          "le",          "gt",         "ge",
             "isnan",       "isfinite",    "isinf",      "sign",
             "floor",       "ceil",        "round",      "trunc",
             "argmax",      "argmin",      "detach",     "_local_scalar_dense",
             "logical_not", "logical_and", "logical_or", "is_nonzero"});
        set(&shifted,
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
        set(&reshape,
            {"view",
             "_unsafe_view",
             "_reshape_alias",
             "squeeze",
             "unflatten",
             "reshape",
             "flatten"});
        set(&folded,
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
        set(&elementwise,
            {"relu",       "tanh",       "sigmoid",    "silu",
             "gelu",       "elu",        "leaky_relu", "softplus",
             "mish",       "hardtanh",   "hardswish",  "clamp",
             "clamp_min",  "clamp_max",  "exp",        "expm1",
             "log",        "log1p",      "log2",       "log10",
             "sqrt",       "rsqrt",      "reciprocal", "sin",
             "cos",        "tan",        "sinh",       "cosh",
             "asin",       "acos",       "atan",       "asinh",
             "erf",        "erfc",       "pow",        "abs",
             "addcmul",    "addcdiv",    "lerp",       "atan2",
             "maximum",    "minimum",    "threshold",  "log_sigmoid",
             "softshrink", "hardshrink", "fmod",       "remainder"});
        return rules;
      }();
      return all;
    }
  } // namespace



  OperatorCall::OperatorCall(const c10::OperatorHandle &op,
                             const Values              &arguments)
    : op(op)
    , arguments(arguments)
  {
    for (const c10::IValue &argument : arguments)
      plain.push_back(replace_tensors(argument, [&](const at::Tensor &x) {
        const Dual dual = dual_of(x);
        if (dual.tangents.defined())
          n_directions = dual.tangents.size(0);
        return dual.value;
      }));
  }



  bool
  OperatorCall::has(const std::string &name) const
  {
    return op.schema().argumentIndexWithName(name).has_value();
  }



  std::size_t
  OperatorCall::place(const std::string &name) const
  {
    const auto found = op.schema().argumentIndexWithName(name);
    require(found.has_value(),
            op.schema().name() + " has no argument '" + name + "'");
    return *found;
  }



  const c10::IValue &
  OperatorCall::argument(const std::string &name) const
  {
    return arguments[place(name)];
  }



  Dual
  OperatorCall::dual(const std::string &name) const
  {
    const c10::IValue &value = argument(name);
    if (value.isTensor())
      return dual_of(value.toTensor());
    if (value.isScalar())
      return {at::scalar_tensor(value.toScalar(), at::kDouble), at::Tensor()};
    return {};
  }



  Values
  OperatorCall::run(const Values &others) const
  {
    torch::jit::Stack stack(others);
    op.callBoxed(&stack);
    return stack;
  }



  at::Tensor
  OperatorCall::value() const
  {
    return run(plain).at(0).toTensor();
  }



  TangentRule
  find_tangent_rule(const std::string &name)
  {
    const auto found = rules().find(name);
    return found == rules().end() ? nullptr : found->second;
  }



  Values
  one_by_one(const OperatorCall &call)
  {
    const Values                         values = call.run(call.values());
    std::vector<std::vector<at::Tensor>> tangents(values.size());
    for (std::int64_t k = 0; k < call.n_directions; ++k)
      {
        const DualLevel level;
        Values          arguments;
        for (const c10::IValue &argument : call.arguments)
          arguments.push_back(
            replace_tensors(argument, [&](const at::Tensor &x) {
              const Dual dual = dual_of(x);
              return dual.tangents.defined() ? at::_make_dual(dual.value,
                                                              dual.tangents[k],
                                                              level.number()) :
                                               dual.value;
            }));
        const Values results = call.run(arguments);
        for (std::size_t i = 0; i < results.size(); ++i)
          if (results[i].isTensor() && has_digits(results[i].toTensor()))
            tangents[i].push_back(level.tangent(results[i].toTensor()));
          else
            require(!results[i].isTensorList(),
                    call.op.schema().name() + " has no rule");
      }
    Values outputs;
    for (std::size_t i = 0; i < values.size(); ++i)
      outputs.push_back(
        tangents[i].empty() ?
          values[i] :
          c10::IValue(join({values[i].toTensor(), at::stack(tangents[i])})));
    return outputs;
  }
} // namespace lsr
