// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/training/taylor_mode.h"
// After LibTorch.
#include <lsr/base/exceptions.h>

#include <algorithm>

namespace lsr_studies
{
  namespace
  {
    using torch::Tensor;

    /// Operations on jets, [entry, point, unit]: entry 0 are the values, the
    /// first derivatives follow, and last comes, if there is one, the weighted
    /// sum of second derivatives.
    struct Jets
    {
      Jets(const std::vector<double> &weights, const long n_inputs)
        : a(torch::tensor(weights, torch::kDouble).view({-1, 1, 1}))
        , curved(std::any_of(weights.begin(),
                             weights.end(),
                             [](const double b) { return b != 0.; }))
        , n_derivatives(weights.empty() ? 0 : n_inputs + curved)
      {}

      Tensor
      values(const Tensor &jet) const
      {
        return jet.narrow(0, 0, 1);
      }

      Tensor
      derivatives(const Tensor &jet) const
      {
        return jet.narrow(0, 1, n_derivatives);
      }

      /// A jet, where the last derivatives lack @p factor times the sum of
      /// $a_k p_k q_k$ over the first derivatives of two jets.
      Tensor
      jet(const Tensor &values,
          const Tensor &derivatives,
          const Tensor &factor,
          const Tensor &p,
          const Tensor &q) const
      {
        if (!curved)
          return torch::cat({values, derivatives});
        const long   d = a.size(0);
        const Tensor sum =
          (a * p.narrow(0, 1, d) * q.narrow(0, 1, d)).sum(0, true);
        return torch::cat({values,
                           derivatives.narrow(0, 0, d),
                           derivatives.narrow(0, d, 1) + factor * sum});
      }

      /// The jets of tanh of the values and @p biases.
      Tensor
      activate(const Tensor &z, const Tensor &biases) const
      {
        const Tensor value = (values(z) + biases).tanh(),
                     slope = 1. - value.square();
        return jet(value, slope * derivatives(z), -2. * value * slope, z, z);
      }

      /// The jets of $v + y\,(u - v)$.
      Tensor
      gate(const Tensor &y, const Tensor &u, const Tensor &v) const
      {
        const Tensor difference = u - v, result = v + values(y) * difference;
        return jet(values(result),
                   derivatives(result) + derivatives(y) * values(difference),
                   torch::full({}, 2., torch::kDouble),
                   y,
                   difference);
      }

      const Tensor a;
      const bool   curved;
      const long   n_derivatives;
    };
  } // namespace



  Tensor
  jets(const FullyConnected      &layout,
       const std::vector<double> &a,
       const Tensor              &theta,
       const Tensor              &points)
  {
    const auto layers = linear_layers(layout);
    const long n = points.size(0), d = layout.n_inputs;
    require(layout.activation == "tanh" && layout.input_shift.empty() &&
              layout.input_scale.empty() && !layout.widths.empty() &&
              (a.empty() || long(a.size()) == d) && points.size(1) == d &&
              theta.size(0) == layers.back().end(),
            "jets: a tanh network with hidden layers and no standardization "
            "expected, its parameters, and a weight for each input");
    const Jets jets(a, d);
    Tensor     h = torch::zeros({1 + jets.n_derivatives, n, d}, torch::kDouble);
    h[0].copy_(points);
    for (long k = 0; k < d && !a.empty(); ++k)
      h[k + 1].select(1, k).fill_(1.);

    const auto product = [&](const LinearLayer &layer) {
      return h.matmul(layer.weights(theta).t());
    };
    const auto activated = [&](const LinearLayer &layer) {
      return jets.activate(product(layer), layer.biases(theta));
    };
    auto   layer = layers.begin();
    Tensor u, v;
    if (layout.architecture == "modified")
      {
        u = activated(*layer++);
        v = activated(*layer++);
      }
    for (; layer + 1 != layers.end(); ++layer)
      h = u.defined() ? jets.gate(activated(*layer), u, v) : activated(*layer);
    const Tensor z = product(*layer);
    return torch::cat(
      {jets.values(z) + layer->biases(theta), jets.derivatives(z)});
  }
} // namespace lsr_studies
