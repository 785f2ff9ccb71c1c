// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_graph_passes_h
#define lsr_network_graph_passes_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What is done to the graph of a forward function before it is used.

namespace lsr
{
  /// Visit all nodes of a block and of the blocks inside; @p visit may destroy
  /// its node.
  template <typename Visitor>
  void
  for_each_node(torch::jit::Block *block, const Visitor &visit)
  {
    for (auto node = block->nodes().begin(); node != block->nodes().end();)
      {
        torch::jit::Node *current = *node;
        ++node;
        for (torch::jit::Block *inner : current->blocks())
          for_each_node(inner, visit);
        visit(current);
      }
  }



  /// A further input of a graph and the tensor that it stands for.
  using LiftedTensors = std::vector<std::pair<torch::jit::Value *, at::Tensor>>;

  /// The value of a constant; nothing for anything else.
  std::optional<std::int64_t>
  constant_integer(const torch::jit::Value *value);

  std::optional<std::string>
  constant_text(const torch::jit::Value *value);

  /// Attributes of the module, which is the graph's first input: those that are
  /// no tensors become constants, which decides branches such as those on
  /// training mode; tensors, also those in lists and dictionaries, become
  /// further inputs of the graph, each tensor one.
  LiftedTensors
  lift_attributes(torch::jit::Graph &graph, const torch::jit::Module &module);

  /// The module is no longer an input. Throws lsr::Error where the graph
  /// assigns to an attribute or uses the module otherwise.
  void
  remove_module(torch::jit::Graph &graph);

  /// Decide what can be decided without the inputs: constants, tuples, lists
  /// and dictionaries that are made and taken apart, code that is not used.
  void
  simplify(std::shared_ptr<torch::jit::Graph> graph);

  /// Constants for the types and sizes of tensors that are known, and for the
  /// type of the points, which are the first @p n_points inputs.
  void
  fold_properties(torch::jit::Graph   &graph,
                  const LiftedTensors &tensors,
                  const std::size_t    n_points);

  /**
   * Constants, and types named in the graph, become double precision where
   * they are those of a network of type @p working_type. Returns remarks about
   * casts, for people: an empty list if there are none. Throws lsr::Error if
   * something is computed in half precision.
   */
  std::vector<std::string>
  use_double_precision(torch::jit::Graph   &graph,
                       const at::ScalarType working_type);

  /// Whether a branch is taken by values of tensors, so that a point may see
  /// others.
  bool
  branches_on_values(torch::jit::Graph &graph);

  /// Have the tensors that a graph knows or makes where blocks are: modules
  /// name the device that they were made on.
  void
  move_to_device_of_blocks(torch::jit::Graph &graph);

  /// torch.where(c, f(r), b) computes f where it is not used, too, and reverse
  /// mode multiplies the infinite derivatives there with zero. Have functions
  /// such as sqrt and log see a harmless argument there.
  void
  choose_arguments(torch::jit::Graph &graph);

  /**
   * Where the graph changes tensors in place: its inputs are not touched, and
   * nothing that a derivative needs is overwritten.
   */
  void
  separate_writes(const std::shared_ptr<torch::jit::Graph> &graph);

  /// Tensors that the graph writes into become copies of `lsr::writable`, so
  /// that what is written may carry derivatives, see tangent_block.h.
  void
  own_what_is_written(torch::jit::Graph &graph);
} // namespace lsr

#endif
