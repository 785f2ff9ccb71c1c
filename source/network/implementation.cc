// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/implementation.h"

#include <algorithm>

#include "network/prepare_module.h"
#include "network/sample_sizes.h"

namespace lsr
{
  namespace
  {
    /// Above this number of parameters that have to be differentiated one by
    /// one the layered path is not used.
    constexpr std::int64_t max_n_differentiated = 256;
  } // namespace



  Network::Implementation::Implementation(
    torch::jit::Module              module_,
    const std::string              &name,
    const unsigned int              n_inputs,
    const Scaling                  &scaling,
    const std::string              &input_names,
    const std::vector<std::size_t> &sample_sizes)
    : module(std::move(module_))
    , name(name)
    , n_inputs(n_inputs)
    , scaling(scaling)
    , input_names(input_names)
    , sample_sizes(sample_sizes)
    , input_shift(scaling_tensor(scaling.input_shift, n_inputs, "input shift"))
    , input_scale(scaling_tensor(scaling.input_scale, n_inputs, "input scale"))
  {
    ensure_kokkos_initialized();
    require(n_inputs > 0, "a network needs at least one input");
    require(module.find_method("forward").has_value(),
            "the module has no function forward()");
    std::size_t n_numbers_of_sample = is_grid_operator() ? 1 : n_inputs;
    for (const std::size_t size : sample_sizes)
      n_numbers_of_sample *= size;
    require(n_numbers_of_sample == n_inputs,
            "a sample of sizes " + describe_sample(sample_sizes) + " for " +
              std::to_string(n_inputs) +
              " inputs, expected as many as it has entries");
    prepare_module(module);
    graph = std::make_unique<FunctionalGraph>(
      module,
      n_inputs,
      input_names,
      std::vector<std::int64_t>(sample_sizes.begin(), sample_sizes.end()));
    theta = graph->parameters;
    lay_out_parameters(reason_against_layers());
  }



  void
  Network::Implementation::add_other(const std::size_t  index,
                                     const std::int64_t offset)
  {
    others.push_back({index, offset, n_other, theta[index].numel()});
    n_other += theta[index].numel();
  }



  std::string
  Network::Implementation::reason_against_layers() const
  {
    if (is_grid_operator())
      return "a grid operator, sample of sizes " +
             describe_sample(sample_sizes);
    const Layers &layers = graph->layers;
    if (layers.matrices.empty())
      return "no linear layers";
    std::int64_t count = 0;
    for (const std::size_t p : layers.others)
      count += theta[p].numel();
    if (count <= max_n_differentiated)
      return "";
    return std::to_string(count) + " parameters, '" +
           graph->names[layers.others.front()] +
           "' among them, are used outside of linear layers, convolutions and "
           "elementwise operations";
  }



  std::string
  Network::Implementation::describe_layers() const
  {
    const Layers &layers = graph->layers;
    const auto    n_convolutions =
      std::count_if(layers.layers.begin(),
                    layers.layers.end(),
                    [](const Layer &layer) { return layer.patches; });
    std::int64_t n_elementwise = 0;
    for (const std::size_t p : layers.elementwise)
      n_elementwise += theta[p].numel();

    std::string text =
      std::to_string(layers.layers.size() - n_convolutions) + " linear layers";
    if (n_convolutions > 0)
      text += ", " + std::to_string(n_convolutions) + " convolutions";
    if (n_elementwise > 0)
      text += ", " + std::to_string(n_elementwise) + " elementwise parameters";
    if (n_other > n_elementwise)
      text += ", " + std::to_string(n_other - n_elementwise) +
              " parameters differentiated one by one";
    return text;
  }



  void
  Network::Implementation::lay_out_parameters(const std::string &reason)
  {
    std::vector<std::int64_t> offsets;
    n_parameters = 0;
    for (const at::Tensor &tensor : theta)
      {
        offsets.push_back(n_parameters);
        n_parameters += tensor.numel();
      }
    require(n_parameters > 0 || module.parameters().size() == 0,
            "the network is not differentiable: forward() uses none of its "
            "parameters (detached, replaced by constants?)");
    require(n_parameters > 0, "the module has no parameters");

    matrices.clear();
    others.clear();
    n_other     = 0;
    layered     = reason.empty();
    description = std::to_string(n_parameters) + " parameters, ";
    if (!graph->signature.description().empty())
      description += "inputs " + graph->signature.description() + ", ";
    if (layered)
      {
        for (const WeightMatrix &matrix : graph->layers.matrices)
          {
            const at::Tensor &weight = theta[matrix.weight];
            matrices.push_back({weight.size(0),
                                weight.numel() / weight.size(0),
                                offsets[matrix.weight],
                                matrix.has_bias ? offsets[matrix.bias] : -1});
          }
        for (const auto *list :
             {&graph->layers.elementwise, &graph->layers.others})
          for (const std::size_t p : *list)
            add_other(p, offsets[p]);
        description += describe_layers();
        return;
      }

    description += "generic derivatives: " + reason;
    // Random rank-one directions then move every matrix-like tensor.
    for (std::size_t p = 0; p < theta.size(); ++p)
      if (theta[p].dim() >= 2)
        matrices.push_back({theta[p].size(0),
                            theta[p].numel() / theta[p].size(0),
                            offsets[p],
                            -1});
      else
        add_other(p, offsets[p]);
  }



  std::int64_t
  Network::Implementation::batch_size(const std::int64_t n_numbers)
  {
    return std::clamp<std::int64_t>(
      memory_budget / std::max<std::int64_t>(n_numbers, 1), 1, 4096);
  }



  at::Tensor
  Network::Implementation::scaling_tensor(const std::vector<double> &values,
                                          const unsigned int         n,
                                          const std::string         &what) const
  {
    const bool one_for_all = is_grid_operator() && values.size() == 1;
    return as_tensor(values, one_for_all ? 1 : n, what);
  }



  void
  Network::Implementation::require_function_of_points(
    const std::string &what) const
  {
    require(!is_grid_operator(),
            what + " of a grid operator, expected a function of points");
  }



  at::Tensor
  Network::Implementation::as_points(const Block &points) const
  {
    require(points.extent(0) == n_inputs,
            "points have " + std::to_string(points.extent(0)) +
              " coordinates, expected " + std::to_string(n_inputs));
    return as_tensor(points);
  }



  void
  Network::Implementation::check_directions(const Block &V) const
  {
    require(V.extent(0) == n_parameters,
            "directions have " + std::to_string(V.extent(0)) +
              " rows, expected " + std::to_string(n_parameters));
  }



  at::Tensor
  Network::Implementation::scaled_input(const at::Tensor &x) const
  {
    at::Tensor input = x;
    if (input_shift.defined())
      input = input - input_shift;
    if (input_scale.defined())
      input = input * input_scale;
    return input;
  }



  at::Tensor
  Network::Implementation::evaluate(const std::vector<at::Tensor> &parameters,
                                    const at::Tensor              &x) const
  {
    at::Tensor value = graph->evaluate(parameters, scaled_input(x));
    if (output_scale.defined())
      value = value * output_scale;
    if (output_shift.defined())
      value = value + output_shift;
    return value;
  }
} // namespace lsr
