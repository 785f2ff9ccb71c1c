// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"

namespace lsr
{
  namespace
  {
    /// Points in a batch of layer products: their r columns stay in cache.
    constexpr std::int64_t product_batch_size = 512;
  } // namespace



  Network::Implementation::Factors
  Network::Implementation::factors(const at::Tensor &x) const
  {
    const auto         variables = leaves(theta);
    const auto         trace     = graph->trace(variables, scaled_input(x));
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
} // namespace lsr
