// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/differentiation.h"
#include "network/implementation.h"
#include "network/memory_estimate.h"
#include "network/normal_block.h"

namespace lsr
{
  namespace
  {
    double
    relative_difference(const at::Tensor &a, const at::Tensor &b)
    {
      const double scale =
        std::max(a.abs().max().item<double>(), b.abs().max().item<double>());
      const double difference = (a - b).abs().max().item<double>();
      return scale > 0 ? difference / scale : difference;
    }
  } // namespace



  void
  Network::Implementation::probe(const unsigned int expected_outputs)
  {
    for (std::size_t p = 0; p < theta.size(); ++p)
      require(at::isfinite(theta[p]).all().item<bool>(),
              "parameter '" + graph->names[p] +
                "' has entries that are not finite");

    // Always the same few points, in the unit cube of the scaled inputs.
    std::mt19937_64                        generator(1);
    std::uniform_real_distribution<double> uniform(0.05, 0.95);
    constexpr int                          n_probe_points = 7;
    at::Tensor x = at::empty({n_probe_points, n_inputs}, at::kDouble);
    for (int i = 0; i < n_probe_points; ++i)
      for (unsigned int k = 0; k < n_inputs; ++k)
        x[i][k] = uniform(generator);
    x = x.to(block_options().device());

    const at::Tensor value = guarded(
      "evaluating it at points with " + std::to_string(n_inputs) +
        " coordinates failed (does it expect another number of inputs?)",
      [&]() { return graph->evaluate(theta, x); });
    n_outputs = value.size(1);
    require(n_outputs > 0, "the network has 0 outputs");
    require(expected_outputs == 0 || n_outputs == expected_outputs,
            "the network has " + std::to_string(n_outputs) +
              " outputs, expected " + std::to_string(expected_outputs));
    require(value.scalar_type() == at::kDouble,
            std::string("forward() returns ") +
              c10::toString(value.scalar_type()) +
              " although parameters and points are float64: remove casts to "
              "lower precision");
    output_shift = as_tensor(scaling.output_shift, n_outputs, "output shift");
    output_scale = as_tensor(scaling.output_scale, n_outputs, "output scale");

    probe_values(x);
    probe_derivatives(x);
    if (layered)
      probe_layers(x);
    if (graph->subnetworks)
      probe_subnetworks(x);
    measure_memory(x);
  }



  void
  Network::Implementation::probe_values(const at::Tensor &x)
  {
    const at::Tensor value = evaluate(theta, x);
    require(at::isfinite(value).all().item<bool>(),
            "values are not finite at probe points in [0,1]^" +
              std::to_string(n_inputs));
    // So many that dropout cannot choose the same units twice.
    const at::Tensor many = x.repeat({10, 1});
    require(at::equal(evaluate(theta, many), evaluate(theta, many)),
            "two evaluations at the same points differ: forward() must be "
            "deterministic (random numbers, dropout?)");

    const at::Tensor front = evaluate(theta, x.narrow(0, 0, 3));
    const at::Tensor alone = evaluate(theta, x.narrow(0, 2, 1));
    require(front.size(0) == 3 && alone.size(0) == 1 &&
              relative_difference(front, value.narrow(0, 0, 3)) < 1e-10 &&
              relative_difference(alone, value.narrow(0, 2, 1)) < 1e-10,
            "the value at a point depends on other points or on the size of "
            "the batch: every point must be treated independently");
  }



  void
  Network::Implementation::probe_derivatives(const at::Tensor &x)
  {
    const auto variables = leaves(theta);
    require(evaluate(variables, x).requires_grad(),
            "the network is not differentiable: no gradient reaches its "
            "parameters (detached, cast to integers, no_grad?)");

    std::mt19937_64 generator(2);
    const auto      random = [&](const std::int64_t n) {
      const Block block = normal_block(n, 1, generator);
      return as_tensor(block).select(0, 0).clone();
    };
    // Relative to the parameters: units that training has all but switched off
    // are at the kink of ReLU, and absolute changes would cross it.
    std::vector<at::Tensor> pieces;
    for (const at::Tensor &tensor : theta)
      pieces.push_back(tensor.flatten().abs());
    const at::Tensor size = at::cat(pieces);
    const at::Tensor v =
      random(n_parameters) * at::where(size > 0, size, at::ones_like(size));
    const at::Tensor u =
      random(x.size(0) * n_outputs).view({x.size(0), n_outputs});

    const at::Tensor Jv = push_forward(x, v);
    at::Tensor JTu = at::zeros({std::int64_t(n_parameters)}, block_options());
    pull_back(x, u, JTu);
    require(JTu.abs().max().item<double>() > 0,
            "the network is not differentiable: all derivatives with respect "
            "to its parameters vanish");

    const double forward = (u * Jv).sum().item<double>();
    const double reverse = (JTu * v).sum().item<double>();
    const double scale   = (u.norm() * Jv.norm()).item<double>();
    require(std::abs(forward - reverse) <= 1e-8 * scale,
            "forward- and reverse-mode derivatives of the network differ");

    // Operations that hide part of the gradient show against differences.
    const double h     = 1e-7;
    const auto   moved = [&](const double step) {
      auto       parameters = theta;
      const auto pieces     = split_like(v, theta);
      for (std::size_t p = 0; p < theta.size(); ++p)
        parameters[p] = theta[p] + step * pieces[p];
      return evaluate(parameters, x);
    };
    const at::Tensor difference = (moved(h) - moved(-h)) / (2 * h);
    require((difference - Jv).norm().item<double>() <=
              1e-2 * Jv.norm().item<double>() + 1e-6,
            "derivatives of the network disagree with finite differences: "
            "part of it is not differentiable (rounding, detach, no_grad?)");
  }



  at::Tensor
  Network::Implementation::pull_back_layers(const at::Tensor &x,
                                            const at::Tensor &u) const
  {
    const Factors f  = factors(x, u.unsqueeze(1));
    at::Tensor found = at::zeros({std::int64_t(n_parameters)}, block_options());
    for (std::size_t l = 0; l < f.a.size(); ++l)
      {
        const MatrixLayout &matrix = matrix_of(l);
        const at::Tensor    product =
          f.delta[l].flatten(1).mm(f.a[l].flatten(1).t());
        found.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
          .add_(product.narrow(1, 0, matrix.n_columns).reshape({-1}));
        if (matrix.has_bias())
          found.narrow(0, matrix.bias_offset, matrix.n_rows)
            .add_(product.select(1, matrix.n_columns));
      }
    for (const OtherParameter &other : others)
      found.narrow(0, other.offset, other.count)
        .copy_(f.other.narrow(0, other.row, other.count).sum({1, 2}));
    return found;
  }



  void
  Network::Implementation::probe_layers(const at::Tensor &x)
  {
    // However the layers are used, the generic path is the reference.
    std::string     reason;
    std::mt19937_64 generator(3);
    try
      {
        const Block weights = normal_block(x.size(0), n_outputs, generator);
        const at::Tensor u  = as_tensor(weights).t();
        at::Tensor       expected =
          at::zeros({std::int64_t(n_parameters)}, block_options());
        pull_back(x, u, expected);
        if (relative_difference(pull_back_layers(x, u), expected) > 1e-10)
          reason = "layers overwritten in place, used in loops, or not applied "
                   "point by point";
      }
    catch (const std::exception &error)
      {
        reason = essence(error.what());
      }
    if (!reason.empty())
      {
        graph->layers = {};
        lay_out_parameters(reason);
      }
  }



  void
  Network::Implementation::probe_subnetworks(const at::Tensor &x)
  {
    // Points that share inputs: those of each subnetwork in turn come from the
    // first point.
    at::Tensor points = x.clone();
    for (std::size_t g = 0; g < graph->subnetworks->subnetworks.size(); ++g)
      for (const std::int64_t column :
           graph->subnetworks->subnetworks[g].columns)
        points[g + 1][column] = x[0][column];

    bool agree = false;
    try
      {
        std::mt19937_64  generator(4);
        const Block      direction = normal_block(n_parameters, 1, generator);
        const at::Tensor V         = as_tensor(direction);
        agree =
          relative_difference(separated_product(points, V)[0],
                              push_forward(points, V[0]).reshape({-1})) < 1e-10;
      }
    catch (const std::exception &)
      {
        // Subnetworks that cannot be used are not.
      }
    if (!agree)
      {
        graph->subnetworks.reset();
        return;
      }
    description += ", subnetworks of";
    for (const auto &subnetwork : graph->subnetworks->subnetworks)
      description +=
        (&subnetwork == &graph->subnetworks->subnetworks[0] ? " " : " and ") +
        std::to_string(subnetwork.columns.size());
    description += " inputs";
  }



  void
  Network::Implementation::measure_memory(const at::Tensor &x)
  {
    n_numbers =
      count_computed_numbers([&]() { evaluate(theta, x); }) / x.size(0);
    if (!layered)
      return;
    const Factors f = factors(x.narrow(0, 0, 1));
    for (std::size_t l = 0; l < f.a.size(); ++l)
      {
        n_positions.push_back(f.a[l].size(2));
        n_factor_numbers += f.a[l].numel() + f.delta[l].numel();
      }
    n_factor_numbers += f.other.numel() + 2 * n_numbers;
  }
} // namespace lsr
