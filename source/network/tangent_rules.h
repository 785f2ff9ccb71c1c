// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_tangent_rules_h
#define lsr_network_tangent_rules_h

#include <map>
#include <string>
#include <vector>

#include "network/operator_call.h"

namespace lsr
{
  /// How an operator is differentiated: what it returns, with derivatives.
  using TangentRule = std::vector<c10::IValue> (*)(const OperatorCall &call);

  /// Rules by the name of the operator, without namespace and overload.
  using TangentRules = std::map<std::string, TangentRule>;

  /// Give operators of these @p names the same rule.
  void
  set_rule(TangentRules                   &rules,
           const TangentRule               rule,
           const std::vector<std::string> &names);

  /// Constants, and operators that move, fold or sum numbers.
  TangentRules
  shape_rules();

  /// Operators on single numbers.
  TangentRules
  elementwise_rules();

  /// Products, linear layers and convolutions.
  TangentRules
  product_rules();

  /// Normalization layers and softmax.
  TangentRules
  normalization_rules();

  /// The rule where derivatives do not matter: the result is a constant.
  Values
  constant(const OperatorCall &call);

  /// A null pointer if there is none for an operator of this name.
  TangentRule
  find_tangent_rule(const std::string &name);

  /// Direction by direction, by LibTorch's forward mode.
  Values
  one_by_one(const OperatorCall &call);
} // namespace lsr

#endif
