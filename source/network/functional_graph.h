// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_functional_graph_h
#define lsr_network_functional_graph_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "network/layers.h"
#include "network/subnetworks.h"

namespace lsr
{
  /**
   * The forward function of a TorchScript module as a pure function
   * $(\theta, x) \mapsto q$.
   *
   * The graph is inlined and every attribute it reads becomes an input, so that
   * parameters can be replaced by dual numbers or by leaves of reverse mode
   * without touching the module. It is run by the plain interpreter, operator
   * by operator: the profiling executor, which may rewrite a graph after some
   * calls, never sees it.
   */
  class FunctionalGraph
  {
  public:
    /// Value of the function together with inputs and outputs of its layers.
    struct Trace
    {
      at::Tensor              value;
      std::vector<at::Tensor> layer_inputs;
      std::vector<at::Tensor> layer_outputs;

      /// The copy of a parameter that each elementwise use sees.
      std::vector<at::Tensor> copies;
    };

    /// Throws lsr::Error where the module cannot be made a pure function of
    /// @p n_inputs inputs.
    FunctionalGraph(const torch::jit::Module &module,
                    const unsigned int        n_inputs);

    /// $q$ as a tensor [n_points, n_outputs].
    at::Tensor
    evaluate(const std::vector<at::Tensor> &parameters,
             const at::Tensor              &x) const;

    /// The same, also returning what goes into and out of every layer.
    Trace
    trace(const std::vector<at::Tensor> &parameters, const at::Tensor &x) const;

    /// Number of tensors that forward() takes.
    std::size_t
    n_arguments() const
    {
      return argument_count;
    }

    /// The parameters, in the order in which the module lists them.
    std::vector<at::Tensor> parameters;

    /// Their names.
    std::vector<std::string> names;

    Layers layers;

    /// Where the function is one of subnetworks.
    std::unique_ptr<Subnetworks> subnetworks;

    /// The frontier of a subnetwork.
    std::vector<at::Tensor>
    evaluate_subnetwork(const std::size_t              subnetwork,
                        const std::vector<at::Tensor> &parameters,
                        const at::Tensor              &x) const;

    /// $q$ from the frontiers of all subnetworks.
    at::Tensor
    combine(const std::vector<at::Tensor> &parameters,
            const at::Tensor              &x,
            const std::vector<at::Tensor> &frontiers) const;

  private:
    /// The inputs of the graph that are parameters.
    std::map<torch::jit::Value *, std::size_t>
    parameter_inputs(torch::jit::Graph &graph) const;

    torch::jit::Stack
    run(const torch::jit::Code        &code,
        const std::vector<at::Tensor> &parameters,
        const at::Tensor              &x,
        const std::vector<at::Tensor> &further_inputs = {}) const;

    std::size_t argument_count = 1;

    // A further input of the graph: a parameter, or a fixed tensor.
    struct Source
    {
      bool        is_parameter;
      std::size_t parameter;
      at::Tensor  constant;
    };
    std::vector<Source> sources;

    std::unique_ptr<torch::jit::Code> plain_code;
    std::unique_ptr<torch::jit::Code> tracing_code;
  };
} // namespace lsr

#endif
