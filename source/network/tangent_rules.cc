// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/tangent_rules.h"

#include <lsr/base/exceptions.h>

#include "network/differentiation.h"

namespace lsr
{
  namespace
  {
    const TangentRules &
    all_rules()
    {
      static const TangentRules all = []() {
        TangentRules rules;
        for (const auto part : {&shape_rules,
                                &elementwise_rules,
                                &product_rules,
                                &normalization_rules})
          rules.merge(part());
        return rules;
      }();
      return all;
    }



    bool
    has_digits(const at::Tensor &x)
    {
      return x.is_floating_point() || x.is_complex();
    }
  } // namespace



  void
  set_rule(TangentRules                   &rules,
           const TangentRule               rule,
           const std::vector<std::string> &names)
  {
    for (const std::string &name : names)
      rules[name] = rule;
  }



  Values
  constant(const OperatorCall &call)
  {
    return call.run(call.values());
  }



  TangentRule
  find_tangent_rule(const std::string &name)
  {
    const auto found = all_rules().find(name);
    return found == all_rules().end() ? nullptr : found->second;
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