// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_implementation_h
#define lsr_network_implementation_h

#include <lsr/network/network.h>

#include <optional>

#include "network/functional_graph.h"
#include "network/torch_support.h"

namespace lsr
{
  /// What is behind Network: LibTorch lives here.
  class Network::Implementation
  {
  public:
    Implementation(torch::jit::Module module,
                   const std::string &name,
                   const unsigned int n_inputs,
                   const Scaling     &scaling);

    /// Check everything that load() promises; also finds out n_outputs.
    void
    probe(const unsigned int expected_outputs);

    /// Points of a block as a tensor [n_points, n_inputs], sharing memory.
    at::Tensor
    as_points(const Block &points) const;

    /// What the module sees of points.
    at::Tensor
    scaled_input(const at::Tensor &x) const;

    /// $q$ for given parameters, scaled, [n_points, n_outputs].
    at::Tensor
    evaluate(const std::vector<at::Tensor> &theta, const at::Tensor &x) const;

    /// $J v$ for one direction, [n_points, n_outputs].
    at::Tensor
    push_forward(const at::Tensor &x, const at::Tensor &direction) const;

    /// Add $J^T u$ to @p product, $u$ given as [n_points, n_outputs].
    void
    pull_back(const at::Tensor &x,
              const at::Tensor &u,
              const at::Tensor &product) const;

    /**
     * Factors of the Jacobian at some points: per linear layer the inputs $a$,
     * transposed, [n_in (+ 1 for the bias), n_points], and per output the
     * derivatives $\delta$, [n_out, n_points]; the Jacobian with respect to
     * other parameters, [n_other, n_points] per output.
     */
    struct Factors
    {
      std::vector<at::Tensor>              a;
      std::vector<std::vector<at::Tensor>> delta; // [output][layer]
      std::vector<at::Tensor>              other; // [output]
    };

    Factors
    factors(const at::Tensor &x) const;

    /// The prediction, refined if there is a correction, as a tensor that can
    /// be differentiated twice with respect to @p x.
    at::Tensor
    differentiable_prediction(const at::Tensor &x,
                              const Column     &correction) const;

    void
    check_correction(const Column &correction) const;

    torch::jit::Module               module;
    std::string                      name;
    unsigned int                     n_inputs;
    unsigned int                     n_outputs = 0;
    Scaling                          scaling;
    std::unique_ptr<FunctionalGraph> graph;

    /// The parameters, float64, detached, in the memory of the module.
    std::vector<at::Tensor> theta;
    std::size_t             n_parameters = 0;

    bool        layered = false;
    std::string description;

    /// A weight matrix with its bias, as pieces of the parameter vector.
    struct MatrixLayout
    {
      std::int64_t n_rows, n_columns, offset;
      std::int64_t bias_offset; // negative: no bias
    };
    std::vector<MatrixLayout> matrices;

    /// Indices (into theta) and offsets of the other parameters.
    std::vector<std::pair<std::size_t, std::int64_t>> others;
    std::int64_t                                      n_other = 0;

  private:
    void
    lay_out_parameters();

    void
    probe_values(const at::Tensor &x);

    void
    probe_derivatives(const at::Tensor &x);

    void
    probe_layers(const at::Tensor &x);

    at::Tensor input_shift, input_scale, output_shift, output_scale;
  };
} // namespace lsr

#endif
