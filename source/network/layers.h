// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_layers_h
#define lsr_network_layers_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace lsr
{
  /// A weight matrix that is used by one or more layers, with the bias that
  /// some of them add, if any; both are indices into the parameters.
  struct WeightMatrix
  {
    std::size_t weight;
    std::size_t bias;
    bool        has_bias;
  };



  /// How a two-dimensional convolution cuts its input into patches.
  struct Patches
  {
    std::vector<std::int64_t> kernel, stride, padding, dilation;
  };



  /**
   * A place where a weight matrix is applied: to one or several vectors of
   * every point, or to the patches of every point's image.
   */
  struct Layer
  {
    /// Index of the weight matrix.
    std::size_t matrix;

    /// Whether the bias of the matrix, if it has one, is added.
    bool has_bias;

    /// Set for a convolution.
    std::optional<Patches> patches;

    /**
     * The input of the layer as vectors of all points and positions, [inputs,
     * n_points, n_positions].
     */
    at::Tensor
    input_vectors(const at::Tensor  &input,
                  const std::int64_t n_points,
                  const std::int64_t n_inputs) const;

    /// The same for the output of the layer, or derivatives with respect to it:
    /// [outputs, n_points, n_positions].
    at::Tensor
    output_vectors(const at::Tensor  &output,
                   const std::int64_t n_points,
                   const std::int64_t n_outputs) const;
  };



  /**
   * The layers of a graph.
   *
   * Parameters are of three kinds. Those of weight matrices act through linear
   * layers and convolutions. Elementwise ones are added to, subtracted from,
   * multiplied with or divided by a tensor that depends on the points, among
   * them scales and shifts of normalization layers; the graph is rewritten such
   * that each use of them sees a copy of the parameter for every point. All
   * others are left to differentiation.
   */
  struct Layers
  {
    std::vector<WeightMatrix> matrices;
    std::vector<Layer>        layers;

    /// Elementwise parameters, and for each use of one of them its place in
    /// that list.
    std::vector<std::size_t> elementwise;
    std::vector<std::size_t> elementwise_uses;

    std::vector<std::size_t> others;
  };



  /**
   * Find the layers of a graph whose first input are the points, and where
   * @p parameter_of tells the inputs that are parameters.
   *
   * The values that go into and come out of each layer, and for every
   * elementwise use the copies of the parameter, are registered as further
   * outputs of the graph, in this order.
   */
  Layers
  find_layers(const std::shared_ptr<torch::jit::Graph>         &graph,
              const std::map<torch::jit::Value *, std::size_t> &parameter_of,
              const std::vector<at::Tensor>                    &parameters);
} // namespace lsr

#endif
