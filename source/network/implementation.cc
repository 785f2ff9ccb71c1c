// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/implementation.h"

namespace lsr
{
  namespace
  {
    /// Above this number of parameters outside of weight matrices the layered
    /// path, which treats them one by one, is not used.
    constexpr std::int64_t max_n_other = 256;
  } // namespace



  Network::Implementation::Implementation(torch::jit::Module module_,
                                          const std::string &name,
                                          const unsigned int n_inputs,
                                          const Scaling     &scaling)
    : module(std::move(module_))
    , name(name)
    , n_inputs(n_inputs)
    , scaling(scaling)
    , input_shift(as_tensor(scaling.input_shift, n_inputs, "input shift"))
    , input_scale(as_tensor(scaling.input_scale, n_inputs, "input scale"))
  {
    ensure_kokkos_initialized();
    require(n_inputs > 0, "a network needs at least one input");
    require(module.find_method("forward").has_value(),
            "the module has no function forward()");
    module.eval();
    module.to(block_options().device(), at::kDouble);
    graph = std::make_unique<FunctionalGraph>(module);
    theta = graph->parameters;
    lay_out_parameters();
  }



  void
  Network::Implementation::lay_out_parameters()
  {
    std::vector<std::int64_t> offsets;
    for (const at::Tensor &tensor : theta)
      {
        offsets.push_back(n_parameters);
        n_parameters += tensor.numel();
      }
    require(n_parameters > 0, "the module has no parameters");

    for (const auto &matrix : graph->matrices)
      matrices.push_back({theta[matrix.weight].size(0),
                          theta[matrix.weight].size(1),
                          offsets[matrix.weight],
                          matrix.has_bias ? offsets[matrix.bias] : -1});
    for (const std::size_t p : graph->others)
      {
        others.emplace_back(p, offsets[p]);
        n_other += theta[p].numel();
      }
    layered     = !matrices.empty() && n_other <= max_n_other;
    description = std::to_string(n_parameters) + " parameters, " +
                  std::to_string(graph->layers.size()) + " linear layers";
    if (layered)
      return;

    description += n_other > max_n_other ?
                     ", generic derivatives: " + std::to_string(n_other) +
                       " parameters are outside of linear layers" :
                     ", generic derivatives: no linear layers";
    // Random rank-one directions then move every matrix-like tensor.
    matrices.clear();
    others.clear();
    n_other = 0;
    for (std::size_t p = 0; p < theta.size(); ++p)
      if (theta[p].dim() >= 2)
        matrices.push_back({theta[p].size(0),
                            theta[p].numel() / theta[p].size(0),
                            offsets[p],
                            -1});
      else
        {
          others.emplace_back(p, offsets[p]);
          n_other += theta[p].numel();
        }
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
  Network::Implementation::check_correction(const Column &correction) const
  {
    require(correction.size() == 0 || correction.size() == n_parameters,
            "the correction has " + std::to_string(correction.size()) +
              " entries, expected " + std::to_string(n_parameters));
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
