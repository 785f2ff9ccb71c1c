// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include "network/differentiation.h"
#include "network/tangent_rules.h"

namespace lsr
{
  namespace
  {
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
  } // namespace



  TangentRules
  elementwise_rules()
  {
    TangentRules rules = {{"add", &add},
                          {"sub", &add},
                          {"rsub", &rsub},
                          {"mul", &mul},
                          {"div", &div},
                          {"complex", &make_complex},
                          {"where", &where},
                          {"masked_fill", &masked_fill}};
    set_rule(rules,
             &elementwise,
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
  }
} // namespace lsr
