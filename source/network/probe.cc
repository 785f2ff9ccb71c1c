// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <sstream>

#include "network/differentiation.h"
#include "network/implementation.h"
#include "network/memory_estimate.h"
#include "network/normal_block.h"
#include "network/sample_sizes.h"

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



  std::vector<at::Tensor>
  Network::Implementation::sets_of_probe_points(const Block &points) const
  {
    const std::int64_t      n = is_grid_operator() ? 1 : 64;
    std::vector<at::Tensor> sets;
    if (points.extent(1) > 0)
      {
        const at::Tensor all    = as_points(points);
        const auto       stride = std::max<std::int64_t>(1, all.size(0) / n);
        sets.push_back(all.slice(0, 0, stride * n, stride).contiguous());
      }

    // Always the same points; the unit cube first, then where logarithms and
    // networks in other units may live.
    std::mt19937_64                        generator(1);
    std::uniform_real_distribution<double> uniform(0.05, 0.95);
    const HostBlock                        unit("points", n_inputs, n);
    for (std::size_t i = 0; i < unit.extent(1); ++i)
      for (std::size_t k = 0; k < unit.extent(0); ++k)
        unit(k, i) = uniform(generator);
    const at::Tensor x = as_tensor(to_memory_space(unit)).clone();
    for (const auto &[low, high] : {std::pair(0., 1.),
                                    std::pair(-1., 1.),
                                    std::pair(1., 2.),
                                    std::pair(2., 3.),
                                    std::pair(0., 10.),
                                    std::pair(-10., 0.),
                                    std::pair(10., 100.),
                                    std::pair(100., 1000.),
                                    std::pair(-1000., -100.)})
      sets.push_back(low + (high - low) * x);
    return sets;
  }



  std::string
  Network::Implementation::explain_failure(const std::string &message) const
  {
    if (is_grid_operator())
      return "forward() fails for a sample of sizes " +
             describe_sample(sample_sizes) + ": " + message;
    const std::int64_t width = graph->signature.first_width;
    if (width > 0 && width != n_inputs)
      return "points have " + std::to_string(n_inputs) +
             " coordinates, but the first layer of the network takes another "
             "number of inputs, " +
             std::to_string(width) + " (" + message + ")";
    for (const std::int64_t n : graph->program_numbers)
      if (n > 1 && n <= 65536)
        try
          {
            graph->evaluate(theta,
                            at::full({n, n_inputs}, 0.5, block_options()));
            return "forward() works for " + std::to_string(n) +
                   " points and no other number: the size of the batch that "
                   "it was traced with is part of its program (as in "
                   "x.view(len(x), 1)); write -1 in its place, or use "
                   "torch.jit.script";
          }
        catch (const std::exception &)
          {
            // It is not that.
          }
    return "forward() fails at points with " + std::to_string(n_inputs) +
           " coordinates: " + message;
  }



  void
  Network::Implementation::require_finite(const at::Tensor &x,
                                          const at::Tensor &value) const
  {
    const at::Tensor bad = at::isfinite(value).all(1).logical_not();
    if (!bad.any().item<bool>())
      return;
    const auto point = bad.nonzero()[0].item<std::int64_t>();
    require(!is_grid_operator(),
            "values are not finite for the sample that the network is probed "
            "at");
    std::ostringstream text;
    for (unsigned int k = 0; k < n_inputs; ++k)
      text << (k == 0 ? "(" : ", ") << x[point][k].item<double>();
    throw Error("values are not finite, such as that at the point " +
                text.str() + ")");
  }



  at::Tensor
  Network::Implementation::choose_probe_points(const Block &points)
  {
    constexpr std::int64_t n_probe_points = 7;
    std::string            failure;
    at::Tensor             first, first_value, without_derivatives;
    for (const at::Tensor &x : sets_of_probe_points(points))
      {
        at::Tensor value;
        try
          {
            value = graph->evaluate(theta, scaled_input(x));
          }
        catch (const Error &error)
          {
            if (failure.empty())
              failure = error.what();
            continue;
          }
        catch (const std::exception &error)
          {
            if (failure.empty())
              failure = explain_failure(essence(error.what()));
            continue;
          }
        if (!first.defined())
          {
            first       = x;
            first_value = value;
          }
        if (value.size(1) == 0 || !value.is_floating_point())
          return x.narrow(0, 0, std::min(n_probe_points, x.size(0)));
        const at::Tensor finite =
          at::isfinite(value).all(1).nonzero().flatten();
        if (finite.size(0) < std::min(n_probe_points, x.size(0)))
          continue;
        const at::Tensor some =
          x.index_select(0, finite.slice(0, 0, n_probe_points));
        const auto variables = leaves(theta);
        const auto result    = graph->evaluate(variables, scaled_input(some));
        if (result.requires_grad())
          for (const at::Tensor &g :
               gradient(result.square().sum() + result.sum(), variables))
            if ((g != 0).any().item<bool>())
              return some;
        if (!without_derivatives.defined())
          without_derivatives = some;
      }
    require(first.defined(), failure);
    if (!without_derivatives.defined())
      require_finite(first, first_value);
    return without_derivatives.defined() ? without_derivatives : first;
  }



  void
  Network::Implementation::probe(
    const std::optional<unsigned int> expected_outputs,
    const Block                      &points)
  {
    for (std::size_t p = 0; p < theta.size(); ++p)
      require(at::isfinite(theta[p]).all().item<bool>(),
              "parameter '" + graph->names[p] +
                "' has entries that are not finite");

    const at::Tensor x     = choose_probe_points(points);
    const at::Tensor value = graph->evaluate(theta, scaled_input(x));
    n_outputs              = value.size(1);
    require(!value.is_complex(),
            "forward() returns complex numbers: have it return their real and "
            "imaginary parts (torch.view_as_real)");
    require(n_outputs > 0, "the network has 0 outputs");
    require(!expected_outputs || n_outputs == *expected_outputs,
            "the network has " + std::to_string(n_outputs) +
              " outputs, expected " +
              std::to_string(expected_outputs.value_or(0)));
    require(value.scalar_type() == at::kDouble,
            std::string("forward() returns ") +
              c10::toString(value.scalar_type()) +
              " although parameters and points are float64: remove casts to "
              "lower precision");
    output_shift =
      scaling_tensor(scaling.output_shift, n_outputs, "output shift");
    output_scale =
      scaling_tensor(scaling.output_scale, n_outputs, "output scale");
    if (points.extent(1) > 0)
      {
        probe_points = make_block(n_inputs, x.size(0));
        as_tensor(probe_points).copy_(x);
      }

    probe_values(x);
    probe_derivatives(x);
    if (is_grid_operator())
      probe_block(x);
    if (layered)
      probe_layers(x);
    if (graph->subnetworks)
      probe_subnetworks(x);
    measure_memory(x);
    for (const std::string &remark : graph->remarks)
      description += "; " + remark;
  }



  void
  Network::Implementation::probe_values(const at::Tensor &x)
  {
    const at::Tensor value = evaluate(theta, x);
    require_finite(x, value);
    // So many that dropout cannot choose the same units twice.
    const at::Tensor many = is_grid_operator() ? x : x.repeat({10, 1});
    require(at::equal(evaluate(theta, many), evaluate(theta, many)),
            "two evaluations at the same points differ: forward() must be "
            "deterministic (random numbers, dropout?)");

    if (is_grid_operator())
      return;
    require_independence(x, 1e-10);
    // Elsewhere, too: ReLU may hide it in the unit cube.
    for (const at::Tensor &set : sets_of_probe_points(Block()))
      {
        const at::Tensor others = set.narrow(0, 0, x.size(0));
        at::Tensor       there;
        try
          {
            there = evaluate(theta, others);
          }
        catch (const std::exception &)
          {
            continue; // outside of its domain
          }
        if (at::isfinite(there).all().item<bool>())
          require_independence(others, 1e-6);
      }
  }



  void
  Network::Implementation::require_independence(const at::Tensor &x,
                                                const double tolerance) const
  {
    const at::Tensor   value = evaluate(theta, x);
    const std::int64_t few   = std::min<std::int64_t>(3, x.size(0));
    const at::Tensor   front = evaluate(theta, x.narrow(0, 0, few));
    const at::Tensor   alone = evaluate(theta, x.narrow(0, few - 1, 1));
    require(front.size(0) == few && alone.size(0) == 1 &&
              relative_difference(front, value.narrow(0, 0, few)) < tolerance &&
              relative_difference(alone, value.narrow(0, few - 1, 1)) <
                tolerance,
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

    at::Tensor Jv;
    try
      {
        Jv = push_forward(x, v);
      }
    catch (const c10::Error &)
      {
        has_forward_mode = false;
        Jv               = push_forward(x, v);
      }
    at::Tensor JTu = at::zeros({std::int64_t(n_parameters)}, block_options());
    pull_back(x, u.unsqueeze(0), JTu.unsqueeze(0));
    require(at::isfinite(JTu).all().item<bool>() &&
              at::isfinite(Jv).all().item<bool>(),
            "derivatives with respect to parameters are not finite although "
            "values are: somewhere in forward() is a function that has none "
            "(such as sqrt at 0 or behind torch.where: choose its argument, "
            "not its value, by torch.where)");
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
  Network::Implementation::push_forward_layers(const at::Tensor &x,
                                               const at::Tensor &v) const
  {
    const Factors f       = factors(x);
    at::Tensor    product = at::zeros({x.size(0), n_outputs}, block_options());
    for (std::size_t l = 0; l < f.a.size(); ++l)
      {
        const MatrixLayout &matrix = matrix_of(l);
        at::Tensor          direction =
          v.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
            .view({matrix.n_rows, matrix.n_columns});
        if (matrix.has_bias())
          direction = at::cat(
            {direction,
             v.narrow(0, matrix.bias_offset, matrix.n_rows).unsqueeze(1)},
            1);
        const at::Tensor moved =
          direction.mm(f.a[l].flatten(1))
            .view({matrix.n_rows, x.size(0), 1, f.a[l].size(2)});
        product.add_((f.delta[l] * moved).sum(at::IntArrayRef{0, 3}));
      }
    for (const OtherParameter &other : others)
      product.add_((f.other.narrow(0, other.row, other.count) *
                    v.narrow(0, other.offset, other.count).view({-1, 1, 1}))
                     .sum(0));
    return product;
  }



  void
  Network::Implementation::probe_layers(const at::Tensor &x)
  {
    // However the layers are used, the generic path is the reference.
    std::string     reason;
    std::mt19937_64 generator(3);
    try
      {
        // Point by point: sums over points would not show that a layer sees
        // points where positions are expected.
        const Block      direction = normal_block(n_parameters, 1, generator);
        const at::Tensor v         = as_tensor(direction)[0];
        if (relative_difference(push_forward_layers(x, v), push_forward(x, v)) >
            1e-10)
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
  Network::Implementation::probe_block(const at::Tensor &x)
  {
    constexpr std::int64_t n_directions = 3;
    std::mt19937_64        generator(5);
    const Block block  = normal_block(n_parameters, n_directions, generator);
    const at::Tensor V = as_tensor(block);
    std::string      reason;
    try
      {
        const at::Tensor product = push_block_forward(x, V);
        for (std::int64_t j = 0; j < n_directions; ++j)
          if (relative_difference(product[j], push_forward(x, V[j]).flatten()) >
              1e-10)
            reason = "they are wrong many at once";
      }
    catch (const std::exception &error)
      {
        reason = essence(error.what());
      }
    batches_directions = reason.empty();
    description += batches_directions ? ", many directions at once" :
                                        ", one direction at a time: " + reason;
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
    const ComputedNumbers computed =
      count_computed_numbers([&]() { evaluate(theta, x); });
    n_numbers = computed.total / x.size(0);
    if (is_grid_operator())
      {
        // One sample at a time.
        n_numbers              = std::max(n_numbers, memory_budget);
        n_directions_at_a_time = std::clamp<std::int64_t>(
          (std::int64_t(1) << 21) / std::max<std::int64_t>(computed.largest, 1),
          1,
          64);
        return;
      }
    // Their number grows with that of the points: few at a time.
    if (graph->computes_products)
      n_numbers = std::max<std::int64_t>(n_numbers, 1 << 17);
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
