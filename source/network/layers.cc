// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/layers.h"

#include <lsr/base/exceptions.h>

#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>
#include <set>

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Use;
    using torch::jit::Value;

    /// Integers known before the graph runs; nothing for any others.
    std::optional<std::vector<std::int64_t>>
    constant_integers(Value *value)
    {
      if (const auto constant = torch::jit::toIValue(value))
        {
          if (!constant->isIntList())
            return {};
          return constant->toIntVector();
        }
      if (value->node()->kind() != c10::prim::ListConstruct)
        return {};
      std::vector<std::int64_t> result;
      for (Value *element : value->node()->inputs())
        {
          const auto constant = torch::jit::toIValue(element);
          if (!constant || !constant->isInt())
            return {};
          result.push_back(constant->toInt());
        }
      return result;
    }



    template <typename T>
    bool
    is_constant(Value *value, const T &expected)
    {
      const auto constant = torch::jit::constant_as<T>(value);
      return constant && *constant == expected;
    }



    /// The patches of a node that is a plain two-dimensional convolution.
    std::optional<Patches>
    patches_of(const Node *node, const at::Tensor &weight)
    {
      const bool plain = node->kind() == c10::aten::conv2d;
      const bool other =
        node->kind() == c10::Symbol::fromQualString("aten::convolution") ||
        node->kind() == c10::aten::_convolution;
      if ((!plain && !other) || weight.dim() != 4)
        return {};
      const std::size_t groups = plain ? 6 : 8;
      if (!is_constant<std::int64_t>(node->input(groups), 1) ||
          (other && !is_constant(node->input(6), false)))
        return {};

      const auto stride   = constant_integers(node->input(3));
      const auto padding  = constant_integers(node->input(4));
      const auto dilation = constant_integers(node->input(5));
      for (const auto &list : {stride, padding, dilation})
        if (!list || list->size() != 2)
          return {};
      return Patches{{weight.size(2), weight.size(3)},
                     *stride,
                     *padding,
                     *dilation};
    }



    class LayerFinder
    {
    public:
      LayerFinder(const std::shared_ptr<Graph>         &graph,
                  const std::map<Value *, std::size_t> &parameter_of,
                  const std::vector<at::Tensor>        &parameters)
        : graph(graph)
        , parameter_of(parameter_of)
        , parameters(parameters)
        , claimed(parameters.size(), false)
      {}

      Layers
      run()
      {
        find_weights();
        take_normalizations_apart();
        find_points_dependents();
        find_elementwise();
        for (std::size_t p = 0; p < parameters.size(); ++p)
          if (!claimed[p])
            result.others.push_back(p);
        for (Value *value : observed)
          graph->registerOutput(value);
        return result;
      }

    private:
      bool
      in_main_block(const Node *node) const
      {
        return node->owningBlock() == graph->block();
      }

      bool
      is_parameter(Value *value) const
      {
        return parameter_of.count(value) > 0;
      }

      /// A linear layer, or a convolution if @p weight is one's kernel.
      bool
      applies_weight(const Node *node) const
      {
        if (!in_main_block(node))
          return false;
        if (node->kind() == c10::aten::linear)
          return true;
        if (node->inputs().size() < 7 || !is_parameter(node->input(1)))
          return false;
        return patches_of(node, parameters[parameter_of.at(node->input(1))])
          .has_value();
      }

      bool
      used_only_as(Value *value, const std::size_t operand) const
      {
        return std::all_of(value->uses().begin(),
                           value->uses().end(),
                           [&](const Use &use) {
                             return applies_weight(use.user) &&
                                    use.offset == operand;
                           });
      }

      void
      find_weights()
      {
        std::map<Value *, std::size_t> matrix_of;
        for (Node *node : graph->nodes())
          {
            if (!applies_weight(node))
              continue;
            Value *weight = node->input(1), *bias = node->input(2);
            if (!is_parameter(weight) || !used_only_as(weight, 1))
              continue;
            const bool has_bias = is_parameter(bias) && used_only_as(bias, 2);

            const std::size_t w = parameter_of.at(weight);
            const std::size_t b = has_bias ? parameter_of.at(bias) : 0;
            const auto [entry, is_new] =
              matrix_of.emplace(weight, result.matrices.size());
            if (is_new)
              result.matrices.push_back({w, 0, false});
            claimed[w]           = true;
            WeightMatrix &matrix = result.matrices[entry->second];
            if (has_bias)
              {
                // A weight that comes with different biases, or the other way
                // round, is not what a layer is here.
                if (matrix.has_bias ? matrix.bias != b : claimed[b])
                  continue;
                matrix     = {w, b, true};
                claimed[b] = true;
              }
            result.layers.push_back(
              {entry->second, has_bias, patches_of(node, parameters[w])});
            observed.push_back(node->input(0));
            observed.push_back(node->output());
          }
      }

      /// Normalization without scale and shift, and these as operations of
      /// their own.
      void
      take_normalizations_apart()
      {
        std::vector<Node *> normalizations;
        for (Node *node : graph->nodes())
          if (node->kind() == c10::aten::layer_norm ||
              node->kind() == c10::aten::batch_norm)
            normalizations.push_back(node);
        for (Node *node : normalizations)
          take_apart(node);
      }

      void
      take_apart(Node *node)
      {
        const bool        channels = node->kind() == c10::aten::batch_norm;
        const std::size_t first    = channels ? 1 : 2;
        Value *scale = node->input(first), *shift = node->input(first + 1);

        const torch::jit::WithInsertPoint guard(node->next());
        Value *const none = graph->insertConstant(c10::IValue());
        none->node()->moveBefore(node);
        node->replaceInput(first, none);
        node->replaceInput(first + 1, none);

        // Channels are the second index and become the last one.
        std::vector<Use> uses   = node->output()->uses();
        const auto       insert = [&](const c10::Symbol                   kind,
                                const torch::jit::ArrayRef<Value *> inputs) {
          return graph->insertNode(graph->create(kind, inputs))->output();
        };
        const auto swap = [&](Value *value) {
          if (!channels)
            return value;
          Value *const second = graph->insertConstant(std::int64_t(1));
          Value *const last   = graph->insertConstant(std::int64_t(-1));
          return insert(c10::aten::transpose, {value, second, last});
        };
        Value *value = swap(node->output());
        if (scale->type()->kind() != c10::TypeKind::NoneType)
          value = insert(c10::aten::mul, {value, scale});
        if (shift->type()->kind() != c10::TypeKind::NoneType)
          {
            Value *const one = graph->insertConstant(std::int64_t(1));
            value            = insert(c10::aten::add, {value, shift, one});
          }
        value = swap(value);
        for (const Use &use : uses)
          use.user->replaceInput(use.offset, value);
      }

      void
      find_points_dependents()
      {
        on_points.insert(graph->inputs().at(0));
        for (Node *node : graph->nodes())
          if (!node->blocks().empty() ||
              std::any_of(node->inputs().begin(),
                          node->inputs().end(),
                          [&](Value *input) {
                            return on_points.count(input) > 0;
                          }))
            on_points.insert(node->outputs().begin(), node->outputs().end());
      }

      /// Whether a parameter meets, elementwise, a tensor of the points.
      bool
      is_elementwise(const Use &use) const
      {
        static const std::set<c10::Symbol> operations = {c10::aten::add,
                                                         c10::aten::sub,
                                                         c10::aten::mul,
                                                         c10::aten::div};
        if (!in_main_block(use.user) || use.offset > 1 ||
            operations.count(use.user->kind()) == 0)
          return false;
        Value *const partner = use.user->input(1 - use.offset);
        return on_points.count(partner) > 0 &&
               partner->type()->isSubtypeOf(*c10::TensorType::get());
      }

      void
      find_elementwise()
      {
        for (const auto &[value, p] : parameter_of)
          {
            const std::vector<Use> uses = value->uses();
            if (claimed[p] ||
                !std::all_of(uses.begin(), uses.end(), [&](const Use &use) {
                  return is_elementwise(use);
                }))
              continue;
            claimed[p] = true;
            for (const Use &use : uses)
              {
                observed.push_back(insert_copies(use));
                result.elementwise_uses.push_back(result.elementwise.size());
              }
            result.elementwise.push_back(p);
          }
      }

      /// Give an operation copies of the parameter for every point.
      Value *
      insert_copies(const Use &use)
      {
        const torch::jit::WithInsertPoint guard(use.user);
        Value *const                      list =
          graph
            ->insertNode(graph->createList(c10::TensorType::get(),
                                           {use.user->input(use.offset),
                                            use.user->input(1 - use.offset)}))
            ->output();
        Node *const broadcast = graph->insertNode(
          graph->create(c10::Symbol::fromQualString("aten::broadcast_tensors"),
                        {list}));
        broadcast->output()->setType(
          c10::ListType::create(c10::TensorType::get()));
        Node *const both =
          graph->insertNode(graph->createListUnpack(broadcast->output(), 2));
        use.user->replaceInput(use.offset, both->output(0));
        return both->output(0);
      }

      const std::shared_ptr<Graph>         &graph;
      const std::map<Value *, std::size_t> &parameter_of;
      const std::vector<at::Tensor>        &parameters;

      Layers               result;
      std::vector<bool>    claimed;
      std::vector<Value *> observed;

      /// Values that depend on the points.
      std::set<Value *> on_points;
    };
  } // namespace



  at::Tensor
  Layer::input_vectors(const at::Tensor  &input,
                       const std::int64_t n_points,
                       const std::int64_t n_inputs) const
  {
    if (patches)
      return at::im2col(input,
                        patches->kernel,
                        patches->dilation,
                        patches->padding,
                        patches->stride)
        .reshape({n_points, n_inputs, -1})
        .permute({1, 0, 2});
    return input.reshape({n_points, -1, n_inputs}).permute({2, 0, 1});
  }



  at::Tensor
  Layer::output_vectors(const at::Tensor  &output,
                        const std::int64_t n_points,
                        const std::int64_t n_outputs) const
  {
    if (patches)
      return output.reshape({n_points, n_outputs, -1}).permute({1, 0, 2});
    return output.reshape({n_points, -1, n_outputs}).permute({2, 0, 1});
  }



  Layers
  find_layers(const std::shared_ptr<Graph>         &graph,
              const std::map<Value *, std::size_t> &parameter_of,
              const std::vector<at::Tensor>        &parameters)
  {
    return LayerFinder(graph, parameter_of, parameters).run();
  }
} // namespace lsr
