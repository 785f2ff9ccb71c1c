// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/subnetworks.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

namespace lsr
{
  namespace
  {
    using torch::jit::Graph;
    using torch::jit::Node;
    using torch::jit::Value;

    /// More parameters than this make a combination a network of its own.
    constexpr std::int64_t max_n_combination_parameters = 256;

    using Columns = std::set<std::int64_t>;



    std::optional<std::int64_t>
    integer_or(Value *value, const std::int64_t if_none)
    {
      const auto constant = torch::jit::toIValue(value);
      if (!constant)
        return {};
      if (constant->isNone())
        return if_none;
      if (!constant->isInt())
        return {};
      return constant->toInt();
    }



    bool
    works_in_place(const Node *node)
    {
      const std::string name = node->kind().toUnqualString();
      return node->kind().is_aten() && name.back() == '_' &&
             name.rfind("__", 0) != 0;
    }



    class Splitter
    {
    public:
      Splitter(Graph                                &graph,
               const std::int64_t                    n_inputs,
               const std::map<Value *, std::size_t> &parameter_of,
               const std::vector<at::Tensor>        &parameters)
        : graph(graph)
        , n_inputs(n_inputs)
        , parameter_of(parameter_of)
        , parameters(parameters)
      {}

      std::unique_ptr<Subnetworks>
      run()
      {
        if (!find_selections())
          return nullptr;
        make_groups();
        if (groups.size() < 2 || !find_frontiers())
          return nullptr;
        auto result = std::make_unique<Subnetworks>();
        for (std::size_t g = 0; g < groups.size(); ++g)
          {
            Subnetworks::Subnetwork subnetwork;
            subnetwork.columns.assign(groups[g].begin(), groups[g].end());
            subnetwork.n_values = frontiers[g].size();
            subnetwork.code     = subnetwork_code(g);
            result->subnetworks.push_back(std::move(subnetwork));
          }
        return find_combination(*result) ? std::move(result) : nullptr;
      }

    private:
      /// Part of the points: all columns, or those that slices pick.
      std::optional<Columns>
      sliced(const Node *node, const Columns &columns) const
      {
        const auto dimension = integer_or(node->input(1), 0);
        const auto first     = integer_or(node->input(2), 0);
        if (!dimension || !first)
          return {};
        const bool is_slice = node->kind() == c10::aten::slice;
        const auto end =
          is_slice ? integer_or(node->input(3),
                                std::numeric_limits<std::int64_t>::max()) :
                     std::optional<std::int64_t>(*first + 1);
        const auto step = is_slice ? integer_or(node->input(4), 1) : 1;
        const auto size = std::int64_t(columns.size());
        if (!end || !step)
          return {};
        if (*dimension == 0)
          {
            const bool everything =
              is_slice && *first == 0 && *step == 1 &&
              *end == std::numeric_limits<std::int64_t>::max();
            return everything ? std::optional<Columns>(columns) : std::nullopt;
          }
        if (*dimension != 1 && *dimension != -1)
          return {};

        const std::vector<std::int64_t> all(columns.begin(), columns.end());
        const std::int64_t begin = *first < 0 ? *first + size : *first;
        const std::int64_t past  = !is_slice ? begin + 1 :
                                   *end < 0  ? *end + size :
                                               std::min(*end, size);
        Columns            picked;
        for (std::int64_t i = std::max<std::int64_t>(begin, 0); i < past;
             i += *step)
          picked.insert(all.at(i));
        return picked;
      }

      /// Find the parts of the points that are used for anything but to pick
      /// smaller parts.
      bool
      find_selections()
      {
        std::map<Value *, Columns> parts;
        for (std::int64_t k = 0; k < n_inputs; ++k)
          parts[graph.inputs().at(0)].insert(k);

        for (Node *node : graph.nodes())
          {
            if (!node->blocks().empty() || works_in_place(node))
              return false;
            for (std::size_t i = 0; i < node->inputs().size(); ++i)
              {
                const auto part = parts.find(node->input(i));
                if (part == parts.end())
                  continue;
                const bool picks = node->kind() == c10::aten::slice ||
                                   node->kind() == c10::aten::select;
                const auto smaller =
                  picks ? sliced(node, part->second) : std::nullopt;
                if (smaller && node->kind() == c10::aten::slice)
                  parts[node->output()] = *smaller;
                else if (smaller)
                  selections[node->output()] = *smaller;
                else
                  selections[part->first] = part->second;
              }
          }
        for (Value *output : graph.outputs())
          if (parts.count(output) > 0)
            return false;
        return true;
      }

      /// Unite selections that overlap.
      void
      make_groups()
      {
        for (const auto &[value, columns] : selections)
          {
            Columns united = columns;
            for (auto group = groups.begin(); group != groups.end();)
              {
                const bool overlap =
                  std::any_of(columns.begin(),
                              columns.end(),
                              [&](const std::int64_t column) {
                                return group->count(column) > 0;
                              });
                if (overlap)
                  {
                    united.insert(group->begin(), group->end());
                    group = groups.erase(group);
                  }
                else
                  ++group;
              }
            groups.push_back(united);
          }
        std::sort(groups.begin(), groups.end());
      }

      /// The groups that a value depends on.
      std::set<std::size_t>
      groups_of(Value *value) const
      {
        const auto found = dependence.find(value);
        return found == dependence.end() ? std::set<std::size_t>() :
                                           found->second;
      }

      bool
      find_frontiers()
      {
        for (const auto &[value, columns] : selections)
          for (std::size_t g = 0; g < groups.size(); ++g)
            if (groups[g].count(*columns.begin()) > 0)
              dependence[value] = {g};
        frontiers.resize(groups.size());
        for (Node *node : graph.nodes())
          {
            std::set<std::size_t> all;
            for (Value *input : node->inputs())
              {
                const auto some = groups_of(input);
                all.insert(some.begin(), some.end());
              }
            if (!all.empty())
              for (Value *output : node->outputs())
                dependence[output] = all;
            if (all.size() < 2)
              continue;
            for (Value *input : node->inputs())
              {
                const auto only = groups_of(input);
                if (only.size() != 1)
                  continue;
                if (!input->type()->isSubtypeOf(*c10::TensorType::get()))
                  return false;
                auto &frontier = frontiers[*only.begin()];
                if (std::find(frontier.begin(), frontier.end(), input) ==
                    frontier.end())
                  frontier.push_back(input);
              }
          }
        return graph.outputs().size() == 1 &&
               groups_of(graph.outputs()[0]).size() == groups.size();
      }

      /// The value that a copy of the graph has in the place of @p value.
      Value *
      counterpart(Graph &copy, Value *value) const
      {
        for (std::size_t i = 0; i < graph.inputs().size(); ++i)
          if (graph.inputs()[i] == value)
            return copy.inputs()[i];
        auto in_copy = copy.nodes().begin();
        for (Node *node : graph.nodes())
          {
            if (node == value->node())
              return (*in_copy)->output(value->offset());
            ++in_copy;
          }
        return nullptr;
      }

      std::unique_ptr<torch::jit::Code>
      subnetwork_code(const std::size_t g) const
      {
        std::shared_ptr<Graph> copy = graph.copy();
        std::vector<Value *>   values;
        for (Value *value : frontiers[g])
          values.push_back(counterpart(*copy, value));
        copy->eraseOutput(0);
        for (Value *value : values)
          copy->registerOutput(value);
        torch::jit::EliminateDeadCode(copy);
        return std::make_unique<torch::jit::Code>(copy, "subnetwork");
      }

      bool
      find_combination(Subnetworks &result) const
      {
        std::shared_ptr<Graph> copy = graph.copy();
        std::vector<Value *>   values;
        for (const auto &frontier : frontiers)
          for (Value *value : frontier)
            values.push_back(counterpart(*copy, value));
        for (Value *value : values)
          {
            Value *const input = copy->addInput();
            input->setType(value->type());
            value->replaceAllUsesWith(input);
          }
        torch::jit::EliminateDeadCode(copy);

        std::int64_t n_parameters = 0;
        for (std::size_t i = 0; i < graph.inputs().size(); ++i)
          {
            const auto parameter = parameter_of.find(graph.inputs()[i]);
            if (parameter == parameter_of.end() ||
                !copy->inputs()[i]->hasUses())
              continue;
            const at::Tensor &tensor = parameters[parameter->second];
            if (tensor.squeeze().dim() > 1)
              return false; // a weight matrix
            result.combination_parameters.push_back(parameter->second);
            n_parameters += tensor.numel();
          }
        result.combination =
          std::make_unique<torch::jit::Code>(copy, "combination");
        return n_parameters <= max_n_combination_parameters;
      }

      Graph                                &graph;
      const std::int64_t                    n_inputs;
      const std::map<Value *, std::size_t> &parameter_of;
      const std::vector<at::Tensor>        &parameters;

      std::map<Value *, Columns>               selections;
      std::vector<Columns>                     groups;
      std::map<Value *, std::set<std::size_t>> dependence;
      std::vector<std::vector<Value *>>        frontiers;
    };
  } // namespace



  std::unique_ptr<Subnetworks>
  Subnetworks::find(Graph                                &graph,
                    const std::int64_t                    n_inputs,
                    const std::map<Value *, std::size_t> &parameter_of,
                    const std::vector<at::Tensor>        &parameters)
  {
    return Splitter(graph, n_inputs, parameter_of, parameters).run();
  }
} // namespace lsr
