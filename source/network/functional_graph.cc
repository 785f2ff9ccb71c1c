// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/functional_graph.h"

#include <lsr/base/exceptions.h>

#include <c10/core/DefaultDtype.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <map>
#include <set>

#include "network/linear_operators.h"
#include "network/operators.h"
#include "network/prepare_module.h"
#include "network/sample_sizes.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Value;

    /// While it lives, tensors that are made without a type are float64, as
    /// after torch.set_default_dtype(torch.float64).
    class DoubleByDefault
    {
    public:
      DoubleByDefault()
        : before(c10::get_default_dtype())
      {
        c10::set_default_dtype(caffe2::TypeMeta::Make<double>());
      }

      ~DoubleByDefault()
      {
        c10::set_default_dtype(before);
      }

      DoubleByDefault(const DoubleByDefault &) = delete;
      DoubleByDefault &
      operator=(const DoubleByDefault &) = delete;

    private:
      const caffe2::TypeMeta before;
    };



    at::Tensor
    as_columns(const at::Tensor &value, const std::int64_t n_points)
    {
      // One point, after squeeze().
      if (n_points == 1 && value.dim() < 2)
        return value.reshape({1, -1});
      if (value.dim() == 1 && value.size(0) == n_points)
        return value.unsqueeze(1);
      const std::int64_t n_long =
        value.dim() < 2 ? 0 :
                          std::count_if(value.sizes().begin() + 1,
                                        value.sizes().end(),
                                        [](const auto n) { return n != 1; });
      require(value.dim() >= 2 && value.size(0) == n_points && n_long <= 1,
              "forward() returned a tensor of sizes " +
                c10::str(value.sizes()) + " for " + std::to_string(n_points) +
                " points, expected [" + std::to_string(n_points) +
                ", n_outputs]");
      return value.dim() == 2 ? value : value.flatten(1);
    }



    /// The tensors that forward() returned, those of tuples, lists and
    /// dictionaries in their order.
    std::vector<at::Tensor>
    returned_tensors(const c10::IValue &output)
    {
      if (output.isTensor())
        return {output.toTensor()};
      std::vector<c10::IValue> elements;
      if (output.isTuple())
        elements = output.toTupleRef().elements().vec();
      else if (output.isList())
        elements = output.toListRef().vec();
      else if (output.isGenericDict())
        for (const auto &entry : output.toGenericDict())
          elements.push_back(entry.value());
      else
        throw Error("forward() returned " + output.tagKind() +
                    ", expected a tensor or a tuple, list or dictionary of "
                    "tensors");
      std::vector<at::Tensor> tensors;
      for (const c10::IValue &element : elements)
        {
          require(element.isTensor(),
                  "forward() returned a " +
                    std::string(output.isTuple() ? "tuple" :
                                output.isList()  ? "list" :
                                                   "dictionary") +
                    " with " + element.tagKind() + ", expected tensors");
          tensors.push_back(element.toTensor());
        }
      require(!tensors.empty(), "forward() returned no tensors");
      return tensors;
    }



    void
    require_tensors(const Graph &graph)
    {
      static const std::set<c10::TypeKind> kinds = {c10::TypeKind::TensorType,
                                                    c10::TypeKind::TupleType,
                                                    c10::TypeKind::ListType,
                                                    c10::TypeKind::DictType,
                                                    c10::TypeKind::OptionalType,
                                                    c10::TypeKind::AnyType};
      const c10::TypePtr                   type = graph.outputs().at(0)->type();
      require(kinds.count(type->kind()) > 0,
              "forward() returns " + type->repr_str() +
                ", expected a tensor or a tuple, list or dictionary of "
                "tensors");
    }



    /// Integers in a program.
    std::vector<std::int64_t>
    integers(Graph &graph)
    {
      std::set<std::int64_t> found;
      for_each_node(graph.block(), [&](const Node *node) {
        if (node->kind() != c10::prim::Constant)
          return;
        const auto value = torch::jit::toIValue(node->output());
        if (value && value->isInt())
          found.insert(value->toInt());
        else if (value && value->isIntList())
          for (const std::int64_t number : value->toIntVector())
            found.insert(number);
      });
      return {found.begin(), found.end()};
    }
  } // namespace



  FunctionalGraph::FunctionalGraph(
    const torch::jit::Module        &module,
    const unsigned int               n_inputs,
    const std::string               &inputs,
    const std::vector<std::int64_t> &sample_sizes_)
    : signature(inputs)
    , sample_sizes(sample_sizes_)
  {
    const auto                   method = module.get_method("forward");
    const std::shared_ptr<Graph> graph  = method.graph()->copy();
    torch::jit::Inline(*graph);

    signature.take_apart(*graph, method.function().getSchema());
    const LiftedTensors tensors = lift_attributes(*graph, module);
    simplify(graph);
    remove_module(*graph);
    fold_properties(*graph, tensors, signature.parts.size());
    remarks = use_double_precision(*graph, working_type(module));
    move_to_device_of_blocks(*graph);
    use_elementary_operators(graph);
    choose_arguments(*graph);
    simplify(graph);
    program_numbers = integers(*graph);
    if (!takes_samples() && branches_on_values(*graph))
      remarks.push_back("WARNING: forward() has a branch that is taken by the "
                        "values of a tensor: if these are of several points, "
                        "it is no function of one");

    require_tensors(*graph);
    list_parameters(*graph, module, tensors);
    if (takes_samples())
      {
        require(signature.parts.size() == 1,
                "forward() takes " + signature.description() +
                  ", expected one tensor, a sample of fields");
        separate_writes(graph);
        own_what_is_written(*graph);
        plain_code = std::make_unique<torch::jit::Code>(graph, "forward");
        return;
      }
    join_inputs(graph, tensors, n_inputs);
    separate_writes(graph);
    join_linear_operators(graph, parameter_inputs(*graph), parameters);

    plain_code = std::make_unique<torch::jit::Code>(graph->copy(), "forward");
    subnetworks =
      Subnetworks::find(*graph, n_inputs, parameter_inputs(*graph), parameters);
    layers       = find_layers(graph, parameter_inputs(*graph), parameters);
    tracing_code = std::make_unique<torch::jit::Code>(graph, "forward");
  }



  void
  FunctionalGraph::list_parameters(Graph                    &graph,
                                   const torch::jit::Module &module,
                                   const LiftedTensors      &tensors)
  {
    std::map<c10::TensorImpl *, bool> used;
    for (const auto &[value, tensor] : tensors)
      used[tensor.unsafeGetTensorImpl()] = value->hasUses();
    std::map<c10::TensorImpl *, std::size_t> index;
    for (const auto &parameter : module.named_parameters())
      {
        c10::TensorImpl *const key = parameter.value.unsafeGetTensorImpl();
        const bool             has_digits =
          parameter.value.is_floating_point() || parameter.value.is_complex();
        if (!has_digits || !used[key] || index.count(key) > 0)
          continue;
        index[key] = parameters.size();
        names.push_back(parameter.name);
        const at::Tensor tensor = parameter.value.detach();
        parameters.push_back(tensor.is_complex() ? at::view_as_real(tensor) :
                                                   tensor);
      }

    for (const auto &[value, tensor] : tensors)
      {
        if (!value->hasUses())
          {
            graph.eraseInput(value->offset());
            continue;
          }
        const auto parameter = index.find(tensor.unsafeGetTensorImpl());
        if (parameter != index.end())
          sources.push_back(
            {true, tensor.is_complex(), parameter->second, at::Tensor()});
        else
          sources.push_back({false, false, 0, tensor.detach()});
      }
  }



  void
  FunctionalGraph::join_inputs(const std::shared_ptr<Graph> &graph,
                               const LiftedTensors          &tensors,
                               const std::int64_t            n_inputs)
  {
    std::map<const Value *, at::Tensor> known;
    for (const auto &[value, tensor] : tensors)
      known[value] = tensor;
    // The graph as it is when it is called.
    const auto first_output =
      [&](const std::vector<at::Tensor> &parts) -> std::optional<at::Tensor> {
      try
        {
          const torch::jit::Code code(graph->copy(), "forward");
          return returned_tensors(run(code, parameters, parts).at(0)).at(0);
        }
      catch (const std::exception &)
        {
          return std::nullopt;
        }
    };
    signature.find_widths(*graph, n_inputs, known, first_output);
    if (signature.takes_products(first_output))
      computes_products = !use_pairs(graph);
    signature.join(*graph);
  }



  std::map<torch::jit::Value *, std::size_t>
  FunctionalGraph::parameter_inputs(torch::jit::Graph &graph) const
  {
    std::map<Value *, std::size_t> result;
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i].is_parameter && !sources[i].is_complex)
        result[graph.inputs().at(1 + i)] = sources[i].parameter;
    return result;
  }



  torch::jit::Stack
  FunctionalGraph::run(const torch::jit::Code        &code,
                       const std::vector<at::Tensor> &parameters,
                       const std::vector<at::Tensor> &x,
                       const std::vector<at::Tensor> &further_inputs) const
  {
    torch::jit::Stack stack(x.begin(), x.end());
    for (const Source &source : sources)
      if (!source.is_parameter)
        stack.emplace_back(source.constant);
      else if (source.is_complex)
        stack.emplace_back(
          at::complex(parameters[source.parameter].select(-1, 0),
                      parameters[source.parameter].select(-1, 1)));
      else
        stack.emplace_back(parameters[source.parameter]);
    for (const at::Tensor &input : further_inputs)
      stack.emplace_back(input);
    const DoubleByDefault guard;
    torch::jit::InterpreterState(code).run(stack);
    return stack;
  }



  at::Tensor
  FunctionalGraph::columns(const c10::IValue &output,
                           const std::int64_t n_points) const
  {
    std::vector<at::Tensor> parts;
    for (const at::Tensor &tensor : returned_tensors(output))
      {
        if (takes_samples())
          {
            require(tensor.dim() > 0 && tensor.size(0) == 1,
                    "forward() returned a tensor of sizes " +
                      c10::str(tensor.sizes()) + " for a sample of sizes " +
                      describe_sample(sample_sizes) + ", expected a leading 1");
            parts.push_back(tensor.reshape({1, -1}));
            continue;
          }
        at::Tensor part = tensor;
        if (computes_products && part.dim() >= 2)
          {
            part = part.diagonal(0, 0, 1);
            part = part.movedim(-1, 0);
          }
        parts.push_back(as_columns(part, n_points));
      }
    return parts.size() == 1 ? parts[0] : at::cat(parts, 1);
  }



  at::Tensor
  FunctionalGraph::evaluate(const std::vector<at::Tensor> &parameters,
                            const at::Tensor              &x) const
  {
    const auto call = [&](const at::Tensor &input) {
      return run(*plain_code, parameters, {input}).at(0);
    };
    if (!takes_samples())
      return columns(call(x), x.size(0));
    std::vector<std::int64_t> sizes = sample_sizes;
    sizes.insert(sizes.begin(), 1);
    std::vector<at::Tensor> values;
    for (std::int64_t i = 0; i < x.size(0); ++i)
      values.push_back(columns(call(x[i].contiguous().view(sizes)), 1));
    return values.size() == 1 ? values[0] : at::cat(values);
  }



  FunctionalGraph::Trace
  FunctionalGraph::trace(const std::vector<at::Tensor> &parameters,
                         const at::Tensor              &x) const
  {
    const torch::jit::Stack stack = run(*tracing_code, parameters, {x});
    Trace                   trace;
    trace.value   = columns(stack.at(0), x.size(0));
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
         run(*subnetworks->subnetworks[subnetwork].code, parameters, {x}))
      values.push_back(value.toTensor());
    return values;
  }



  at::Tensor
  FunctionalGraph::combine(const std::vector<at::Tensor> &parameters,
                           const at::Tensor              &x,
                           const std::vector<at::Tensor> &frontiers) const
  {
    const torch::jit::Stack stack =
      run(*subnetworks->combination, parameters, {x}, frontiers);
    return columns(stack.at(0), x.size(0));
  }
} // namespace lsr
