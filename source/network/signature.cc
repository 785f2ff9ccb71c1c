// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/signature.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <sstream>

#include "network/graph_passes.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Use;
    using torch::jit::Value;

    /// How many ways to distribute the columns are tried.
    constexpr std::size_t max_n_trials = 4096;

    const std::string how_to_name =
      "name them in the order of the columns (Network/Inputs in a parameter "
      "file, --inputs of lsr)";



    std::string
    without_blanks(const std::string &text)
    {
      const std::size_t first = text.find_first_not_of(" \t");
      return first == std::string::npos ?
               "" :
               text.substr(first, text.find_last_not_of(" \t") - first + 1);
    }



    std::vector<InputPart>
    parse(const std::string &text)
    {
      std::vector<InputPart> parts;
      std::istringstream     items(text);
      for (std::string item; std::getline(items, item, ',');)
        {
          const std::size_t colon = item.find(':');
          InputPart         part{without_blanks(item.substr(0, colon)), 0};
          if (colon != std::string::npos)
            {
              const std::string number = without_blanks(item.substr(colon + 1));
              require(!number.empty() && number.size() < 9 &&
                        number.find_first_not_of("0123456789") ==
                          std::string::npos &&
                        std::stol(number) > 0,
                      "inputs \"" + text + "\": '" + number +
                        "' is no number of columns, expected names and widths "
                        "such as \"branch: 8, trunk: 2\"");
              part.width = std::stol(number);
            }
          require(!part.name.empty(),
                  "inputs \"" + text +
                    "\": an empty name, expected names and widths such as "
                    "\"branch: 8, trunk: 2\"");
          for (const InputPart &other : parts)
            require(other.name != part.name,
                    "inputs \"" + text + "\": '" + part.name +
                      "' is there twice");
          parts.push_back(part);
        }
      return parts;
    }
  } // namespace



  /// The arguments of a graph in the course of being taken apart.
  class Signature::Arguments
  {
  public:
    Arguments(Graph &graph, const std::vector<InputPart> &wanted)
      : graph(graph)
      , wanted(wanted)
    {}

    struct Part
    {
      std::string name;
      Value      *value;
      bool        has_name; // otherwise a place in a tuple or list
    };
    std::vector<Part> parts;

    /// What stands for an argument of a type.
    Value *
    make(const c10::TypePtr &type,
         const std::string  &name,
         Value              *argument,
         const bool          has_name = true)
    {
      switch (type->kind())
        {
          case c10::TypeKind::TensorType:
            return make_part(name, has_name);
          case c10::TypeKind::OptionalType:
            return is_wanted(name) ?
                     make(type->castRaw<c10::OptionalType>()->getElementType(),
                          name,
                          argument,
                          has_name) :
                     graph.insertConstant(c10::IValue());
          case c10::TypeKind::TupleType:
            return make_tuple(type, name);
          case c10::TypeKind::ListType:
            return make_list(type, name, argument);
          case c10::TypeKind::DictType:
            return make_dictionary(type, name, argument);
          default:
            throw Error("forward() takes '" + name + "' of type " +
                        type->repr_str() +
                        " without a default value, expected tensors: save a "
                        "module whose forward() calls this one with it");
        }
    }

    bool
    is_wanted(const std::string &name) const
    {
      return std::any_of(wanted.begin(),
                         wanted.end(),
                         [&](const InputPart &part) {
                           return part.name == name;
                         });
    }

  private:
    Value *
    make_part(const std::string &name, const bool has_name)
    {
      Value *const value = graph.addInput();
      value->setType(c10::TensorType::get());
      parts.push_back({name, value, has_name});
      return value;
    }

    Value *
    make_tuple(const c10::TypePtr &type, const std::string &name)
    {
      std::vector<Value *> elements;
      for (const c10::TypePtr &element :
           type->castRaw<c10::TupleType>()->elements())
        elements.push_back(make(element,
                                name + "." + std::to_string(elements.size()),
                                nullptr,
                                /* has_name = */ false));
      Node *const tuple = graph.insertNode(graph.createTuple(elements));
      tuple->output()->setType(type);
      return tuple->output();
    }

    Value *
    make_list(const c10::TypePtr &type,
              const std::string  &name,
              Value              *argument)
    {
      const c10::TypePtr element =
        type->castRaw<c10::ListType>()->getElementType();
      std::size_t n = 0;
      if (argument != nullptr)
        for (const Use &use : argument->uses())
          if (use.user->kind() == c10::prim::ListUnpack)
            n = use.user->outputs().size();
          else if (use.user->kind() == c10::aten::__getitem__)
            if (const auto i = constant_integer(use.user->input(1)))
              n = std::max<std::size_t>(n, *i < 0 ? -*i : *i + 1);
      n = std::max(n, wanted.size());
      require(n > 0,
              "forward() takes a list of tensors, '" + name +
                "', of unknown length: " + how_to_name +
                ", such as \"branch: 8, trunk: 2\"");
      std::vector<Value *> elements;
      for (std::size_t i = 0; i < n; ++i)
        elements.push_back(
          make(element, name + "." + std::to_string(i), nullptr, false));
      return graph.insertNode(graph.createList(element, elements))->output();
    }

    Value *
    make_dictionary(const c10::TypePtr &type,
                    const std::string  &name,
                    Value              *argument)
    {
      std::vector<std::string> keys;
      if (argument != nullptr)
        for (const Use &use : argument->uses())
          if (use.user->inputs().size() >= 2 && use.offset == 0)
            if (const auto key = constant_text(use.user->input(1)))
              if (std::find(keys.begin(), keys.end(), *key) == keys.end())
                keys.push_back(*key);
      std::string list;
      for (const std::string &key : keys)
        list += (list.empty() ? "'" : ", '") + key + "'";
      require(!wanted.empty() || keys.size() == 1,
              "forward() takes a dictionary, '" + name + "', of tensors" +
                (list.empty() ? "" : " by the names " + list) + ": " +
                how_to_name + ", with widths if they are not 1");
      if (!wanted.empty())
        {
          keys.clear();
          for (const InputPart &part : wanted)
            keys.push_back(part.name);
        }
      const auto           dictionary = type->castRaw<c10::DictType>();
      std::vector<Value *> key_values, values;
      for (const std::string &key : keys)
        {
          key_values.push_back(graph.insertConstant(key));
          values.push_back(make(dictionary->getValueType(), key, nullptr));
        }
      return graph
        .insertNode(graph.createDict(dictionary->getKeyType(),
                                     dictionary->getValueType(),
                                     key_values,
                                     values))
        ->output();
    }

    Graph                        &graph;
    const std::vector<InputPart> &wanted;
  };



  Signature::Signature(const std::string &inputs)
    : wanted(parse(inputs))
  {}



  void
  Signature::take_apart(Graph &graph, const c10::FunctionSchema &schema)
  {
    const std::size_t n_arguments = graph.inputs().size() - 1;
    require(n_arguments > 0, "forward() takes no arguments, expected x");
    Arguments                         arguments(graph, wanted);
    const torch::jit::WithInsertPoint guard(*graph.nodes().begin());
    for (std::size_t i = 1; i <= n_arguments; ++i)
      {
        const c10::Argument &argument = schema.arguments().at(i);
        const bool           use_default =
          argument.default_value() && !arguments.is_wanted(argument.name());
        Value *const old = graph.inputs().at(i);
        old->replaceAllUsesWith(
          use_default ? graph.insertConstant(*argument.default_value()) :
                        arguments.make(argument.type(), argument.name(), old));
      }
    auto &found = arguments.parts;
    require(!found.empty(), "forward() takes no tensors, expected x");

    for (const auto &part : found)
      parts.push_back({part.name, 0});
    if (!wanted.empty())
      {
        const bool names_fit =
          wanted.size() == found.size() &&
          std::all_of(found.begin(), found.end(), [&](const auto &part) {
            return arguments.is_wanted(part.name);
          });
        const bool places_fit =
          wanted.size() == found.size() &&
          std::none_of(found.begin(), found.end(), [&](const auto &part) {
            return part.has_name;
          });
        require(names_fit || places_fit,
                "the inputs are named " + names() +
                  " in forward(): " + how_to_name + ", all of them");
        if (names_fit)
          for (std::size_t i = 0; i < wanted.size(); ++i)
            std::iter_swap(found.begin() + i,
                           std::find_if(found.begin() + i,
                                        found.end(),
                                        [&](const auto &part) {
                                          return part.name == wanted[i].name;
                                        }));
        parts = wanted;
      }

    // In the order of the columns, and without the arguments.
    for (const auto &part : found)
      {
        Value *const input = graph.addInput();
        input->setType(part.value->type());
        part.value->replaceAllUsesWith(input);
      }
    for (std::size_t i = 0; i < n_arguments + found.size(); ++i)
      graph.eraseInput(1);
  }



  std::string
  Signature::names() const
  {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i)
      text += (i == 0 ? "'" : ", '") + parts[i].name + "'";
    return text;
  }



  namespace
  {
    using Tensors = std::map<const Value *, at::Tensor>;

    at::Tensor
    tensor_of(const Tensors &tensors, const Value *value)
    {
      const auto found = tensors.find(value);
      if (found != tensors.end())
        return found->second;
      const auto constant = torch::jit::toIValue(value);
      return constant && constant->isTensor() ? constant->toTensor() :
                                                at::Tensor();
    }



    /// Number of columns that a matrix of weights expects, 0 if that is not
    /// one.
    std::int64_t
    columns_for(const Tensors &tensors,
                const Value   *value,
                const bool     transposed)
    {
      const at::Tensor tensor = tensor_of(tensors, value);
      if (tensor.defined())
        return tensor.dim() == 2 ? tensor.size(transposed ? 1 : 0) : 0;
      const Node *const node = value->node();
      if (node->kind() == c10::aten::t)
        return columns_for(tensors, node->input(0), !transposed);
      return 0;
    }



    /// Number of columns of a value, by the weights that it meets; 0 if there
    /// are none.
    std::int64_t
    width_by_uses(const Value *value, const Tensors &tensors)
    {
      static const std::set<std::string> elementwise = {
        "tanh",  "sin",     "cos",        "exp",   "relu",     "gelu",
        "silu",  "sigmoid", "to",         "clone", "detach",   "neg",
        "float", "double",  "contiguous", "abs",   "square",   "pow",
        "clamp", "type_as", "log",        "sqrt",  "softplus", "elu"};
      static const std::set<std::string> binary = {"add", "sub", "mul", "div"};
      for (const Use &use : value->uses())
        {
          const Node       *node  = use.user;
          const std::string name  = node->kind().toUnqualString();
          std::int64_t      width = 0;
          if (name == "linear" && use.offset == 0)
            width = columns_for(tensors, node->input(1), true);
          else if ((name == "matmul" || name == "mm") && use.offset == 0)
            width = columns_for(tensors, node->input(1), false);
          else if (name == "addmm" && use.offset == 1)
            width = columns_for(tensors, node->input(2), false);
          else if (binary.count(name) > 0 && use.offset < 2)
            {
              // With longer tensors, a single column would do as well.
              const Value     *partner = node->input(1 - use.offset);
              const at::Tensor tensor  = tensor_of(tensors, partner);
              if (tensor.defined() ?
                    tensor.numel() == 1 :
                    !partner->type()->isSubtypeOf(*c10::TensorType::get()))
                width = width_by_uses(node->output(), tensors);
            }
          else if (elementwise.count(name) > 0 && use.offset == 0 &&
                   node->outputs().size() == 1)
            width = width_by_uses(node->output(), tensors);
          if (width > 0)
            return width;
        }
      return 0;
    }



    /// Visit all ways to write @p n as a sum of @p k positive numbers, until
    /// @p visit returns false.
    bool
    for_each_composition(
      const std::int64_t                                            n,
      const std::size_t                                             k,
      std::vector<std::int64_t>                                    &front,
      const std::function<bool(const std::vector<std::int64_t> &)> &visit)
    {
      if (k == 1)
        {
          front.push_back(n);
          const bool go_on = visit(front);
          front.pop_back();
          return go_on;
        }
      for (std::int64_t first = 1; first + std::int64_t(k) - 1 <= n; ++first)
        {
          front.push_back(first);
          const bool go_on =
            for_each_composition(n - first, k - 1, front, visit);
          front.pop_back();
          if (!go_on)
            return false;
        }
      return true;
    }



    at::Tensor
    some_points(const std::int64_t n_points, const std::int64_t n_columns)
    {
      return (0.05 + 0.9 * (at::arange(n_points * n_columns, block_options()) *
                            0.6180339887)
                             .frac())
        .view({n_points, n_columns});
    }



    bool
    are_equal(const at::Tensor &a, const at::Tensor &b)
    {
      return a.sizes() == b.sizes() && at::allclose(a, b, 1e-10, 1e-14, true);
    }
  } // namespace



  void
  Signature::find_widths(const Graph       &graph,
                         const std::int64_t n_inputs,
                         const Tensors     &tensors,
                         const Evaluate    &evaluate)
  {
    if (parts.size() == 1)
      {
        first_width = width_by_uses(graph.inputs().at(0), tensors);
        if (parts[0].width == 0)
          parts[0].width = n_inputs;
      }
    else if (std::int64_t(parts.size()) == n_inputs)
      {
        for (InputPart &part : parts)
          if (part.width == 0)
            part.width = 1;
      }
    else
      for (std::size_t i = 0; i < parts.size(); ++i)
        if (parts[i].width == 0)
          parts[i].width = width_by_uses(graph.inputs().at(i), tensors);

    std::vector<InputPart *> unknown;
    std::int64_t             known = 0;
    for (InputPart &part : parts)
      if (part.width == 0)
        unknown.push_back(&part);
      else
        known += part.width;
    const std::string counted =
      "forward() takes " + std::to_string(parts.size()) + " arguments, " +
      description() + ", and there are " + std::to_string(n_inputs) + " inputs";
    require(unknown.empty() ? known == n_inputs :
                              known + std::int64_t(unknown.size()) <= n_inputs,
            counted);
    if (unknown.empty())
      return;

    // Several ways may do, such as where all parts are concatenated.
    std::vector<std::vector<std::int64_t>> possible;
    std::vector<at::Tensor>                values;
    std::vector<std::int64_t>              front;
    std::size_t                            n_trials = 0;
    for_each_composition(n_inputs - known,
                         unknown.size(),
                         front,
                         [&](const std::vector<std::int64_t> &widths) {
                           for (std::size_t i = 0; i < widths.size(); ++i)
                             unknown[i]->width = widths[i];
                           const auto value =
                             evaluate(split(some_points(5, n_inputs)));
                           if (value)
                             {
                               possible.push_back(widths);
                               values.push_back(*value);
                             }
                           return ++n_trials < max_n_trials;
                         });
    const bool clear =
      !possible.empty() && n_trials < max_n_trials &&
      std::all_of(values.begin(), values.end(), [&](const at::Tensor &value) {
        return are_equal(value, values[0]);
      });
    for (std::size_t i = 0; i < unknown.size(); ++i)
      unknown[i]->width = clear ? possible[0][i] : 0;
    require(clear,
            counted + ": it is not clear which are whose; " + how_to_name +
              ", with their widths, such as \"" + parts[0].name + ": 8, " +
              parts.back().name + ": 2\"");
  }



  bool
  Signature::takes_products(const Evaluate &evaluate) const
  {
    if (parts.size() != 2)
      return false;
    const auto value = evaluate(
      {some_points(2, parts[0].width), some_points(3, parts[1].width)});
    return value && value->dim() >= 2 && value->size(0) == 2 &&
           value->size(1) == 3;
  }



  std::vector<at::Tensor>
  Signature::split(const at::Tensor &x) const
  {
    std::vector<at::Tensor> result;
    std::int64_t            first = 0;
    for (const InputPart &part : parts)
      {
        result.push_back(x.narrow(1, first, part.width).contiguous());
        first += part.width;
      }
    return result;
  }



  void
  Signature::join(Graph &graph) const
  {
    if (parts.size() == 1)
      return;
    const torch::jit::WithInsertPoint guard(*graph.nodes().begin());
    Value *const x = graph.insertInput(0, "x")->setType(c10::TensorType::get());
    const auto   insert = [&](const char                         *name,
                            const torch::jit::ArrayRef<Value *> inputs) {
      Node *const node =
        graph.create(c10::Symbol::fromQualString(name), inputs);
      return graph.insertNode(node)->output();
    };
    Value *const one   = graph.insertConstant(std::int64_t(1));
    Value *const zero  = graph.insertConstant(std::int64_t(0));
    std::int64_t first = 0;
    for (const InputPart &part : parts)
      {
        Value *const begin = graph.insertConstant(first);
        Value *const end   = graph.insertConstant(first + part.width);
        Value *const slice = insert("aten::slice", {x, one, begin, end, one});
        // As it is a tensor of its own in PyTorch.
        graph.inputs().at(1)->replaceAllUsesWith(
          insert("aten::contiguous", {slice, zero}));
        graph.eraseInput(1);
        first += part.width;
      }
  }



  std::string
  Signature::description() const
  {
    std::string text;
    if (parts.size() > 1)
      for (const InputPart &part : parts)
        text += (text.empty() ? "" : ", ") + part.name +
                (part.width > 0 ? " (" + std::to_string(part.width) + ")" : "");
    return text;
  }



  namespace
  {
    /// Which of the first two inputs of a graph each value depends on.
    std::map<const Value *, std::set<std::size_t>>
    dependences(Graph &graph)
    {
      std::map<const Value *, std::set<std::size_t>> result;
      for (std::size_t i = 0; i < 2; ++i)
        result[graph.inputs().at(i)] = {i};
      for (Node *node : graph.nodes())
        {
          std::set<std::size_t> all;
          for (Value *input : node->inputs())
            {
              const auto found = result.find(input);
              if (found != result.end())
                all.insert(found->second.begin(), found->second.end());
            }
          if (!all.empty())
            for (Value *output : node->outputs())
              result[output] = all;
        }
      return result;
    }



    /// "bi,ni->bn" becomes "bi,bi->b"; empty if it has another form.
    std::string
    equation_of_pairs(std::string equation)
    {
      equation.erase(std::remove(equation.begin(), equation.end(), ' '),
                     equation.end());
      const std::size_t comma = equation.find(','), arrow = equation.find("->");
      if (comma == 0 || comma == std::string::npos ||
          arrow == std::string::npos || comma + 1 >= arrow)
        return "";
      const char  function = equation[0], point = equation[comma + 1];
      std::string output = equation.substr(arrow + 2);
      if (output.substr(0, 2) != std::string({function, point}))
        return "";
      output.erase(1, 1);
      std::string inputs = equation.substr(0, arrow);
      std::replace(inputs.begin(), inputs.end(), point, function);
      return inputs + "->" + output;
    }



    /// The tensor [rows, p] whose transpose a value is.
    Value *
    transposed(Value *value)
    {
      static const std::set<std::string> names = {
        "t", "numpy_T", "mT", "transpose", "adjoint", "swapaxes"};
      const Node *node = value->node();
      return node->kind().is_aten() &&
                 names.count(node->kind().toUnqualString()) > 0 ?
               node->input(0) :
               nullptr;
    }



    bool
    pair_up(Graph                                                &graph,
            Node                                                 *node,
            const std::map<const Value *, std::set<std::size_t>> &depends)
    {
      const auto depends_on = [&](Value *value, const std::size_t part) {
        const auto found = depends.find(value);
        return found != depends.end() &&
               found->second == std::set<std::size_t>{part};
      };
      const torch::jit::WithInsertPoint guard(node);
      const std::string                 name = node->kind().toUnqualString();
      if (name == "einsum")
        {
          const Node *operands = node->input(1)->node();
          const auto  equation = constant_text(node->input(0));
          if (!equation || operands->kind() != c10::prim::ListConstruct ||
              operands->inputs().size() != 2 ||
              !depends_on(operands->input(0), 0) ||
              !depends_on(operands->input(1), 1))
            return false;
          const std::string pairs = equation_of_pairs(*equation);
          if (pairs.empty())
            return false;
          node->replaceInput(0, graph.insertConstant(pairs));
          return true;
        }
      if (name != "matmul" && name != "mm" && name != "linear")
        return false;
      if (name == "linear" &&
          node->input(2)->type()->kind() != c10::TypeKind::NoneType)
        return false;
      Value *const functions = node->input(0);
      Value *const points =
        name == "linear" ? node->input(1) : transposed(node->input(1));
      if (points == nullptr || !depends_on(functions, 0) ||
          !depends_on(points, 1))
        return false;
      Value *const equation = graph.insertConstant(std::string("bi,bi->b"));
      Value *const operands =
        graph
          .insertNode(
            graph.createList(c10::TensorType::get(), {functions, points}))
          ->output();
      Node *const sum =
        graph.create(c10::Symbol::fromQualString("aten::einsum"),
                     {equation, operands});
      const auto &schema =
        torch::jit::getAllOperatorsFor(sum->kind()).at(0)->schema();
      if (schema.arguments().size() > 2)
        sum->addInput(graph.insertConstant(c10::IValue()));
      graph.insertNode(sum);
      node->output()->replaceAllUsesWith(sum->output());
      return true;
    }
  } // namespace



  bool
  use_pairs(const std::shared_ptr<Graph> &graph)
  {
    const auto          depends = dependences(*graph);
    std::vector<Node *> nodes(graph->nodes().begin(), graph->nodes().end());
    bool                done = false;
    for (Node *node : nodes)
      done = pair_up(*graph, node, depends) || done;
    return done;
  }
} // namespace lsr
