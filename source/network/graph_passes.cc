// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/graph_passes.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/lower_tuples.h>
#include <torch/csrc/jit/passes/peephole.h>
#include <torch/csrc/jit/passes/peephole_dict_idioms.h>
#include <torch/csrc/jit/passes/peephole_list_idioms.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <algorithm>
#include <map>
#include <set>

#include "network/prepare_module.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Value;

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



    bool
    holds_tensors(const c10::IValue &value)
    {
      if (value.isTensor())
        return true;
      if (value.isTuple())
        {
          const auto &elements = value.toTupleRef().elements();
          return std::any_of(elements.begin(), elements.end(), holds_tensors);
        }
      if (value.isList())
        {
          const c10::ArrayRef<c10::IValue> elements = value.toListRef();
          return std::any_of(elements.begin(), elements.end(), holds_tensors);
        }
      if (value.isGenericDict())
        for (const auto &entry : value.toGenericDict())
          if (holds_tensors(entry.value()))
            return true;
      return false;
    }



    /// Inserts values that hold tensors, which are inputs of the graph.
    class Unfolding
    {
    public:
      Unfolding(Graph &graph)
        : graph(graph)
      {}

      Value *
      insert(const c10::IValue &value)
      {
        if (!holds_tensors(value))
          return graph.insertConstant(value);
        if (value.isTensor())
          return input(value.toTensor());
        if (value.isTuple())
          return graph
            .insertNode(graph.createTuple(
              insert_all(value.toTupleRef().elements().vec())))
            ->output();
        if (value.isList())
          return graph
            .insertNode(graph.createList(value.toList().elementType(),
                                         insert_all(value.toListRef().vec())))
            ->output();
        std::vector<Value *> keys, values;
        for (const auto &entry : value.toGenericDict())
          {
            keys.push_back(graph.insertConstant(entry.key()));
            values.push_back(insert(entry.value()));
          }
        return graph
          .insertNode(graph.createDict(value.toGenericDict().keyType(),
                                       value.toGenericDict().valueType(),
                                       keys,
                                       values))
          ->output();
      }

      LiftedTensors lifted;

    private:
      Value *
      input(const at::Tensor &tensor)
      {
        for (const auto &[value, known] : lifted)
          if (known.is_same(tensor))
            return value;
        Value *const value = graph.addInput();
        value->setType(c10::TensorType::get());
        lifted.emplace_back(value, tensor);
        return value;
      }

      std::vector<Value *>
      insert_all(const std::vector<c10::IValue> &values)
      {
        std::vector<Value *> result;
        for (const c10::IValue &value : values)
          result.push_back(insert(value));
        return result;
      }

      Graph &graph;
    };
  } // namespace



  std::optional<std::int64_t>
  constant_integer(const Value *value)
  {
    const auto constant = torch::jit::toIValue(value);
    if (!constant || !constant->isInt())
      return {};
    return constant->toInt();
  }



  std::optional<std::string>
  constant_text(const Value *value)
  {
    const auto constant = torch::jit::toIValue(value);
    if (!constant || !constant->isString())
      return {};
    return constant->toStringRef();
  }



  LiftedTensors
  lift_attributes(Graph &graph, const torch::jit::Module &module)
  {
    Value *const self = graph.inputs().at(0);
    Unfolding    unfolding(graph);
    for_each_node(graph.block(), [&](Node *node) {
      if (node->kind() != c10::prim::GetAttr)
        return;
      const c10::IValue value = resolve(node->output(), self, module._ivalue());
      if (value.isObject())
        return; // its members are resolved where they are used
      const torch::jit::WithInsertPoint guard(node);
      node->output()->replaceAllUsesWith(unfolding.insert(value));
    });
    return unfolding.lifted;
  }



  void
  remove_module(Graph &graph)
  {
    for_each_node(graph.block(), [](const Node *node) {
      require(node->kind() != c10::prim::Enter,
              "forward() has a with statement, such as torch.no_grad() or "
              "torch.autocast(): derivatives and digits are lost in these, "
              "write it without");
    });
    std::vector<Node *> accesses;
    for_each_node(graph.block(), [&](Node *node) {
      require(node->kind() != c10::prim::SetAttr,
              "forward() assigns to the member '" +
                (node->kind() == c10::prim::SetAttr ? node->s(c10::attr::name) :
                                                      std::string()) +
                "': a stateful module is not a function of its inputs");
      if (node->kind() == c10::prim::GetAttr)
        accesses.push_back(node);
    });
    // They lead to submodules that are not used.
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
    require(!graph.inputs().at(0)->hasUses(),
            "forward() uses the module in a way that cannot be inlined");
    graph.eraseInput(0);
  }



  void
  simplify(std::shared_ptr<Graph> graph)
  {
    torch::jit::ConstantPropagationImmutableTypes(graph);
    torch::jit::PeepholeOptimize(graph, /* disable_shape_peepholes = */ true);
    torch::jit::LowerSimpleTuples(graph);
    torch::jit::PeepholeOptimizeListIdioms(graph);
    torch::jit::PeepholeOptimizeDictIdioms(graph);
    torch::jit::ConstantPropagationImmutableTypes(graph);
    torch::jit::EliminateDeadCode(graph);
  }



  namespace
  {
    /// Replace the output of a node by a constant.
    void
    replace_by(Node *node, const c10::IValue &value)
    {
      const torch::jit::WithInsertPoint guard(node);
      node->output()->replaceAllUsesWith(
        node->owningGraph()->insertConstant(value));
    }



    /// x.to(tensor) becomes x.to(type).
    void
    fold_conversion(Node *node, const at::Tensor &tensor)
    {
      const torch::jit::WithInsertPoint guard(node);
      Graph *const                      graph = node->owningGraph();
      Value *const                      no    = graph->insertConstant(false);
      Node *const                       to    = graph->create(c10::aten::to,
                                     {node->input(0),
                                                               graph->insertConstant(
                                        std::int64_t(tensor.scalar_type())),
                                                               no,
                                                               no,
                                                               graph->insertConstant(c10::IValue())});
      node->output()->replaceAllUsesWith(graph->insertNode(to)->output());
    }



    void
    fold_property(Node *node, const at::Tensor &tensor)
    {
      const std::string name = node->kind().toQualString();
      if (name == "prim::dtype")
        replace_by(node, std::int64_t(tensor.scalar_type()));
      else if (name == "aten::dim")
        replace_by(node, tensor.dim());
      else if (name == "aten::size" && node->inputs().size() == 1)
        replace_by(node, tensor.sizes().vec());
      else if (name == "aten::size")
        if (const auto d = constant_integer(node->input(1)))
          replace_by(node, tensor.size(*d));
    }
  } // namespace



  void
  fold_properties(Graph               &graph,
                  const LiftedTensors &tensors,
                  const std::size_t    n_points)
  {
    std::vector<std::pair<Node *, at::Tensor>> users;
    for (const auto &[value, tensor] : tensors)
      for (const torch::jit::Use &use : std::vector(value->uses()))
        if (use.offset == 0)
          users.emplace_back(use.user, tensor);
        else if (use.offset == 1 && (use.user->kind() == c10::aten::to ||
                                     use.user->kind() == c10::aten::type_as))
          fold_conversion(use.user, tensor);
    for (const auto &[node, tensor] : users)
      fold_property(node, tensor);
    for (std::size_t i = 0; i < n_points; ++i)
      for (const torch::jit::Use &use : graph.inputs().at(i)->uses())
        if (use.user->kind() == c10::prim::dtype)
          replace_by(use.user, std::int64_t(at::kDouble));
  }



  namespace
  {
    /// What to say about a type that a node names, and the type to take.
    at::ScalarType
    examine_type(const Node            *node,
                 const at::ScalarType   type,
                 const at::ScalarType   working_type,
                 std::set<std::string> &remarks)
    {
      const at::ScalarType result = double_precision(type, working_type);
      const bool           casts  = node->kind() == c10::aten::to;
      const std::string    name   = c10::toString(type);
      if (result != type && casts)
        remarks.insert("casts to " + name +
                       " in forward() are done in double precision");
      if (result == type && (type == at::kHalf || type == at::kBFloat16 ||
                             type == at::kComplexHalf))
        throw Error("forward() casts to " + name +
                    " (autocast?), which has three digits: trace or script the "
                    "network without autocast");
      if (result == type && (type == at::kFloat || type == at::kComplexFloat))
        remarks.insert("WARNING: forward() computes in " + name +
                       ", although the network is in float64: half of the "
                       "digits are lost there");
      return result;
    }
  } // namespace



  std::vector<std::string>
  use_double_precision(Graph &graph, const at::ScalarType working_type)
  {
    std::set<std::string> remarks;
    for_each_node(graph.block(), [&](Node *node) {
      if (node->kind() == c10::prim::Constant)
        {
          const auto value = torch::jit::toIValue(node->output());
          if (!value || !value->isTensor() || !value->toTensor().defined())
            return;
          const at::Tensor tensor = value->toTensor();
          if (tensor.is_floating_point() && tensor.scalar_type() != at::kDouble)
            replace_by(node, tensor.to(at::kDouble));
          else if (tensor.is_complex() &&
                   tensor.scalar_type() != at::kComplexDouble)
            replace_by(node, tensor.to(at::kComplexDouble));
          return;
        }
      const c10::FunctionSchema *schema = node->maybeSchema();
      if (schema == nullptr)
        return;
      const auto place = schema->argumentIndexWithName("dtype");
      if (!place || std::size_t(*place) >= node->inputs().size())
        return;
      const auto number = constant_integer(node->input(*place));
      if (!number)
        return;
      const auto type   = at::ScalarType(*number);
      const auto wanted = examine_type(node, type, working_type, remarks);
      if (wanted == type)
        return;
      const torch::jit::WithInsertPoint guard(node);
      node->replaceInput(*place, graph.insertConstant(std::int64_t(wanted)));
    });
    return {remarks.begin(), remarks.end()};
  }



  bool
  branches_on_values(Graph &graph)
  {
    bool found = false;
    for_each_node(graph.block(), [&](const Node *node) {
      if (node->kind() != c10::prim::If)
        return;
      const Node *condition = node->input()->node();
      found =
        found ||
        (condition->kind() == c10::aten::Bool &&
         condition->input()->type()->isSubtypeOf(*c10::TensorType::get()));
    });
    return found;
  }



  void
  move_to_device_of_blocks(Graph &graph)
  {
    const at::Device device = block_options().device();
    for_each_node(graph.block(), [&](Node *node) {
      const std::string name = node->kind().toQualString();
      if (name == "aten::cuda" || name == "aten::cpu")
        {
          node->output()->replaceAllUsesWith(node->input(0));
          return;
        }
      if (node->kind() == c10::prim::Constant)
        {
          const auto value = torch::jit::toIValue(node->output());
          if (value && value->isTensor() && value->toTensor().defined() &&
              value->toTensor().device() != device)
            replace_by(node, value->toTensor().to(device));
          else if (value && value->isDevice() && value->toDevice() != device)
            replace_by(node, device);
        }
      else if (const c10::FunctionSchema *schema = node->maybeSchema())
        {
          const auto place = schema->argumentIndexWithName("device");
          if (blocks_on_host || !place ||
              std::size_t(*place) >= node->inputs().size())
            return;
          const auto value = torch::jit::toIValue(node->input(*place));
          if (!value || !value->isNone())
            return;
          const torch::jit::WithInsertPoint guard(node);
          node->replaceInput(*place, graph.insertConstant(device));
        }
    });
  }



  namespace
  {
    bool
    is_tensor(const Value *value)
    {
      return value->type()->isSubtypeOf(*c10::TensorType::get());
    }



    /// Whether an operator changes one of its arguments.
    bool
    is_write(const Node *node)
    {
      const c10::FunctionSchema *schema = node->maybeSchema();
      return node->kind().is_aten() && schema != nullptr &&
             schema->is_mutable() && !node->inputs().empty() &&
             is_tensor(node->input(0));
    }



    bool
    is_view(const Node *node)
    {
      const c10::FunctionSchema *schema = node->maybeSchema();
      if (schema == nullptr)
        return true;
      return std::any_of(schema->returns().begin(),
                         schema->returns().end(),
                         [](const c10::Argument &result) {
                           return result.alias_info() != nullptr;
                         });
    }



    bool
    has_writes(Graph &graph)
    {
      bool found = false;
      for_each_node(graph.block(),
                    [&](const Node *node) { found = found || is_write(node); });
      return found;
    }



    Value *
    insert_clone(Graph &graph, Value *value)
    {
      return graph
        .insertNode(graph.create(c10::aten::clone,
                                 {value, graph.insertConstant(c10::IValue())}))
        ->output();
    }



    /// Operators in place that act on every number for itself, and whose
    /// derivatives may need the old or the new numbers.
    bool
    is_elementwise(const std::string &name)
    {
      static const std::set<std::string> names = {
        "abs_",         "acos_",      "acosh_",      "addcdiv_",
        "addcmul_",     "asin_",      "asinh_",      "atan_",
        "atanh_",       "celu_",      "clamp_",      "clamp_max_",
        "clamp_min_",   "clip_",      "cos_",        "cosh_",
        "div_",         "elu_",       "erf_",        "erfc_",
        "exp_",         "exp2_",      "expm1_",      "gelu_",
        "hardsigmoid_", "hardswish_", "hardtanh_",   "leaky_relu_",
        "lerp_",        "log_",       "log10_",      "log1p_",
        "log2_",        "mish_",      "mul_",        "multiply_",
        "divide_",      "pow_",       "reciprocal_", "relu_",
        "relu6_",       "rsqrt_",     "selu_",       "sigmoid_",
        "silu_",        "sin_",       "sinc_",       "sinh_",
        "sqrt_",        "square_",    "tan_",        "tanh_",
        "threshold_",   "xlogy_"};
      return names.count(name) > 0;
    }



    /// x.f_() becomes x.copy_(f(x.clone())), whose derivatives need nothing
    /// that is overwritten later.
    void
    split(Graph &graph, Node *node)
    {
      std::string name = node->kind().toUnqualString();
      if (!is_elementwise(name))
        return;
      name.pop_back();
      const torch::jit::WithInsertPoint guard(node);
      std::vector<Value *> inputs(node->inputs().begin(), node->inputs().end());
      inputs[0] = insert_clone(graph, inputs[0]);
      Node *const pure =
        graph.create(c10::Symbol::fromQualString("aten::" + name), inputs);
      if (pure->maybeSchema() == nullptr)
        {
          pure->destroy();
          return;
        }
      graph.insertNode(pure);
      Node *const copy = graph.insertNode(graph.create(
        c10::aten::copy_,
        {node->input(0), pure->output(), graph.insertConstant(false)}));
      node->output()->replaceAllUsesWith(copy->output());
      node->destroy();
    }
  } // namespace



  namespace
  {
    /// Whether nobody but its only user sees the memory of a value.
    bool
    is_private(const Value *value)
    {
      const Node *node = value->node();
      if (value->uses().size() != 1 || !node->kind().is_aten() ||
          node->inputs().empty() || is_write(node))
        return false;
      return !is_view(node) || is_private(node->input(0));
    }



    /// f_(x) becomes f(x) where x is not used otherwise.
    void
    write_elsewhere(Graph &graph)
    {
      for_each_node(graph.block(), [&](Node *node) {
        std::string name = node->kind().toUnqualString();
        if (!is_write(node) || name.back() != '_' || name == "copy_" ||
            node->inputs().empty() || !is_private(node->input(0)))
          return;
        name.pop_back();
        const torch::jit::WithInsertPoint guard(node);
        Node *const                       pure =
          graph.create(c10::Symbol::fromQualString("aten::" + name),
                       node->inputs());
        if (pure->maybeSchema() == nullptr || is_view(pure))
          {
            pure->destroy();
            return;
          }
        graph.insertNode(pure);
        node->output()->replaceAllUsesWith(pure->output());
        node->destroy();
      });
    }
  } // namespace



  void
  separate_writes(const std::shared_ptr<Graph> &graph)
  {
    write_elsewhere(*graph);
    if (!has_writes(*graph))
      return;
    torch::jit::RemoveTensorMutation(graph);
    if (!has_writes(*graph))
      return;
    Value *const x = graph->inputs().at(0);
    {
      const std::vector<torch::jit::Use> uses = x->uses();
      const torch::jit::WithInsertPoint  guard(*graph->nodes().begin());
      Value *const                       copy = insert_clone(*graph, x);
      for (const torch::jit::Use &use : uses)
        use.user->replaceInput(use.offset, copy);
    }

    struct Operand
    {
      Node       *node;
      std::size_t place;
    };
    std::vector<Operand> reads;
    std::vector<Value *> results;
    std::vector<Node *>  writes;
    {
      const torch::jit::AliasDb aliases(graph);
      const auto                is_overwritten = [&](const Value *value) {
        return is_tensor(value) && value->node()->kind() != c10::prim::Param &&
               aliases.hasWriters(value);
      };
      for_each_node(graph->block(), [&](Node *node) {
        const bool write = is_write(node);
        if (!node->kind().is_aten() || (!write && is_view(node)))
          return;
        for (std::size_t i = write ? 1 : 0; i < node->inputs().size(); ++i)
          if (is_overwritten(node->input(i)))
            reads.push_back({node, i});
        if (write)
          writes.push_back(node);
        else
          for (Value *output : node->outputs())
            if (is_overwritten(output))
              results.push_back(output);
      });
    }
    for (const Operand &read : reads)
      {
        const torch::jit::WithInsertPoint guard(read.node);
        read.node->replaceInput(read.place,
                                insert_clone(*graph,
                                             read.node->input(read.place)));
      }
    for (Value *result : results)
      {
        const torch::jit::WithInsertPoint  guard(result->node()->next());
        const std::vector<torch::jit::Use> uses = result->uses();
        Value *const                       copy = insert_clone(*graph, result);
        for (const torch::jit::Use &use : uses)
          use.user->replaceInput(use.offset, copy);
      }
    for (Node *write : writes)
      split(*graph, write);
    torch::jit::EliminateDeadCode(graph);
  }



  void
  own_what_is_written(Graph &graph)
  {
    std::set<Value *> written;
    for_each_node(graph.block(), [&](const Node *node) {
      if (!is_write(node))
        return;
      Value *value = node->input(0);
      while (value->node()->kind() != c10::prim::Param &&
             is_view(value->node()) && !value->node()->inputs().empty() &&
             is_tensor(value->node()->input(0)))
        value = value->node()->input(0);
      written.insert(value);
    });
    for (Value *value : written)
      {
        const bool is_input = value->node()->kind() == c10::prim::Param;
        const torch::jit::WithInsertPoint guard(
          is_input ? *value->node()->owningBlock()->nodes().begin() :
                     value->node()->next());
        const std::vector<torch::jit::Use> uses = value->uses();
        Node *const                        copy = graph.insertNode(
          graph.create(c10::Symbol::fromQualString("lsr::writable"), {value}));
        for (const torch::jit::Use &use : uses)
          use.user->replaceInput(use.offset, copy->output());
      }
  }



  namespace
  {
    /// The argument of a function that is not finite everywhere, and a number
    /// at which it is.
    struct Singular
    {
      std::size_t argument;
      double      harmless;
    };



    const Singular *
    singular(const std::string &name)
    {
      static const std::map<std::string, Singular> functions = {
        {"sqrt", {0, 0.5}},
        {"rsqrt", {0, 0.5}},
        {"log", {0, 0.5}},
        {"log2", {0, 0.5}},
        {"log10", {0, 0.5}},
        {"log1p", {0, 0.5}},
        {"pow", {0, 0.5}},
        {"div", {1, 0.5}},
        {"true_divide", {1, 0.5}},
        {"reciprocal", {0, 0.5}},
        {"acos", {0, 0.5}},
        {"asin", {0, 0.5}},
        {"atanh", {0, 0.5}},
        {"acosh", {0, 2.}},
        {"xlogy", {1, 0.5}}};
      const auto found = functions.find(name);
      return found == functions.end() ? nullptr : &found->second;
    }



    /// Whether a function acts on every number for itself.
    bool
    is_pointwise(const std::string &name)
    {
      static const std::set<std::string> names = {
        "abs",    "add", "asinh", "atan",    "clamp",   "cos",
        "cosh",   "erf", "exp",   "expm1",   "maximum", "minimum",
        "mul",    "neg", "relu",  "sigmoid", "sin",     "sinh",
        "square", "sub", "tan",   "tanh",    "to",      "where"};
      return names.count(name) > 0 || singular(name) != nullptr;
    }



    /// The functions that only contribute to one argument of a node.
    std::vector<Node *>
    contributors(Node *node, const std::size_t argument)
    {
      std::vector<Node *>  found;
      std::set<Node *>     visited;
      std::vector<Value *> open = {node->input(argument)};
      while (!open.empty())
        {
          Value *const value = open.back();
          open.pop_back();
          Node *const function = value->node();
          const bool  is_its_own =
            function->kind().is_aten() && function->outputs().size() == 1 &&
            is_pointwise(function->kind().toUnqualString()) &&
            std::all_of(value->uses().begin(),
                        value->uses().end(),
                        [&](const torch::jit::Use &use) {
                          return visited.count(use.user) > 0 ||
                                 (use.user == node && use.offset == argument);
                        });
          if (!is_its_own || !visited.insert(function).second)
            continue;
          found.push_back(function);
          for (Value *input : function->inputs())
            open.push_back(input);
        }
      return found;
    }



    void
    choose_arguments(Graph &graph, Node *where, const std::size_t branch)
    {
      for (Node *function : contributors(where, branch))
        {
          const Singular *place = singular(function->kind().toUnqualString());
          if (place == nullptr ||
              place->argument >= function->inputs().size() ||
              !is_tensor(function->input(place->argument)))
            continue;
          // As early as the condition is there; the function may come first.
          if (!where->input(0)->node()->isBefore(function))
            continue;
          const torch::jit::WithInsertPoint guard(function);
          Value                            *mask = where->input(0);
          if (branch == 2)
            mask =
              graph
                .insertNode(
                  graph.create(c10::Symbol::fromQualString("aten::logical_not"),
                               {mask}))
                ->output();
          Node *const argument = graph.insertNode(
            graph.create(c10::aten::where,
                         {mask,
                          function->input(place->argument),
                          graph.insertConstant(place->harmless)}));
          function->replaceInput(place->argument, argument->output());
        }
    }
  } // namespace



  void
  choose_arguments(Graph &graph)
  {
    std::vector<Node *> nodes;
    for_each_node(graph.block(), [&](Node *node) {
      if (node->kind() == c10::aten::where && node->inputs().size() == 3)
        nodes.push_back(node);
    });
    for (Node *node : nodes)
      for (const std::size_t branch : {1, 2})
        choose_arguments(graph, node, branch);
  }
} // namespace lsr
