// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: products with rank-one directions through the layers.

#include "network/batches.h"
#include "network/implementation.h"
#include "network/jacobian.h"

namespace lsr
{
  namespace
  {
    /// The rank-one blocks of a weight matrix as explicit rows.
    at::Tensor
    khatri_rao(const at::Tensor &left, const at::Tensor &right)
    {
      return (left.unsqueeze(2) * right.unsqueeze(1)).flatten(1);
    }
  } // namespace



  /// $J V$ for rank-one directions, batch by batch.
  class Network::Implementation::RankOneProduct
  {
  public:
    RankOneProduct(const Implementation &network, const RankOneDirections &V)
      : network(network)
      , V(V)
      , r(V.n_directions)
      , k(network.n_outputs)
    {
      std::int64_t longest = 0;
      for (std::size_t l = 0; l < network.n_positions.size(); ++l)
        {
          through_rows.push_back(rows_are_cheaper(l));
          const auto &matrix = network.graph->layers.layers[l].matrix;
          if (through_rows[l])
            rows_of_V[matrix] =
              khatri_rao(as_tensor(V.left[matrix]), as_tensor(V.right[matrix]));
          else
            longest = std::max(longest, network.n_positions[l]);
        }
      // Both factors of the r columns stay in cache.
      constexpr std::int64_t cache = std::int64_t(1) << 20;
      n_points_at_a_time           = std::clamp<std::int64_t>(
        cache / std::max<std::int64_t>(1, r * longest * (k + 1)),
        1,
        Implementation::batch_size(network.n_factor_numbers));
      left = at::empty({n_points_at_a_time * longest * k * r}, block_options());
      right = at::empty({n_points_at_a_time * longest * r}, block_options());
    }

    void
    compute(const at::Tensor &x, const at::Tensor &product)
    {
      for_each_batch(x.size(0),
                     n_points_at_a_time,
                     [&](const auto first, const auto n) {
                       add_up(network.factors(x.narrow(0, first, n)),
                              product.narrow(1, first * k, n * k));
                     });
    }

  private:
    /**
     * Whether it takes fewer operations to multiply the Jacobian rows of a
     * layer with explicit directions. This happens for convolutions, which have
     * few weights and many positions.
     */
    bool
    rows_are_cheaper(const std::size_t l) const
    {
      constexpr std::int64_t max_numbers = std::int64_t(1) << 24; // 128 MB

      const MatrixLayout &matrix    = network.matrix_of(l);
      const std::int64_t  n_entries = matrix.n_rows * matrix.n_inputs();
      return network.n_positions[l] * (matrix.n_inputs() + k * matrix.n_rows) >
               k * n_entries &&
             r * n_entries <= max_numbers;
    }

    void
    add_up(const Factors &f, const at::Tensor &rows)
    {
      if (network.n_other > 0)
        at::mm_out(const_cast<at::Tensor &>(rows),
                   as_tensor(V.other),
                   f.other.flatten(1));
      else
        rows.zero_();
      for (std::size_t l = 0; l < f.a.size(); ++l)
        if (through_rows[l])
          rows.addmm_(rows_of_V.at(network.graph->layers.layers[l].matrix),
                      layer_rows(f, l).flatten(0, 1).flatten(1));
        else
          add_layer(f, l, rows);
    }

    void
    add_layer(const Factors &f, const std::size_t l, const at::Tensor &rows)
    {
      const std::size_t  matrix = network.graph->layers.layers[l].matrix;
      const at::Tensor  &a = f.a[l], &delta = f.delta[l];
      const std::int64_t n = a.size(1), P = a.size(2);
      at::Tensor         u = left.narrow(0, 0, r * n * k * P).view({r, -1});
      at::Tensor         v = right.narrow(0, 0, r * n * P).view({r, -1});
      at::mm_out(u, as_tensor(V.left[matrix]), delta.flatten(1));
      at::mm_out(v, as_tensor(V.right[matrix]), a.flatten(1));
      if (P == 1 && k == 1)
        rows.addcmul_(u, v);
      else if (P == 1)
        rows.view({r, n, k}).addcmul_(u.view({r, n, k}), v.view({r, n, 1}));
      else
        rows.view({r, n, k}).add_(
          u.view({r, n, k, P}).mul_(v.view({r, n, 1, P})).sum(3));
    }

    const Implementation    &network;
    const RankOneDirections &V;
    const std::int64_t       r, k;

    std::vector<bool>                 through_rows;
    std::map<std::size_t, at::Tensor> rows_of_V;
    std::int64_t                      n_points_at_a_time;
    at::Tensor                        left, right;
  };



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
            jacobian_times(
              points,
              NetworkJacobian::expand_columns(*this, V, first, last),
              columns(JV, first, last));
          }
        return;
      }

    guarded(implementation->name, [&]() {
      Implementation::RankOneProduct(*implementation, V)
        .compute(implementation->as_points(points), as_tensor(JV));
    });
  }
} // namespace lsr
