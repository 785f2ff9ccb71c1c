// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"

namespace lsr
{
  at::Tensor
  Network::Implementation::differentiable_prediction(
    const std::vector<at::Tensor> &parameters,
    const at::Tensor              &x,
    const std::vector<Correction> &corrections) const
  {
    at::Tensor sum = evaluate(parameters, x);
    for (const Correction &correction : corrections)
      {
        // Forward mode of some activations cannot be differentiated further.
        const auto variables = leaves(correction.theta);
        sum                  = sum + twice_reverse(evaluate(variables, x),
                                  variables,
                                  split_like(correction.direction, variables));
      }
    return sum;
  }



  void
  Network::evaluate_gradients(const Block  &points,
                              const Block  &gradients,
                              const Column &correction) const
  {
    guarded(implementation->name, [&]() {
      implementation->require_function_of_points("gradients");
      const auto       corrections = implementation->corrections(correction);
      const at::Tensor x           = implementation->as_points(points);
      const at::Tensor result =
        as_tensor(gradients).view({x.size(0), n_outputs(), n_inputs()});
      for_each_batch(
        x.size(0),
        Implementation::batch_size(4 * implementation->n_numbers),
        [&](const auto first, const auto n) {
          const at::Tensor batch =
            x.narrow(0, first, n).clone().requires_grad_();
          const at::Tensor value =
            implementation->differentiable_prediction(implementation->theta,
                                                      batch,
                                                      corrections);
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
      implementation->require_function_of_points("Laplacians");
      const auto corrections = implementation->corrections(correction);
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
            implementation->differentiable_prediction(implementation->theta,
                                                      batch,
                                                      corrections);
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



  namespace
  {
    /// The jets of the network's @p values at points @p x, to be differentiated
    /// with respect to parameters, [n_points * n_outputs, n_inputs + 2].
    at::Tensor
    make_jets(const at::Tensor          &values,
              const at::Tensor          &x,
              const std::vector<double> &a)
    {
      std::vector<at::Tensor> jets;
      for (std::int64_t c = 0; c < values.size(1); ++c)
        {
          const at::Tensor q     = values.select(1, c);
          const at::Tensor slope = gradient(q.sum(), {x}, true, true)[0];
          at::Tensor       sum   = at::zeros_like(q);
          for (std::size_t k = 0; k < a.size(); ++k)
            if (a[k] != 0.)
              sum =
                sum +
                a[k] * gradient(slope.select(1, k).sum(), {x}, true, true)[0]
                         .select(1, k);
          jets.push_back(at::cat({q.unsqueeze(1), slope, sum.unsqueeze(1)}, 1));
        }
      return at::stack(jets, 1).flatten(0, 1);
    }
  } // namespace



  double
  Network::add_loss_gradient(const Block               &points,
                             const std::vector<double> &a,
                             const JetLoss             &loss,
                             const Column              &loss_gradient) const
  {
    return guarded(implementation->name, [&]() {
      implementation->require_function_of_points("spatial derivatives");
      require(a.size() == n_inputs(),
              std::to_string(a.size()) +
                " weights of second derivatives, expected " +
                std::to_string(n_inputs()));
      require(loss_gradient.size() == n_parameters(),
              "a gradient of " + std::to_string(loss_gradient.size()) +
                " entries, expected " + std::to_string(n_parameters()));
      const at::Tensor x         = implementation->as_points(points);
      const auto       variables = leaves(implementation->theta);
      const auto       pieces = split_like(as_tensor(loss_gradient), variables);
      double           total  = 0.;
      for_each_batch(
        x.size(0),
        Implementation::batch_size(16 * implementation->n_numbers),
        [&](const auto first, const auto n) {
          const at::Tensor batch =
            x.narrow(0, first, n).clone().requires_grad_();
          const at::Tensor jets =
            make_jets(implementation->differentiable_prediction(
                        variables, batch, implementation->stored_corrections),
                      batch,
                      a);

          const Block values = make_block(jets.size(1), jets.size(0));
          const Block slopes = make_block(jets.size(1), jets.size(0));
          as_tensor(values).copy_(jets.detach());
          total += loss(values, first * n_outputs(), slopes);

          const auto derivatives =
            gradient((jets * as_tensor(slopes)).sum(), variables);
          for (std::size_t p = 0; p < pieces.size(); ++p)
            pieces[p].add_(derivatives[p]);
        });
      return total;
    });
  }
} // namespace lsr
