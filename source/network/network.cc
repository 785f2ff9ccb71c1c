// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/network.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/forward_grad.h>

#include <algorithm>
#include <random>

#include "network/implementation.h"

// Where BLAS is OpenBLAS, its threads are its own.
extern "C" void
openblas_set_num_threads(int) __attribute__((weak));

namespace lsr
{
  namespace
  {
    /// Points in a batch: bounds the memory of intermediate results.
    constexpr std::int64_t batch_size = 4096;

    /// Points in a batch of layer products: their r columns stay in cache.
    constexpr std::int64_t product_batch_size = 512;

    /// Above this number of parameters outside of weight matrices the layered
    /// path, which treats them one by one, is not used.
    constexpr std::int64_t max_n_other = 256;



    /// Call function(first, count) for consecutive pieces of n points.
    template <typename Function>
    void
    for_each_batch(const std::int64_t n,
                   const std::int64_t size,
                   const Function    &function)
    {
      for (std::int64_t first = 0; first < n; first += size)
        function(first, std::min(size, n - first));
    }



    at::Tensor
    scaling_tensor(const std::vector<double> &values,
                   const unsigned int         n,
                   const std::string         &what)
    {
      if (values.empty())
        return at::Tensor();
      require(values.size() == n,
              what + " has " + std::to_string(values.size()) +
                " entries, expected " + std::to_string(n));
      return at::tensor(values, block_options());
    }



    /// Enters a level of forward-mode automatic differentiation.
    class DualLevel
    {
    public:
      DualLevel()
        : level(torch::autograd::forward_ad::enter_dual_level())
      {}

      ~DualLevel()
      {
        torch::autograd::forward_ad::exit_dual_level(level);
      }

      DualLevel(const DualLevel &) = delete;
      DualLevel &
      operator=(const DualLevel &) = delete;

      std::vector<at::Tensor>
      dual(const std::vector<at::Tensor> &primal,
           const at::Tensor              &flat_tangent) const
      {
        const auto              tangent = split_like(flat_tangent, primal);
        std::vector<at::Tensor> result;
        for (std::size_t i = 0; i < primal.size(); ++i)
          result.push_back(at::_make_dual(primal[i], tangent[i], level));
        return result;
      }

      /// The tangent of @p value; zeros if it does not depend on the duals.
      at::Tensor
      tangent(const at::Tensor &value) const
      {
        const at::Tensor tangent = std::get<1>(at::_unpack_dual(value, level));
        return tangent.defined() ? tangent : at::zeros_like(value);
      }

    private:
      std::uint64_t level;
    };



    std::vector<at::Tensor>
    leaves(const std::vector<at::Tensor> &tensors)
    {
      std::vector<at::Tensor> result;
      for (const at::Tensor &tensor : tensors)
        result.push_back(tensor.detach().requires_grad_());
      return result;
    }



    /// Derivatives of a scalar; zeros for what it does not depend on.
    std::vector<at::Tensor>
    gradient(const at::Tensor              &scalar,
             const std::vector<at::Tensor> &variables,
             const bool                     keep_graph     = false,
             const bool                     differentiable = false)
    {
      if (!scalar.requires_grad())
        {
          std::vector<at::Tensor> zeros;
          for (const at::Tensor &variable : variables)
            zeros.push_back(at::zeros_like(variable));
          return zeros;
        }
      auto result = torch::autograd::grad({scalar},
                                          variables,
                                          {},
                                          keep_graph || differentiable,
                                          differentiable,
                                          /* allow_unused = */ true);
      for (std::size_t i = 0; i < result.size(); ++i)
        if (!result[i].defined())
          result[i] = at::zeros_like(variables[i]);
      return result;
    }



    double
    relative_difference(const at::Tensor &a, const at::Tensor &b)
    {
      const double scale =
        std::max(a.abs().max().item<double>(), b.abs().max().item<double>());
      const double difference = (a - b).abs().max().item<double>();
      return scale > 0 ? difference / scale : difference;
    }



    Block
    normal_block(const std::int64_t n_rows,
                 const std::int64_t n_columns,
                 std::mt19937_64   &generator)
    {
      Kokkos::View<double **, Kokkos::LayoutLeft, Kokkos::HostSpace> host(
        "random", n_rows, n_columns);
      std::normal_distribution<double> normal;
      for (std::int64_t j = 0; j < n_columns; ++j)
        for (std::int64_t i = 0; i < n_rows; ++i)
          host(i, j) = normal(generator);
      const Block block = make_block(n_rows, n_columns);
      Kokkos::deep_copy(block, host);
      return block;
    }
  } // namespace



  Network::Implementation::Implementation(torch::jit::Module module_,
                                          const std::string &name,
                                          const unsigned int n_inputs,
                                          const Scaling     &scaling)
    : module(std::move(module_))
    , name(name)
    , n_inputs(n_inputs)
    , scaling(scaling)
    , input_shift(scaling_tensor(scaling.input_shift, n_inputs, "input shift"))
    , input_scale(scaling_tensor(scaling.input_scale, n_inputs, "input scale"))
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
  Network::Implementation::evaluate(const std::vector<at::Tensor> &parameters,
                                    const at::Tensor              &x) const
  {
    at::Tensor input = x;
    if (input_shift.defined())
      input = input - input_shift;
    if (input_scale.defined())
      input = input * input_scale;
    at::Tensor value = graph->evaluate(parameters, input);
    if (output_scale.defined())
      value = value * output_scale;
    if (output_shift.defined())
      value = value + output_shift;
    return value;
  }



  at::Tensor
  Network::Implementation::push_forward(const at::Tensor &x,
                                        const at::Tensor &direction) const
  {
    const DualLevel level;
    return level.tangent(evaluate(level.dual(theta, direction), x));
  }



  void
  Network::Implementation::pull_back(const at::Tensor &x,
                                     const at::Tensor &u,
                                     const at::Tensor &product) const
  {
    const auto variables = leaves(theta);
    const auto gradients =
      gradient((evaluate(variables, x) * u).sum(), variables);
    const auto pieces = split_like(product, theta);
    for (std::size_t p = 0; p < theta.size(); ++p)
      pieces[p].add_(gradients[p]);
  }



  Network::Implementation::Factors
  Network::Implementation::factors(const at::Tensor &x) const
  {
    at::Tensor input = x;
    if (input_shift.defined())
      input = input - input_shift;
    if (input_scale.defined())
      input = input * input_scale;

    const auto         variables = leaves(theta);
    const auto         trace     = graph->trace(variables, input);
    const std::int64_t n_points  = x.size(0);

    Factors factors;
    for (std::size_t l = 0; l < graph->layers.size(); ++l)
      {
        const MatrixLayout &matrix = matrices[graph->layers[l].matrix];
        require(trace.layer_inputs[l].dim() == 2 &&
                  trace.layer_inputs[l].size(0) == n_points,
                "a linear layer is not applied to one vector per point");
        at::Tensor a = trace.layer_inputs[l].detach().t();
        if (matrix.bias_offset >= 0)
          a = at::cat({a, at::ones({1, n_points}, a.options())});
        factors.a.push_back(a.contiguous());
      }

    for (unsigned int c = 0; c < n_outputs; ++c)
      {
        // Points do not see each other, so one backward pass of the sum gives
        // the derivatives at every point.
        at::Tensor sum = trace.value.select(1, c).sum();
        if (output_scale.defined())
          sum = sum * output_scale[c];
        factors.delta.emplace_back();
        for (const at::Tensor &delta :
             gradient(sum, trace.layer_outputs, /* keep_graph = */ true))
          factors.delta.back().push_back(delta.t().contiguous());
        factors.other.push_back(
          at::empty({n_other, n_points}, block_options()));
      }

    // One forward-mode pass for each parameter outside of the layers.
    std::int64_t row = 0;
    for (const auto &[p, offset] : others)
      for (std::int64_t i = 0; i < theta[p].numel(); ++i, ++row)
        {
          at::Tensor direction =
            at::zeros({std::int64_t(n_parameters)}, block_options());
          direction[offset + i]       = 1.;
          const at::Tensor derivative = push_forward(x, direction);
          for (unsigned int c = 0; c < n_outputs; ++c)
            factors.other[c].select(0, row).copy_(derivative.select(1, c));
        }
    return factors;
  }



  at::Tensor
  Network::Implementation::differentiable_prediction(
    const at::Tensor &x,
    const Column     &correction) const
  {
    if (correction.size() == 0)
      return evaluate(theta, x);

    // J v as the derivative of u -> v^T J^T u: reverse mode twice can be
    // differentiated further, while forward mode of some activations cannot.
    const auto       variables = leaves(theta);
    const at::Tensor value     = evaluate(variables, x);
    const at::Tensor u   = at::zeros_like(value).detach().requires_grad_();
    const auto       JTu = gradient((value * u).sum(), variables, true, true);
    const auto       v   = split_like(as_tensor(correction), theta);
    at::Tensor       product = at::zeros({}, block_options());
    for (std::size_t p = 0; p < v.size(); ++p)
      product = product + (JTu[p] * v[p]).sum();
    return value + gradient(product, {u}, true, true)[0];
  }



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
    output_shift =
      scaling_tensor(scaling.output_shift, n_outputs, "output shift");
    output_scale =
      scaling_tensor(scaling.output_scale, n_outputs, "output scale");

    probe_values(x);
    probe_derivatives(x);
    if (layered)
      probe_layers(x);
  }



  void
  Network::Implementation::probe_values(const at::Tensor &x)
  {
    const at::Tensor value = evaluate(theta, x);
    require(at::isfinite(value).all().item<bool>(),
            "values are not finite at probe points in [0,1]^" +
              std::to_string(n_inputs));
    require(at::equal(value, evaluate(theta, x)),
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
    const at::Tensor v = random(n_parameters);
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
    const double h     = 1e-6;
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



  void
  Network::Implementation::probe_layers(const at::Tensor &x)
  {
    // Whatever the layers are used for, the generic path is the judge.
    std::string reason;
    try
      {
        const Factors f = factors(x);
        for (unsigned int c = 0; c < n_outputs && reason.empty(); ++c)
          {
            at::Tensor u = at::zeros({x.size(0), n_outputs}, block_options());
            u.select(1, c).fill_(1.);
            at::Tensor expected =
              at::zeros({std::int64_t(n_parameters)}, block_options());
            pull_back(x, u, expected);

            at::Tensor found = at::zeros_like(expected);
            for (std::size_t l = 0; l < graph->layers.size(); ++l)
              {
                const MatrixLayout &matrix  = matrices[graph->layers[l].matrix];
                const at::Tensor    product = f.delta[c][l].mm(f.a[l].t());
                found.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
                  .add_(product.narrow(1, 0, matrix.n_columns).reshape({-1}));
                if (matrix.bias_offset >= 0)
                  found.narrow(0, matrix.bias_offset, matrix.n_rows)
                    .add_(product.select(1, matrix.n_columns));
              }
            std::int64_t row = 0;
            for (const auto &[p, offset] : others)
              for (std::int64_t i = 0; i < theta[p].numel(); ++i, ++row)
                found[offset + i] = f.other[c][row].sum();
            if (relative_difference(found, expected) > 1e-10)
              reason = "linear layers overwritten in place or used in loops";
          }
      }
    catch (const std::exception &error)
      {
        reason = essence(error.what());
      }
    if (reason.empty())
      return;
    graph->matrices.clear();
    matrices.clear();
    others.clear();
    n_other      = 0;
    n_parameters = 0;
    graph->layers.clear();
    graph->others.clear();
    lay_out_parameters();
    description = std::to_string(n_parameters) +
                  " parameters, generic derivatives: " + reason;
  }



  Network::Network(std::unique_ptr<Implementation> implementation)
    : implementation(std::move(implementation))
  {}



  Network::Network(Network &&) noexcept = default;



  Network &
  Network::operator=(Network &&) noexcept = default;



  Network::~Network() = default;



  Network
  Network::clone() const
  {
    return guarded(implementation->name, [&]() {
      auto copy =
        std::make_unique<Implementation>(implementation->module.deepcopy(),
                                         implementation->name,
                                         implementation->n_inputs,
                                         implementation->scaling);
      copy->probe(implementation->n_outputs);
      return Network(std::move(copy));
    });
  }



  const Network::Scaling &
  Network::scaling() const
  {
    return implementation->scaling;
  }



  unsigned int
  Network::n_inputs() const
  {
    return implementation->n_inputs;
  }



  unsigned int
  Network::n_outputs() const
  {
    return implementation->n_outputs;
  }



  std::size_t
  Network::n_parameters() const
  {
    return implementation->n_parameters;
  }



  bool
  Network::layered() const
  {
    return implementation->layered;
  }



  std::string
  Network::description() const
  {
    return implementation->description;
  }



  Column
  Network::parameters() const
  {
    const Column theta  = make_column(n_parameters());
    const auto   pieces = split_like(as_tensor(theta), implementation->theta);
    for (std::size_t p = 0; p < pieces.size(); ++p)
      pieces[p].copy_(implementation->theta[p]);
    return theta;
  }



  void
  Network::set_parameters(const Column &theta)
  {
    require(theta.size() == n_parameters(),
            "set_parameters: got " + std::to_string(theta.size()) +
              " parameters, expected " + std::to_string(n_parameters()));
    const auto pieces = split_like(as_tensor(theta), implementation->theta);
    for (std::size_t p = 0; p < pieces.size(); ++p)
      implementation->theta[p].copy_(pieces[p]);
  }



  void
  Network::evaluate(const Block  &points,
                    const Column &values,
                    const Column &correction) const
  {
    guarded(implementation->name, [&]() {
      implementation->check_correction(correction);
      const at::Tensor x = implementation->as_points(points);
      const at::Tensor q = as_tensor(values).view({x.size(0), n_outputs()});
      for_each_batch(
        x.size(0), batch_size, [&](const auto first, const auto n) {
          const at::Tensor batch = x.narrow(0, first, n);
          const at::Tensor rows  = q.narrow(0, first, n);
          rows.copy_(implementation->evaluate(implementation->theta, batch));
          if (correction.size() > 0)
            rows.add_(
              implementation->push_forward(batch, as_tensor(correction)));
        });
    });
  }



  void
  Network::evaluate_gradients(const Block  &points,
                              const Block  &gradients,
                              const Column &correction) const
  {
    guarded(implementation->name, [&]() {
      implementation->check_correction(correction);
      const at::Tensor x = implementation->as_points(points);
      const at::Tensor result =
        as_tensor(gradients).view({x.size(0), n_outputs(), n_inputs()});
      for_each_batch(
        x.size(0), batch_size, [&](const auto first, const auto n) {
          const at::Tensor batch =
            x.narrow(0, first, n).clone().requires_grad_();
          const at::Tensor value =
            implementation->differentiable_prediction(batch, correction);
          for (unsigned int c = 0; c < n_outputs(); ++c)
            result.narrow(0, first, n)
              .select(1, c)
              .copy_(gradient(value.select(1, c).sum(), {batch}, true)[0]);
        });
    });
  }



  void
  Network::evaluate_laplacians(const Block       &points,
                               const unsigned int n_space,
                               const Column      &laplacians,
                               const Column      &correction) const
  {
    guarded(implementation->name, [&]() {
      implementation->check_correction(correction);
      require(n_space <= n_inputs(),
              "Laplacian over " + std::to_string(n_space) + " of " +
                std::to_string(n_inputs()) + " inputs");
      const at::Tensor x = implementation->as_points(points);
      const at::Tensor result =
        as_tensor(laplacians).view({x.size(0), n_outputs()});
      result.zero_();
      for_each_batch(
        x.size(0), batch_size, [&](const auto first, const auto n) {
          const at::Tensor batch =
            x.narrow(0, first, n).clone().requires_grad_();
          const at::Tensor value =
            implementation->differentiable_prediction(batch, correction);
          for (unsigned int c = 0; c < n_outputs(); ++c)
            {
              const at::Tensor slope =
                gradient(value.select(1, c).sum(), {batch}, true, true)[0];
              for (unsigned int k = 0; k < n_space; ++k)
                result.narrow(0, first, n)
                  .select(1, c)
                  .add_(gradient(slope.select(1, k).sum(), {batch}, true)[0]
                          .select(1, k));
            }
        });
    });
  }



  void
  Network::jacobian_times(const Block &points,
                          const Block &V,
                          const Block &JV) const
  {
    guarded(implementation->name, [&]() {
      require(V.extent(0) == n_parameters(),
              "directions have " + std::to_string(V.extent(0)) +
                " rows, expected " + std::to_string(n_parameters()));
      const at::Tensor   x          = implementation->as_points(points);
      const at::Tensor   directions = as_tensor(V), product = as_tensor(JV);
      const std::int64_t k = n_outputs();
      for_each_batch(
        x.size(0), batch_size, [&](const auto first, const auto n) {
          for (std::int64_t j = 0; j < directions.size(0); ++j)
            product.select(0, j)
              .narrow(0, first * k, n * k)
              .copy_(implementation
                       ->push_forward(x.narrow(0, first, n), directions[j])
                       .reshape({-1}));
        });
    });
  }



  void
  Network::transposed_jacobian_times(const Block &points,
                                     const Block &U,
                                     const Block &JTU) const
  {
    guarded(implementation->name, [&]() {
      const at::Tensor   x = implementation->as_points(points);
      const at::Tensor   u = as_tensor(U), product = as_tensor(JTU);
      const std::int64_t k = n_outputs();
      product.zero_();
      for_each_batch(x.size(0),
                     batch_size,
                     [&](const auto first, const auto n) {
                       for (std::int64_t j = 0; j < u.size(0); ++j)
                         implementation->pull_back(
                           x.narrow(0, first, n),
                           u[j].narrow(0, first * k, n * k).view({n, k}),
                           product[j]);
                     });
    });
  }



  void
  Network::jacobian_rows(const Block &points, const Block &J) const
  {
    guarded(implementation->name, [&]() {
      require(layered(), "explicit Jacobian rows need a layered network");
      const auto        &self = *implementation;
      const at::Tensor   x    = self.as_points(points);
      const std::int64_t k    = n_outputs();
      const at::Tensor   rows = as_tensor(J); // [m, n]
      rows.zero_();
      for_each_batch(
        x.size(0), batch_size, [&](const auto first, const auto n) {
          const auto f = self.factors(x.narrow(0, first, n));
          for (std::int64_t c = 0; c < k; ++c)
            {
              // Rows of output c are k apart.
              const auto of_output = [&](const std::int64_t offset,
                                         const std::int64_t count) {
                return rows.narrow(0, offset, count)
                  .slice(1, first * k + c, (first + n) * k, k);
              };
              for (std::size_t l = 0; l < self.graph->layers.size(); ++l)
                {
                  const auto &matrix =
                    self.matrices[self.graph->layers[l].matrix];
                  const auto &delta = f.delta[c][l];
                  const auto  a     = f.a[l].narrow(0, 0, matrix.n_columns);
                  for (std::int64_t i = 0; i < matrix.n_rows; ++i)
                    of_output(matrix.offset + i * matrix.n_columns,
                              matrix.n_columns)
                      .addcmul_(a, delta[i]);
                  if (matrix.bias_offset >= 0)
                    of_output(matrix.bias_offset, matrix.n_rows).add_(delta);
                }
              std::int64_t row = 0;
              for (const auto &[p, offset] : self.others)
                {
                  const std::int64_t count = self.theta[p].numel();
                  of_output(offset, count)
                    .copy_(f.other[c].narrow(0, row, count));
                  row += count;
                }
            }
        });
    });
  }



  void
  Network::for_each_jacobian_batch(
    const Block                                                        &points,
    const std::function<void(const Block &, std::size_t, std::size_t)> &visit)
    const
  {
    // Enough rows for fast matrix products, at most about 256 MB of them.
    const std::size_t n_points = points.extent(1);
    const std::size_t n_rows =
      std::clamp<std::size_t>((std::size_t(1) << 25) / n_parameters(),
                              16,
                              1024);
    const std::size_t n_at_a_time =
      std::min(n_points, std::max<std::size_t>(1, n_rows / n_outputs()));
    const Block buffer = make_block(n_at_a_time * n_outputs(), n_parameters());
    for (std::size_t first = 0; first < n_points; first += n_at_a_time)
      {
        const std::size_t last = std::min(first + n_at_a_time, n_points);
        const Block       J    = rows(buffer, 0, (last - first) * n_outputs());
        jacobian_rows(columns(points, first, last), J);
        visit(J, first * n_outputs(), last * n_outputs());
      }
  }



  RankOneDirections
  Network::random_directions(const std::size_t   n_directions,
                             const std::uint64_t seed) const
  {
    std::mt19937_64   generator(seed);
    RankOneDirections V;
    V.n_directions = n_directions;
    for (const auto &matrix : implementation->matrices)
      {
        V.left.push_back(normal_block(matrix.n_rows, n_directions, generator));
        V.right.push_back(
          normal_block(matrix.n_columns + (matrix.bias_offset >= 0 ? 1 : 0),
                       n_directions,
                       generator));
      }
    V.other = normal_block(implementation->n_other, n_directions, generator);
    return V;
  }



  void
  Network::jacobian_times(const Block             &points,
                          const RankOneDirections &V,
                          const Block             &JV) const
  {
    if (!layered())
      {
        // Explicit columns, some at a time.
        constexpr std::size_t n_at_a_time = 32;
        for (std::size_t first = 0; first < V.n_directions;
             first += n_at_a_time)
          {
            const std::size_t last =
              std::min(first + n_at_a_time, V.n_directions);
            jacobian_times(points,
                           expand_columns(V, first, last),
                           columns(JV, first, last));
          }
        return;
      }

    guarded(implementation->name, [&]() {
      const auto        &self    = *implementation;
      const at::Tensor   x       = self.as_points(points);
      const at::Tensor   product = as_tensor(JV); // [r, n]
      const std::int64_t k       = n_outputs();
      const std::int64_t r       = V.n_directions;
      at::Tensor left  = at::empty({r, product_batch_size}, block_options());
      at::Tensor right = at::empty_like(left);
      for_each_batch(
        x.size(0), product_batch_size, [&](const auto first, const auto n) {
          const auto f   = self.factors(x.narrow(0, first, n));
          at::Tensor l_n = left.view({-1}).narrow(0, 0, r * n).view({r, n});
          at::Tensor r_n = right.view({-1}).narrow(0, 0, r * n).view({r, n});
          for (std::int64_t c = 0; c < k; ++c)
            {
              const at::Tensor rows =
                product.slice(1, first * k + c, (first + n) * k, k);
              rows.zero_();
              for (std::size_t l = 0; l < self.graph->layers.size(); ++l)
                {
                  const std::size_t matrix = self.graph->layers[l].matrix;
                  at::mm_out(l_n, as_tensor(V.left[matrix]), f.delta[c][l]);
                  at::mm_out(r_n, as_tensor(V.right[matrix]), f.a[l]);
                  rows.addcmul_(l_n, r_n);
                }
              if (self.n_other > 0)
                rows.add_(as_tensor(V.other).mm(f.other[c]));
            }
        });
    });
  }



  Block
  Network::expand_columns(const RankOneDirections &V,
                          const std::size_t        first,
                          const std::size_t        last) const
  {
    return guarded(implementation->name, [&]() {
      const Block        block   = make_block(n_parameters(), last - first);
      const at::Tensor   columns = as_tensor(block);
      const std::int64_t n       = last - first;
      for (std::size_t l = 0; l < implementation->matrices.size(); ++l)
        {
          const auto      &matrix = implementation->matrices[l];
          const at::Tensor left   = as_tensor(V.left[l]).narrow(0, first, n);
          const at::Tensor right  = as_tensor(V.right[l]).narrow(0, first, n);
          const at::Tensor weights =
            left.unsqueeze(2) *
            right.narrow(1, 0, matrix.n_columns).unsqueeze(1);
          columns.narrow(1, matrix.offset, matrix.n_rows * matrix.n_columns)
            .copy_(weights.view({n, -1}));
          if (matrix.bias_offset >= 0)
            columns.narrow(1, matrix.bias_offset, matrix.n_rows)
              .copy_(left * right.narrow(1, matrix.n_columns, 1));
        }
      std::int64_t row = 0;
      for (const auto &[p, offset] : implementation->others)
        {
          const std::int64_t count = implementation->theta[p].numel();
          columns.narrow(1, offset, count)
            .copy_(
              as_tensor(V.other).narrow(0, first, n).narrow(1, row, count));
          row += count;
        }
      return block;
    });
  }



  Column
  Network::expand(const RankOneDirections &V, const Column &y) const
  {
    return guarded(implementation->name, [&]() {
      const Column     correction = make_column(n_parameters());
      const at::Tensor flat       = as_tensor(correction);
      const at::Tensor weights    = as_tensor(y).unsqueeze(1); // [r, 1]
      for (std::size_t l = 0; l < implementation->matrices.size(); ++l)
        {
          const auto &matrix = implementation->matrices[l];
          // U diag(y) V^T
          const at::Tensor change =
            (as_tensor(V.left[l]) * weights).t().mm(as_tensor(V.right[l]));
          flat.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
            .copy_(change.narrow(1, 0, matrix.n_columns).reshape({-1}));
          if (matrix.bias_offset >= 0)
            flat.narrow(0, matrix.bias_offset, matrix.n_rows)
              .copy_(change.select(1, matrix.n_columns));
        }
      std::int64_t row = 0;
      for (const auto &[p, offset] : implementation->others)
        {
          const std::int64_t count = implementation->theta[p].numel();
          flat.narrow(0, offset, count)
            .copy_((as_tensor(V.other) * weights).sum(0).narrow(0, row, count));
          row += count;
        }
      return correction;
    });
  }



  void
  Network::set_n_threads(const unsigned int n_threads)
  {
    at::set_num_threads(n_threads);
    if (openblas_set_num_threads)
      openblas_set_num_threads(n_threads);
  }
} // namespace lsr
