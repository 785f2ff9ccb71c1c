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

#include "network/graph_passes.h"
#include "network/layers.h"
#include "network/signature.h"
#include "network/subnetworks.h"

namespace lsr
{
  /**
   * The forward function of a TorchScript module as a pure function
   * $(\theta, x) \mapsto q$.
   *
   * The graph is inlined and every attribute it reads becomes an input, so that
   * parameters can be replaced by dual numbers or by leaves of reverse mode
   * without touching the module; its arguments become one, the points (see
   * Signature), and graph_passes.h tells what else is done to it. It is run by
   * the plain interpreter, operator by operator: the profiling executor, which
   * may rewrite a graph after some calls, never sees it. Meanwhile tensors
   * whose type nobody names are float64, for the whole process.
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

    /// Throws lsr::Error where the module, prepared by prepare_module(), cannot
    /// be made a pure function of @p n_inputs inputs. @p inputs names the
    /// arguments of forward(), see Signature. With @p sample_sizes it takes
    /// samples, one at a time, in the place of points.
    FunctionalGraph(const torch::jit::Module        &module,
                    const unsigned int               n_inputs,
                    const std::string               &inputs,
                    const std::vector<std::int64_t> &sample_sizes = {});

    /// $q$ as a tensor [n_points, n_outputs].
    at::Tensor
    evaluate(const std::vector<at::Tensor> &parameters,
             const at::Tensor              &x) const;

    /// The same, also returning what goes into and out of every layer.
    Trace
    trace(const std::vector<at::Tensor> &parameters, const at::Tensor &x) const;

    /// Numbers in the program; one of them may be the number of points that it
    /// was traced with.
    std::vector<std::int64_t> program_numbers;

    Signature signature;

    /// Whether values of all pairs of rows are computed although only those of
    /// equal ones are wanted.
    bool computes_products = false;

    /// What people should know about the function.
    std::vector<std::string> remarks;

    /// The parameters that forward() uses, each once, in the order in which the
    /// module lists them. Complex ones are as at::view_as_real() returns them:
    /// pairs of real and imaginary part.
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
    /// Find out which tensors of the graph are parameters; unused ones leave
    /// it.
    void
    list_parameters(torch::jit::Graph        &graph,
                    const torch::jit::Module &module,
                    const LiftedTensors      &tensors);

    /// Have the graph take points.
    void
    join_inputs(const std::shared_ptr<torch::jit::Graph> &graph,
                const LiftedTensors                      &tensors,
                const std::int64_t                        n_inputs);

    /// The inputs of the graph that are real parameters.
    std::map<torch::jit::Value *, std::size_t>
    parameter_inputs(torch::jit::Graph &graph) const;

    torch::jit::Stack
    run(const torch::jit::Code        &code,
        const std::vector<at::Tensor> &parameters,
        const std::vector<at::Tensor> &x,
        const std::vector<at::Tensor> &further_inputs = {}) const;

    /// The values that forward() returned as columns.
    at::Tensor
    columns(const c10::IValue &output, const std::int64_t n_points) const;

    // A further input of the graph: a parameter, or a fixed tensor.
    struct Source
    {
      bool        is_parameter, is_complex;
      std::size_t parameter;
      at::Tensor  constant;
    };
    std::vector<Source> sources;

    /// Whether it takes samples.
    bool
    takes_samples() const
    {
      return !sample_sizes.empty();
    }

    std::vector<std::int64_t> sample_sizes;

    std::unique_ptr<torch::jit::Code> plain_code;
    std::unique_ptr<torch::jit::Code> tracing_code;
  };
} // namespace lsr

#endif
