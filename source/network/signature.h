// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_signature_h
#define lsr_network_signature_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// A tensor that forward() takes: an argument, or an element of a tuple, list
  /// or dictionary. Its columns are some of the points' coordinates.
  struct InputPart
  {
    std::string name;

    /// Number of columns; 0 if that is not known.
    std::int64_t width = 0;
  };



  /**
   * How the coordinates of points become the arguments of forward(): tensors,
   * tuples, lists and dictionaries of tensors, and default values.
   *
   * First the arguments of a graph are taken apart: its inputs are then the
   * parts, all of them tensors. When their widths are known they are put
   * together: the graph has one input, points [n_points, n_inputs].
   */
  class Signature
  {
  public:
    /// A text that names the parts in the order of the columns, such as
    /// "branch: 8, trunk: 2"; if empty, the order is that of forward().
    Signature(const std::string &inputs);

    /// Replace the arguments of @p graph, whose first input is the module.
    void
    take_apart(torch::jit::Graph &graph, const c10::FunctionSchema &schema);

    /// Values of the graph for the tensors of all parts, or nothing where it
    /// fails.
    using Evaluate = std::function<std::optional<at::Tensor>(
      const std::vector<at::Tensor> &parts)>;

    /// Find out how many of @p n_inputs columns each part takes, from the
    /// weights that it meets, @p tensors, or by trying. The parts are the first
    /// inputs of @p graph.
    void
    find_widths(const torch::jit::Graph                               &graph,
                const std::int64_t                                     n_inputs,
                const std::map<const torch::jit::Value *, at::Tensor> &tensors,
                const Evaluate &evaluate);

    /**
     * Whether forward() takes any number of functions and any number of points
     * and returns values for all pairs, as a DeepONet on a Cartesian product
     * does.
     */
    bool
    takes_products(const Evaluate &evaluate) const;

    /// Put the parts together.
    void
    join(torch::jit::Graph &graph) const;

    /// The columns of each part.
    std::vector<at::Tensor>
    split(const at::Tensor &x) const;

    /// In words, empty where there is one part only.
    std::string
    description() const;

    std::vector<InputPart> parts;

    /// If there is one part, the number of columns that its first layer takes;
    /// 0 if that is not known.
    std::int64_t first_width = 0;

  private:
    class Arguments;

    std::string
    names() const;

    std::vector<InputPart> wanted;
  };



  /**
   * Where a graph computes values for all pairs of a function and a point (rows
   * of its first and second input) by a product of matrices or an einsum, have
   * it compute those of equal rows instead. Returns whether it does that.
   */
  bool
  use_pairs(const std::shared_ptr<torch::jit::Graph> &graph);
} // namespace lsr

#endif
