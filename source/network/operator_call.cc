// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/operator_call.h"

#include <lsr/base/exceptions.h>

namespace lsr
{
  Sizes
  with_front(const std::int64_t front, const at::IntArrayRef sizes)
  {
    Sizes result = sizes.vec();
    result.insert(result.begin(), front);
    return result;
  }



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



  Values
  joined(const Values &values, const Values &tangents)
  {
    Values results;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].isTensor())
        results.push_back(join({values[i].toTensor(), tangents[i].toTensor()}));
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
          !any ? argument : replace_tensors(argument, [&](const at::Tensor &x) {
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
} // namespace lsr
