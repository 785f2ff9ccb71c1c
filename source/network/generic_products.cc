// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"
#include "network/jacobian.h"

namespace lsr
{
  at::Tensor
  Network::Implementation::push_forward(const at::Tensor &x,
                                        const at::Tensor &direction) const
  {
    return push_forward(theta, x, direction);
  }



  at::Tensor
  Network::Implementation::push_forward(const std::vector<at::Tensor> &theta,
                                        const at::Tensor              &x,
                                        const at::Tensor &direction) const
  {
    if (has_forward_mode)
      {
        const DualLevel level;
        return level.tangent(evaluate(level.dual(theta, direction), x));
      }
    const auto variables = leaves(theta);
    return twice_reverse(evaluate(variables, x),
                         variables,
                         split_like(direction, theta))
      .detach();
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



  NetworkJacobian::NetworkJacobian(const Network &network, const Block &points)
    : network(*network.implementation)
    , points(points)
  {}



  void
  NetworkJacobian::forward_mode_times(const Block &V, const Block &JV) const
  {
    guarded(network.name, [&]() {
      network.check_directions(V);
      const at::Tensor   x          = network.as_points(points);
      const at::Tensor   directions = as_tensor(V), product = as_tensor(JV);
      const std::int64_t k = network.n_outputs;
      for_each_batch(
        x.size(0),
        network.batch_size(2 * network.n_numbers),
        [&](const auto first, const auto n) {
          for (std::int64_t j = 0; j < directions.size(0); ++j)
            product.select(0, j)
              .narrow(0, first * k, n * k)
              .copy_(network.push_forward(x.narrow(0, first, n), directions[j])
                       .reshape({-1}));
        });
    });
  }



  void
  NetworkJacobian::transposed_times(const Block &U, const Block &JTU) const
  {
    guarded(network.name, [&]() {
      const at::Tensor   x = network.as_points(points);
      const at::Tensor   u = as_tensor(U), product = as_tensor(JTU);
      const std::int64_t k = network.n_outputs;
      product.zero_();
      for_each_batch(x.size(0),
                     network.batch_size(2 * network.n_numbers),
                     [&](const auto first, const auto n) {
                       for (std::int64_t j = 0; j < u.size(0); ++j)
                         network.pull_back(
                           x.narrow(0, first, n),
                           u[j].narrow(0, first * k, n * k).view({n, k}),
                           product[j]);
                     });
    });
  }
} // namespace lsr
