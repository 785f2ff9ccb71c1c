// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"

namespace lsr
{
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
        x.size(0),
        Implementation::batch_size(4 * implementation->n_numbers),
        [&](const auto first, const auto n) {
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
        x.size(0),
        Implementation::batch_size(4 * implementation->n_numbers),
        [&](const auto first, const auto n) {
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
} // namespace lsr
