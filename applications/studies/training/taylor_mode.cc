// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/training/layers.h"
// After LibTorch.
#include <lsr/base/exceptions.h>

#include <algorithm>

#include "applications/studies/training/taylor_mode.h"

namespace lsr_studies
{
  /// Tensors are [jet, points, units], which is the memory of a block of units
  /// x jet points. Below, entry 0 of a jet are the values, the first
  /// derivatives follow, and last comes, if there is one, the sum of second
  /// derivatives.
  class TaylorMode::Implementation
  {
  public:
    using Tensor = torch::Tensor;

    Implementation(const FullyConnected &layout, const std::vector<double> &a)
      : gated(layout.architecture == "modified")
      , n_inputs(layout.n_inputs)
      , curved(
          std::any_of(a.begin(), a.end(), [](double b) { return b != 0.; }))
      , n_entries(a.empty() ? 1 : n_inputs + 1 + curved)
      , a(torch::tensor(a, torch::kDouble).unsqueeze(1).unsqueeze(2))
      , layers(linear_layers(layout))
      , x(layers.size())
      , z(layers.size())
      , y(layers.size())
    {}

    HostBlock
    forward(const HostColumn &theta, const HostBlock &points)
    {
      const torch::NoGradGuard no_grad;
      require(points.extent(0) == n_inputs &&
                long(theta.size()) == layers.back().end(),
              "TaylorMode: parameters or points of another network");
      const Tensor parameters = as_tensor(theta.data(), {long(theta.size())});
      const long   n = points.extent(1), d = n_inputs;
      Tensor       h = torch::zeros({n_entries, n, d}, torch::kDouble);
      h[0].copy_(as_tensor(points.data(), {n, d}));
      for (long k = 0; k < d && n_entries > 1; ++k)
        h[k + 1].select(1, k).fill_(1.);

      for (std::size_t l = 0; l < layers.size(); ++l)
        {
          x[l] = h;
          z[l] = h.matmul(layers[l].weights(parameters).t());
          z[l][0].add_(layers[l].biases(parameters));
          if (l + 1 == layers.size())
            break;
          y[l] = activate(z[l]);
          if (!gated)
            h = y[l];
          else if (l == 1)
            difference = y[0] - y[1];
          else if (l > 1)
            h = gate(y[l]);
        }
      return HostBlock(z.back().data_ptr<double>(),
                       layers.back().n_outputs,
                       n * n_entries);
    }

    void
    backward(const HostColumn &theta,
             const HostBlock  &slopes,
             const HostColumn &gradient)
    {
      const torch::NoGradGuard no_grad;
      const Tensor parameters = as_tensor(theta.data(), {long(theta.size())}),
                   by_theta =
                     as_tensor(gradient.data(), {long(gradient.size())});
      const std::size_t n_encoders = gated ? 2 : 0;
      Tensor            by_z       = as_tensor(slopes.data(), z.back().sizes());
      if (gated)
        {
          by_difference = torch::zeros_like(difference);
          by_v          = torch::zeros_like(difference);
        }
      for (std::size_t l = layers.size(); l-- > n_encoders;)
        {
          if (l + 1 < layers.size())
            by_z =
              activate_backward(l, gated ? gate_backward(y[l], by_z) : by_z);
          linear_backward(l, by_z, by_theta);
          if (l > n_encoders)
            by_z = by_z.matmul(layers[l].weights(parameters));
        }
      if (!gated)
        return;
      linear_backward(0, activate_backward(0, by_difference), by_theta);
      linear_backward(1, activate_backward(1, by_v - by_difference), by_theta);
    }

    const bool         gated;
    const unsigned int n_inputs;
    const bool         curved;
    const long         n_entries;

  private:
    static Tensor
    as_tensor(double *data, const torch::IntArrayRef &sizes)
    {
      return torch::from_blob(data, sizes, torch::kDouble);
    }

    /// All derivatives.
    Tensor
    derivatives(const Tensor &jet) const
    {
      return jet.narrow(0, 1, n_entries - 1);
    }

    /// The first derivatives times the weights of the second ones.
    Tensor
    weighted(const Tensor &jet) const
    {
      return a * jet.narrow(0, 1, n_inputs);
    }

    /// $\sum_k a_k\, p_k q_k$ over the first derivatives.
    Tensor
    product(const Tensor &p, const Tensor &q) const
    {
      return (weighted(p) * q.narrow(0, 1, n_inputs)).sum(0);
    }

    Tensor
    activate(const Tensor &z) const
    {
      const Tensor value  = z[0].tanh();
      Tensor       result = z * (1. - value.square());
      if (curved)
        result[-1].sub_(2. * value * product(result, z));
      result[0].copy_(value);
      return result;
    }

    /// Slopes with respect to z from those with respect to y.
    Tensor
    activate_backward(const std::size_t l, const Tensor &slopes) const
    {
      const Tensor value  = y[l][0];
      Tensor       result = slopes * (1. - value.square());
      if (n_entries > 1)
        result[0].sub_(2. * value *
                       (derivatives(z[l]) * derivatives(result)).sum(0));
      if (curved)
        {
          const Tensor by_last = result[-1];
          result[0].add_(by_last * (6. * value.square() - 2.) *
                         product(z[l], z[l]));
          result.narrow(0, 1, n_inputs)
            .sub_(4. * value * by_last * weighted(z[l]));
        }
      return result;
    }

    /// The jets of $v + y\,(u - v)$, with the values u, v of the encoders.
    Tensor
    gate(const Tensor &y) const
    {
      Tensor result = this->y[1] + y[0] * difference;
      if (n_entries > 1)
        derivatives(result).add_(derivatives(y) * difference[0]);
      if (curved)
        result[-1].add_(2. * product(y, difference));
      return result;
    }

    /// Slopes with respect to y; adds those with respect to v and $u - v$.
    Tensor
    gate_backward(const Tensor &y, const Tensor &slopes)
    {
      const auto pull_back = [&](const Tensor &factor) {
        Tensor result = slopes * factor[0];
        if (n_entries > 1)
          result[0].add_((derivatives(slopes) * derivatives(factor)).sum(0));
        if (curved)
          result.narrow(0, 1, n_inputs)
            .add_(2. * slopes[-1] * weighted(factor));
        return result;
      };
      by_v.add_(slopes);
      by_difference.add_(pull_back(y));
      return pull_back(difference);
    }

    /// The gradient of weights and biases.
    void
    linear_backward(const std::size_t l,
                    const Tensor     &slopes,
                    const Tensor     &gradient) const
    {
      layers[l].weights(gradient).copy_(
        slopes.flatten(0, 1).t().matmul(x[l].flatten(0, 1)));
      layers[l].biases(gradient).copy_(slopes[0].sum(0));
    }

    const Tensor                   a;
    const std::vector<LinearLayer> layers;

    /// Of each layer: its input, the result, and that of the activation.
    std::vector<Tensor> x, z, y;

    /// $u - v$, and slopes of a gated network.
    Tensor difference, by_difference, by_v;
  };



  TaylorMode::TaylorMode(const FullyConnected      &layout,
                         const std::vector<double> &a)
    : implementation(std::make_unique<Implementation>(layout, a))
  {
    require(layout.activation == "tanh" && layout.input_shift.empty() &&
              layout.input_scale.empty() && !layout.widths.empty() &&
              (a.empty() || a.size() == layout.n_inputs),
            "TaylorMode: a tanh network with hidden layers and no "
            "standardization expected, and one weight for each input");
  }



  TaylorMode::~TaylorMode() = default;



  unsigned int
  TaylorMode::jet_size() const
  {
    return implementation->n_entries;
  }



  HostBlock
  TaylorMode::forward(const HostColumn &theta, const HostBlock &points)
  {
    return implementation->forward(theta, points);
  }



  void
  TaylorMode::backward(const HostColumn &theta,
                       const HostBlock  &slopes,
                       const HostColumn &gradient)
  {
    implementation->backward(theta, slopes, gradient);
  }
} // namespace lsr_studies
