// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_operator_call_h
#define lsr_network_operator_call_h

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /// What a tensor with derivatives consists of; @p tangents [r, sizes of
  /// value] are undefined where there are none.
  struct Dual
  {
    at::Tensor value, tangents;
  };

  Dual
  dual_of(const at::Tensor &x);

  /// The reverse.
  at::Tensor
  join(const Dual &x);



  /// An operator and its arguments, some of which carry derivatives.
  class OperatorCall
  {
  public:
    OperatorCall(const c10::OperatorHandle      &op,
                 const std::vector<c10::IValue> &arguments);

    /// Place of an argument; throws if there is none of that name.
    std::size_t
    place(const std::string &argument) const;

    bool
    has(const std::string &argument) const;

    const c10::IValue &
    argument(const std::string &name) const;

    /// A tensor argument; both members are undefined for None.
    Dual
    dual(const std::string &name) const;

    /// All arguments without their derivatives.
    const std::vector<c10::IValue> &
    values() const
    {
      return plain;
    }

    /// Call the operator with others.
    std::vector<c10::IValue>
    run(const std::vector<c10::IValue> &arguments) const;

    /// Call it with plain arguments: a single tensor.
    at::Tensor
    value() const;

    /// Number of directions.
    std::int64_t n_directions = 0;

    const c10::OperatorHandle     &op;
    const std::vector<c10::IValue> arguments;

  private:
    std::vector<c10::IValue> plain;
  };



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



  /// @p front and the sizes after it.
  Sizes
  with_front(const std::int64_t front, const at::IntArrayRef sizes);

  /// Tangents for a value of @p n dimensions, with ones where they have
  /// fewer.
  at::Tensor
  align(const at::Tensor &tangents, const std::int64_t n);

  /// The same, with the sizes of the value.
  at::Tensor
  expand_to(const at::Tensor &tangents, const at::Tensor &value);

  /// The sum of tangents, which may be undefined.
  at::Tensor
  sum_of(const at::Tensor &a, const at::Tensor &b);

  Values
  joined(const at::Tensor &value, const at::Tensor &tangents);

  /// Outputs, which may be lists, with the same of the tangents.
  Values
  joined(const Values &values, const Values &tangents);

  /// The arguments with tangents in the place of values: zeros where a list
  /// has others, too.
  Values
  tangent_arguments(const OperatorCall &call);
} // namespace lsr

#endif
