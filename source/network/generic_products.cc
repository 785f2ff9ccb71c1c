// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"
#include "network/jacobian.h"
#include "network/tangent_block.h"

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



  at::Tensor
  Network::Implementation::push_block_forward(
    const at::Tensor &x,
    const at::Tensor &directions) const
  {
    const std::int64_t      r = directions.size(0);
    const DirectionsInUse   in_use(r);
    std::vector<at::Tensor> variables;
    std::int64_t            offset = 0;
    for (const at::Tensor &tensor : theta)
      {
        std::vector<std::int64_t> sizes = tensor.sizes().vec();
        sizes.insert(sizes.begin(), r);
        variables.push_back(with_tangents(
          tensor, directions.narrow(1, offset, tensor.numel()).reshape(sizes)));
        offset += tensor.numel();
      }
    return tangents_of(evaluate(variables, x), r).reshape({r, -1});
  }



  void
  Network::Implementation::pull_back(const at::Tensor &x,
                                     const at::Tensor &U,
                                     const at::Tensor &product) const
  {
    const auto       variables = leaves(theta);
    const at::Tensor value     = evaluate(variables, x);
    for (std::int64_t j = 0; j < U.size(0); ++j)
      {
        const bool more      = j + 1 < U.size(0);
        const auto gradients = gradient((value * U[j]).sum(), variables, more);
        const auto pieces    = split_like(product[j], theta);
        for (std::size_t p = 0; p < theta.size(); ++p)
          pieces[p].add_(gradients[p]);
      }
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
      if (network.batches_directions)
        {
          for_each_batch(directions.size(0),
                         network.n_directions_at_a_time,
                         [&](const auto first, const auto n) {
                           product.narrow(0, first, n)
                             .copy_(network.push_block_forward(
                               x, directions.narrow(0, first, n)));
                         });
          return;
        }
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
                       network.pull_back(
                         x.narrow(0, first, n),
                         u.narrow(1, first * k, n * k).view({u.size(0), n, k}),
                         product);
                     });
    });
  }
} // namespace lsr
