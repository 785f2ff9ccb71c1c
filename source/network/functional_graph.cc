// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/functional_graph.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <map>
#include <set>

namespace lsr
{
  namespace
  {
    using torch::jit::Block;
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Value;

    /// Visit all nodes of a block and of the blocks inside.
    template <typename Visitor>
    void
    for_each_node(Block *block, const Visitor &visit)
    {
      for (auto node = block->nodes().begin(); node != block->nodes().end();)
        {
          Node *current = *node;
          ++node; // visit() may destroy the node
          for (Block *inner : current->blocks())
            for_each_node(inner, visit);
          visit(current);
        }
    }



    /// The object or value that a chain of attribute accesses ends in.
    c10::IValue
    resolve(Value *value, Value *self, const c10::IValue &module)
    {
      if (value == self)
        return module;
      Node *node = value->node();
      require(node->kind() == c10::prim::GetAttr,
              "forward() accesses attributes of an object that it computes");
      return resolve(node->input(), self, module)
        .toObject()
        ->getAttr(node->s(c10::attr::name));
    }



    at::Tensor
    as_columns(const at::Tensor &value, const std::int64_t n_points)
    {
      if (value.dim() == 1 && value.size(0) == n_points)
        return value.unsqueeze(1);
      require(value.dim() == 2 && value.size(0) == n_points,
              "forward() returned a tensor of sizes " +
                c10::str(value.sizes()) + " for " + std::to_string(n_points) +
                " points, expected [" + std::to_string(n_points) +
                ", n_outputs]");
      return value;
    }



    at::Tensor
    output_columns(const c10::IValue &output, const std::int64_t n_points)
    {
      if (output.isTensor())
        return as_columns(output.toTensor(), n_points);
      require(output.isTuple(),
              "forward() returned " + output.tagKind() +
                ", expected a tensor or a tuple of tensors");
      std::vector<at::Tensor> parts;
      for (const c10::IValue &element : output.toTupleRef().elements())
        {
          require(element.isTensor(),
                  "forward() returned a tuple with " + element.tagKind() +
                    ", expected tensors");
          parts.push_back(as_columns(element.toTensor(), n_points));
        }
      return at::cat(parts, 1);
    }
  } // namespace



  FunctionalGraph::FunctionalGraph(const torch::jit::Module &module)
  {
    std::map<c10::TensorImpl *, std::size_t> index;
    for (const auto &parameter : module.named_parameters())
      {
        index[parameter.value.unsafeGetTensorImpl()] = parameters.size();
        names.push_back(parameter.name);
        parameters.push_back(parameter.value.detach());
      }

    const std::shared_ptr<Graph> graph =
      module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);

    Value *self    = graph->inputs().at(0);
    argument_count = graph->inputs().size() - 1;
    require(argument_count > 0, "forward() takes no arguments, expected x");

    // Tensors become inputs of the graph, other attributes constants.
    std::map<c10::TensorImpl *, Value *> inputs;
    for_each_node(graph->block(), [&](Node *node) {
      require(node->kind() != c10::prim::SetAttr,
              "forward() assigns to the member '" +
                (node->kind() == c10::prim::SetAttr ? node->s(c10::attr::name) :
                                                      std::string()) +
                "': a stateful module is not a function of its inputs");
      if (node->kind() != c10::prim::GetAttr)
        return;

      const c10::IValue value = resolve(node->output(), self, module._ivalue());
      if (value.isObject())
        return; // its members are resolved where they are used
      if (!value.isTensor())
        {
          torch::jit::WithInsertPoint guard(node);
          node->output()->replaceAllUsesWith(graph->insertConstant(value));
          return;
        }

      const at::Tensor tensor = value.toTensor();
      Value          *&input  = inputs[tensor.unsafeGetTensorImpl()];
      if (input == nullptr)
        {
          input = graph->addInput();
          input->setType(node->output()->type());
          const auto parameter = index.find(tensor.unsafeGetTensorImpl());
          if (parameter != index.end())
            sources.push_back({true, parameter->second, at::Tensor()});
          else
            sources.push_back({false, 0, tensor.detach()});
        }
      node->output()->replaceAllUsesWith(input);
    });
    torch::jit::EliminateDeadCode(graph);

    // What is left of the accesses leads to submodules that nobody uses.
    std::vector<Node *> accesses;
    for_each_node(graph->block(), [&](Node *node) {
      if (node->kind() == c10::prim::GetAttr)
        accesses.push_back(node);
    });
    for (bool removed = true; removed;)
      {
        removed = false;
        for (Node *&node : accesses)
          if (node != nullptr && !node->hasUses())
            {
              node->destroy();
              node    = nullptr;
              removed = true;
            }
      }
    require(!self->hasUses(),
            "forward() uses the module in a way that cannot be inlined");
    graph->eraseInput(0);

    plain_code = std::make_unique<torch::jit::Code>(graph->copy(), "forward");
    find_layers(*graph);
    tracing_code = std::make_unique<torch::jit::Code>(graph, "forward");
  }



  void
  FunctionalGraph::find_layers(torch::jit::Graph &graph)
  {
    // The input of the graph that holds a parameter, and the other way round.
    std::map<Value *, std::size_t> parameter_of;
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i].is_parameter)
        parameter_of[graph.inputs().at(argument_count + i)] =
          sources[i].parameter;

    const auto is_linear = [&graph](const Node *node) {
      return node->kind() == c10::aten::linear &&
             node->owningBlock() == graph.block();
    };
    const auto used_only_as = [&](Value *value, const std::size_t operand) {
      return std::all_of(value->uses().begin(),
                         value->uses().end(),
                         [&](const torch::jit::Use &use) {
                           return is_linear(use.user) && use.offset == operand;
                         });
    };

    std::map<std::pair<Value *, Value *>, std::size_t> matrix_of;
    std::set<std::size_t>                              claimed;
    std::vector<std::pair<Value *, Value *>>           ends;

    for (Node *node : graph.nodes())
      {
        if (!is_linear(node))
          continue;
        Value *weight = node->input(1), *bias = node->input(2);
        if (parameter_of.count(weight) == 0 || !used_only_as(weight, 1))
          continue;
        const bool has_bias =
          parameter_of.count(bias) > 0 && used_only_as(bias, 2);
        if (!has_bias)
          bias = nullptr;

        const auto key = std::make_pair(weight, bias);
        if (matrix_of.count(key) == 0)
          {
            // A weight that comes with different biases is left to others.
            if (claimed.count(parameter_of[weight]) > 0 ||
                (has_bias && claimed.count(parameter_of[bias]) > 0))
              continue;
            matrix_of[key] = matrices.size();
            matrices.push_back({parameter_of[weight],
                                has_bias ? parameter_of[bias] : 0,
                                has_bias});
            claimed.insert(parameter_of[weight]);
            if (has_bias)
              claimed.insert(parameter_of[bias]);
          }
        layers.push_back({matrix_of[key]});
        ends.emplace_back(node->input(0), node->output());
      }

    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (claimed.count(p) == 0)
        others.push_back(p);

    for (const auto &[input, output] : ends)
      {
        graph.registerOutput(input);
        graph.registerOutput(output);
      }
  }



  torch::jit::Stack
  FunctionalGraph::run(const torch::jit::Code        &code,
                       const std::vector<at::Tensor> &parameters,
                       const at::Tensor              &x) const
  {
    torch::jit::Stack stack;
    if (argument_count == 1)
      stack.emplace_back(x);
    else
      {
        require(std::int64_t(argument_count) == x.size(1),
                "forward() takes " + std::to_string(argument_count) +
                  " arguments, expected one or one for each of the " +
                  std::to_string(x.size(1)) + " inputs");
        for (std::size_t k = 0; k < argument_count; ++k)
          stack.emplace_back(x.narrow(1, k, 1));
      }
    for (const Source &source : sources)
      stack.emplace_back(source.is_parameter ? parameters[source.parameter] :
                                               source.constant);
    torch::jit::InterpreterState(code).run(stack);
    return stack;
  }



  at::Tensor
  FunctionalGraph::evaluate(const std::vector<at::Tensor> &parameters,
                            const at::Tensor              &x) const
  {
    const torch::jit::Stack stack = run(*plain_code, parameters, x);
    return output_columns(stack.at(0), x.size(0));
  }



  FunctionalGraph::Trace
  FunctionalGraph::trace(const std::vector<at::Tensor> &parameters,
                         const at::Tensor              &x) const
  {
    const torch::jit::Stack stack = run(*tracing_code, parameters, x);
    Trace                   trace;
    trace.value = output_columns(stack.at(0), x.size(0));
    for (std::size_t l = 0; l < layers.size(); ++l)
      {
        trace.layer_inputs.push_back(stack.at(1 + 2 * l).toTensor());
        trace.layer_outputs.push_back(stack.at(2 + 2 * l).toTensor());
      }
    return trace;
  }
} // namespace lsr
