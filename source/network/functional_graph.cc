// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/functional_graph.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <map>

#include "network/linear_operators.h"
#include "network/torch_support.h"

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



    /// Have the tensors that a graph knows or makes where blocks are: traced
    /// modules name the device that they were traced on, and scripts none.
    void
    move_to_device_of_blocks(Graph &graph)
    {
      const at::Device device = block_options().device();
      for_each_node(graph.block(), [&](Node *node) {
        const torch::jit::WithInsertPoint guard(node);
        if (node->kind() == c10::prim::Constant)
          {
            const auto value = torch::jit::toIValue(node->output());
            if (value && value->isTensor())
              node->output()->replaceAllUsesWith(
                graph.insertConstant(value->toTensor().to(device)));
            else if (value && value->isDevice())
              node->output()->replaceAllUsesWith(graph.insertConstant(device));
          }
        else if (const c10::FunctionSchema *schema = node->maybeSchema())
          {
            const auto place = schema->argumentIndexWithName("device");
            if (!place)
              return;
            const auto value = torch::jit::toIValue(node->input(*place));
            if (value && value->isNone())
              node->replaceInput(*place, graph.insertConstant(device));
          }
      });
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



  FunctionalGraph::FunctionalGraph(const torch::jit::Module &module,
                                   const unsigned int        n_inputs)
  {
    std::map<c10::TensorImpl *, std::size_t> index;
    for (const auto &parameter : module.named_parameters())
      {
        index[parameter.value.unsafeGetTensorImpl()] = parameters.size();
        names.push_back(parameter.name);
        parameters.push_back(parameter.value.detach());
      }

    std::shared_ptr<Graph> graph = module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);

    Value *self    = graph->inputs().at(0);
    argument_count = graph->inputs().size() - 1;
    require(argument_count > 0, "forward() takes no arguments, expected x");

    // Attributes other than tensors become constants, which decides branches
    // such as those on training mode.
    for_each_node(graph->block(), [&](Node *node) {
      if (node->kind() != c10::prim::GetAttr)
        return;
      const c10::IValue value = resolve(node->output(), self, module._ivalue());
      if (value.isObject() || value.isTensor())
        return; // members of objects are resolved where they are used
      torch::jit::WithInsertPoint guard(node);
      node->output()->replaceAllUsesWith(graph->insertConstant(value));
    });
    torch::jit::ConstantPropagationImmutableTypes(graph);
    if (!blocks_on_host)
      move_to_device_of_blocks(*graph);

    // Tensors become inputs of the graph.
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
      if (!value.isTensor())
        return;
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

    // The remaining accesses lead to submodules that are not used.
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
    join_linear_operators(graph, parameter_inputs(*graph), parameters);

    plain_code  = std::make_unique<torch::jit::Code>(graph->copy(), "forward");
    subnetworks = Subnetworks::find(
      *graph, argument_count, n_inputs, parameter_inputs(*graph), parameters);
    layers =
      find_layers(graph, argument_count, parameter_inputs(*graph), parameters);
    tracing_code = std::make_unique<torch::jit::Code>(graph, "forward");
  }



  std::map<torch::jit::Value *, std::size_t>
  FunctionalGraph::parameter_inputs(torch::jit::Graph &graph) const
  {
    std::map<Value *, std::size_t> result;
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i].is_parameter)
        result[graph.inputs().at(argument_count + i)] = sources[i].parameter;
    return result;
  }



  torch::jit::Stack
  FunctionalGraph::run(const torch::jit::Code        &code,
                       const std::vector<at::Tensor> &parameters,
                       const at::Tensor              &x,
                       const std::vector<at::Tensor> &further_inputs) const
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
    for (const at::Tensor &input : further_inputs)
      stack.emplace_back(input);
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
    trace.value   = output_columns(stack.at(0), x.size(0));
    std::size_t k = 0;
    for (std::size_t l = 0; l < layers.layers.size(); ++l)
      {
        trace.layer_inputs.push_back(stack.at(++k).toTensor());
        trace.layer_outputs.push_back(stack.at(++k).toTensor());
      }
    while (++k < stack.size())
      trace.copies.push_back(stack[k].toTensor());
    return trace;
  }



  std::vector<at::Tensor>
  FunctionalGraph::evaluate_subnetwork(
    const std::size_t              subnetwork,
    const std::vector<at::Tensor> &parameters,
    const at::Tensor              &x) const
  {
    std::vector<at::Tensor> values;
    for (const c10::IValue &value :
         run(*subnetworks->subnetworks[subnetwork].code, parameters, x))
      values.push_back(value.toTensor());
    return values;
  }



  at::Tensor
  FunctionalGraph::combine(const std::vector<at::Tensor> &parameters,
                           const at::Tensor              &x,
                           const std::vector<at::Tensor> &frontiers) const
  {
    const torch::jit::Stack stack =
      run(*subnetworks->combination, parameters, x, frontiers);
    return output_columns(stack.at(0), x.size(0));
  }
} // namespace lsr
