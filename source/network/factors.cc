// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/differentiation.h"
#include "network/implementation.h"

namespace lsr
{
  namespace
  {
    /// The unit combinations: every output for itself.
    at::Tensor
    all_outputs(const std::int64_t n_points, const std::int64_t n_outputs)
    {
      return at::eye(n_outputs, block_options())
        .unsqueeze(0)
        .expand({n_points, n_outputs, n_outputs});
    }



    /// Add up what belongs to the copies of one parameter at each point: from
    /// [points, ...] to [points, entries of the parameter].
    at::Tensor
    sum_over_copies(const at::Tensor &copies, const at::Tensor &parameter)
    {
      std::vector<std::int64_t> sizes     = {copies.size(0)};
      const std::int64_t        n_leading = copies.dim() - parameter.dim();
      for (std::int64_t d = 1; d < copies.dim(); ++d)
        sizes.push_back(d < n_leading ? 1 : parameter.size(d - n_leading));
      return copies.sum_to_size(sizes).reshape({copies.size(0), -1});
    }
  } // namespace



  Network::Implementation::Factors
  Network::Implementation::factors(
    const at::Tensor                &x,
    const std::optional<at::Tensor> &some_combinations) const
  {
    const Layers      &layers   = graph->layers;
    const std::int64_t n_points = x.size(0);
    const at::Tensor   combinations =
      some_combinations ? *some_combinations : all_outputs(n_points, n_outputs);
    const std::int64_t n_values = combinations.size(1);
    const auto         trace    = graph->trace(leaves(theta), scaled_input(x));

    Factors factors;
    for (std::size_t l = 0; l < layers.layers.size(); ++l)
      {
        const MatrixLayout &matrix = matrix_of(l);
        const at::Tensor    input =
          layers.layers[l].input_vectors(trace.layer_inputs[l].detach(),
                                         n_points,
                                         matrix.n_columns);
        const std::int64_t n_positions = input.size(2);
        factors.a.push_back(
          at::empty({matrix.n_inputs(), n_points, n_positions},
                    block_options()));
        factors.a.back().narrow(0, 0, matrix.n_columns).copy_(input);
        if (matrix.has_bias())
          factors.a.back()[matrix.n_columns].fill_(layers.layers[l].has_bias);
        factors.delta.push_back(
          at::empty({matrix.n_rows, n_points, n_values, n_positions},
                    block_options()));
      }
    for (std::size_t u = 0; u < trace.copies.size(); ++u)
      {
        const at::Tensor &parameter =
          theta[layers.elementwise[layers.elementwise_uses[u]]];
        const at::Tensor &copies = trace.copies[u];
        require(copies.dim() >= 1 && copies.size(0) == n_points &&
                  (copies.dim() > parameter.dim() || parameter.size(0) == 1),
                "a parameter meets a tensor that is not one of the points");
      }

    std::vector<at::Tensor> ends = trace.layer_outputs;
    ends.insert(ends.end(), trace.copies.begin(), trace.copies.end());
    factors.other = at::empty({n_other, n_points, n_values}, block_options());
    for (std::int64_t c = 0; c < n_values; ++c)
      {
        // Points do not see each other, so one backward pass of the sum gives
        // the derivatives at every point.
        at::Tensor weights = combinations.select(1, c);
        if (output_scale.defined())
          weights = weights * output_scale;
        std::vector<at::Tensor> derivatives =
          gradient((trace.value * weights).sum(),
                   ends,
                   /* keep_graph = */ c + 1 < n_values);
        for (std::size_t l = 0; l < layers.layers.size(); ++l)
          factors.delta[l].select(2, c).copy_(layers.layers[l].output_vectors(
            derivatives[l], n_points, matrix_of(l).n_rows));
        derivatives.erase(derivatives.begin(),
                          derivatives.begin() + layers.layers.size());
        fill_elementwise(derivatives, factors.other.select(2, c));
      }
    fill_others(x, combinations, factors.other);
    return factors;
  }



  void
  Network::Implementation::fill_elementwise(
    const std::vector<at::Tensor> &derivatives,
    const at::Tensor              &other) const
  {
    const Layers &layers = graph->layers;
    for (std::size_t i = 0; i < layers.elementwise.size(); ++i)
      other.narrow(0, others[i].row, others[i].count).zero_();
    for (std::size_t u = 0; u < derivatives.size(); ++u)
      {
        const OtherParameter &place = others[layers.elementwise_uses[u]];
        other.narrow(0, place.row, place.count)
          .add_(sum_over_copies(derivatives[u], theta[place.index]).t());
      }
  }



  void
  Network::Implementation::fill_others(const at::Tensor &x,
                                       const at::Tensor &combinations,
                                       const at::Tensor &other) const
  {
    for (std::size_t o = graph->layers.elementwise.size(); o < others.size();
         ++o)
      for (std::int64_t i = 0; i < others[o].count; ++i)
        {
          at::Tensor direction =
            at::zeros({std::int64_t(n_parameters)}, block_options());
          direction[others[o].offset + i] = 1.;
          other[others[o].row + i].copy_(
            combinations.matmul(push_forward(x, direction).unsqueeze(2))
              .squeeze(2));
        }
  }
} // namespace lsr
