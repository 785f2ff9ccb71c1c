// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_subnetworks_h
#define lsr_network_subnetworks_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace lsr
{
  /**
   * A function $q(x) = c(f_1(x_{S_1}), f_2(x_{S_2}), \ldots)$ of subnetworks
   * that see disjoint sets $S_g$ of the inputs, combined by a function $c$ with
   * few parameters or none: the branch and the trunk of a DeepONet, and its
   * scalar product.
   *
   * The tensors, often several, that a subnetwork returns to $c$ are its
   * frontier.
   * It is found in the graph: values that depend on the columns of one set
   * only, and are used together with values of another.
   */
  class Subnetworks
  {
  public:
    struct Subnetwork
    {
      /// The inputs that it sees, ascending.
      std::vector<std::int64_t> columns;

      /// Number of tensors in its frontier.
      std::size_t n_values = 0;

      /// From the inputs of the graph to the frontier.
      std::unique_ptr<torch::jit::Code> code;
    };

    /**
     * Split a graph whose first input are the points, a tensor [n_points,
     * @p n_inputs]. @p parameter_of tells the further inputs that are
     * parameters. Returns nothing if the graph does not have this form.
     */
    static std::unique_ptr<Subnetworks>
    find(torch::jit::Graph                                &graph,
         const std::int64_t                                n_inputs,
         const std::map<torch::jit::Value *, std::size_t> &parameter_of,
         const std::vector<at::Tensor>                    &parameters);

    std::vector<Subnetwork> subnetworks;

    /// From the inputs of the graph and the frontiers to its output.
    std::unique_ptr<torch::jit::Code> combination;

    /// The parameters that the combination uses.
    std::vector<std::size_t> combination_parameters;
  };
} // namespace lsr

#endif
