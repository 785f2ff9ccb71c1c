// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/linear_operators.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <algorithm>
#include <optional>

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Value;

    c10::Symbol
    aten(const std::string &name)
    {
      return c10::Symbol::fromQualString("aten::" + name);
    }



    std::optional<std::int64_t>
    integer(Value *value)
    {
      const auto constant = torch::jit::toIValue(value);
      if (!constant || !constant->isInt())
        return {};
      return constant->toInt();
    }



    /// A factor that is missing or 1.
    bool
    is_one(const Node *node, const std::size_t input)
    {
      if (node->inputs().size() <= input)
        return true;
      const auto constant = torch::jit::toIValue(node->input(input));
      return constant && ((constant->isInt() && constant->toInt() == 1) ||
                          (constant->isDouble() && constant->toDouble() == 1));
    }



    /// Integers of a list that is a constant or made of constants, with nothing
    /// in the place of those that are not known.
    std::vector<std::optional<std::int64_t>>
    integers(Value *value)
    {
      std::vector<std::optional<std::int64_t>> result;
      if (const auto constant = torch::jit::toIValue(value))
        {
          if (constant->isIntList())
            for (const std::int64_t entry : constant->toIntVector())
              result.push_back(entry);
        }
      else if (value->node()->kind() == c10::prim::ListConstruct)
        for (Value *element : value->node()->inputs())
          result.push_back(integer(element));
      return result;
    }



    class Joiner
    {
    public:
      Joiner(const std::shared_ptr<Graph>         &graph,
             const std::map<Value *, std::size_t> &parameter_of,
             const std::vector<at::Tensor>        &parameters)
        : graph(graph)
        , parameter_of(parameter_of)
        , parameters(parameters)
      {}

      void
      run()
      {
        const std::vector<Node *> nodes(graph->nodes().begin(),
                                        graph->nodes().end());
        for (Node *node : nodes)
          join_product(node);
        // Dead products would count as further uses of others' results.
        torch::jit::EliminateDeadCode(graph);
        const std::vector<Node *> rest(graph->nodes().begin(),
                                       graph->nodes().end());
        for (Node *node : rest)
          if (node->kind() == aten("add"))
            join_bias(node);
        torch::jit::EliminateDeadCode(graph);
      }

    private:
      const at::Tensor *
      parameter(Value *value) const
      {
        const auto found = parameter_of.find(value);
        return found == parameter_of.end() ? nullptr :
                                             &parameters[found->second];
      }

      /// The weight matrix that @p value is the transpose of, or a null
      /// pointer.
      Value *
      transposed(Value *value) const
      {
        const Node *node = value->node();
        if (node->inputs().empty())
          return nullptr;
        Value *const            matrix  = node->input(0);
        const at::Tensor *const entries = parameter(matrix);
        if (entries == nullptr || entries->dim() != 2)
          return nullptr;
        if (node->kind() == aten("t") || node->kind() == aten("numpy_T"))
          return matrix;
        if (node->kind() == aten("permute"))
          {
            const auto order = integers(node->input(1));
            return order.size() == 2 && is_last(order[0]) &&
                       is_first(order[1]) ?
                     matrix :
                     nullptr;
          }
        if (node->kind() == aten("transpose") && node->inputs().size() == 3)
          {
            const auto a = integer(node->input(1)), b = integer(node->input(2));
            return (is_first(a) && is_last(b)) || (is_last(a) && is_first(b)) ?
                     matrix :
                     nullptr;
          }
        return nullptr;
      }

      /// First or last dimension of a matrix.
      static bool
      is_first(const std::optional<std::int64_t> dimension)
      {
        return dimension && (*dimension == 0 || *dimension == -2);
      }

      static bool
      is_last(const std::optional<std::int64_t> dimension)
      {
        return dimension && (*dimension == 1 || *dimension == -1);
      }

      /// A bias of the linear layer with the weight matrix @p matrix.
      bool
      is_bias(Value *value, Value *matrix) const
      {
        const at::Tensor *const entries = parameter(value);
        return entries != nullptr && entries->dim() == 1 &&
               entries->size(0) == parameter(matrix)->size(0);
      }

      void
      join_product(Node *node)
      {
        const bool adds = node->kind() == aten("addmm");
        if (!adds && node->kind() != aten("mm") &&
            node->kind() != aten("matmul"))
          return;
        const std::size_t first  = adds ? 1 : 0;
        Value *const      matrix = transposed(node->input(first + 1));
        if (matrix == nullptr ||
            (adds && (!is_bias(node->input(0), matrix) || !is_one(node, 3) ||
                      !is_one(node, 4))))
          return;
        const torch::jit::WithInsertPoint guard(node);
        Value *const                      bias =
          adds ? node->input(0) : graph->insertConstant(c10::IValue());
        Value *const result =
          graph
            ->insertNode(
              graph->create(aten("linear"), {node->input(first), matrix, bias}))
            ->output();
        result->setType(node->output()->type());
        node->output()->replaceAllUsesWith(result);
      }

      /// A product without bias that is used but once, perhaps through views
      /// that keep its vectors.
      Node *
      product_without_bias(Value *value) const
      {
        if (value->uses().size() != 1)
          return nullptr;
        Node *const node = value->node();
        if (node->kind() == aten("linear"))
          return parameter(node->input(1)) != nullptr &&
                     node->input(2)->type()->kind() == c10::TypeKind::NoneType ?
                   node :
                   nullptr;
        if (node->kind() != aten("view") && node->kind() != aten("reshape"))
          return nullptr;
        const auto  sizes   = integers(node->input(1));
        Node *const product = product_without_bias(node->input(0));
        return product != nullptr && !sizes.empty() &&
                   sizes.back() == parameter(product->input(1))->size(0) ?
                 product :
                 nullptr;
      }

      void
      join_bias(Node *node)
      {
        if (!is_one(node, 2))
          return;
        for (const std::size_t i : {0, 1})
          {
            Node *const  product = product_without_bias(node->input(i));
            Value *const bias    = node->input(1 - i);
            if (product == nullptr || !is_bias(bias, product->input(1)))
              continue;
            product->replaceInput(2, bias);
            node->output()->replaceAllUsesWith(node->input(i));
            return;
          }
      }

      const std::shared_ptr<Graph>         &graph;
      const std::map<Value *, std::size_t> &parameter_of;
      const std::vector<at::Tensor>        &parameters;
    };
  } // namespace



  void
  join_linear_operators(const std::shared_ptr<Graph>         &graph,
                        const std::map<Value *, std::size_t> &parameter_of,
                        const std::vector<at::Tensor>        &parameters)
  {
    Joiner(graph, parameter_of, parameters).run();
  }
} // namespace lsr
