// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_tangent_rules_h
#define lsr_network_tangent_rules_h

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

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



  /// How an operator is differentiated: what it returns, with derivatives.
  using TangentRule = std::vector<c10::IValue> (*)(const OperatorCall &call);

  /// A null pointer if there is none for an operator of this name (without
  /// namespace and overload).
  TangentRule
  find_tangent_rule(const std::string &name);

  /// Direction by direction, by LibTorch's forward mode.
  std::vector<c10::IValue>
  one_by_one(const OperatorCall &call);
} // namespace lsr

#endif
