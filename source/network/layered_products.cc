// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: products with rank-one directions through the layers.

#include <ATen/Parallel.h>

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



  /**
   * $J V$ for rank-one directions: the factors of a batch of points first, then
   * tiles of some columns and points, each of them through all layers. The two
   * factors of a tile and its part of $J V$ stay in the cache of one core, and
   * threads meet once a batch.
   */
  class Network::Implementation::RankOneProduct
  {
  public:
    RankOneProduct(const Implementation &network, const RankOneDirections &V)
      : network(network)
      , V(V)
      , r(V.n_directions)
      , k(network.n_outputs)
    {
      std::int64_t longest = 1, n_explicit_numbers = 0;
      for (std::size_t l = 0; l < network.n_positions.size(); ++l)
        {
          through_rows.push_back(rows_are_cheaper(l));
          const auto         &place  = network.graph->layers.layers[l].matrix;
          const MatrixLayout &matrix = network.matrix_of(l);
          if (through_rows[l])
            {
              rows_of_V[place] =
                khatri_rao(as_tensor(V.left[place]), as_tensor(V.right[place]));
              n_explicit_numbers += k * matrix.n_rows * matrix.n_inputs();
            }
          else
            longest = std::max(longest, network.n_positions[l]);
        }
      n_points_at_a_time =
        std::min(max_points,
                 Implementation::batch_size(network.n_factor_numbers +
                                            n_explicit_numbers));
      n_columns_of_tile = std::min(r, max_columns_of_tile);
      n_points_of_tile  = std::max<std::int64_t>(
        1, numbers_of_tile / (n_columns_of_tile * (k * longest + longest + k)));
    }

    void
    compute(const at::Tensor &x, const at::Tensor &product) const
    {
      for_each_batch(x.size(0),
                     n_points_at_a_time,
                     [&](const auto first, const auto n) {
                       multiply(network.factors(x.narrow(0, first, n)),
                                product.narrow(1, first * k, n * k));
                     });
    }

  private:
    // A GPU has one tile for all of its cores.
    static constexpr std::int64_t max_points = blocks_on_host ? 1024 : 4096,
                                  max_columns_of_tile = blocks_on_host ?
                                                          128 :
                                                          std::int64_t(1) << 20,
                                  numbers_of_tile =
                                    std::int64_t(1)
                                    << (blocks_on_host ? 17 : 21);

    /// A part of the product.
    struct Tile
    {
      std::int64_t first_column, n_columns, first_point, n_points;
    };

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

    std::vector<Tile>
    tiles(const std::int64_t n_points) const
    {
      std::vector<Tile> result;
      for_each_batch(r,
                     n_columns_of_tile,
                     [&](const auto column, const auto c) {
                       for_each_batch(n_points,
                                      n_points_of_tile,
                                      [&](const auto point, const auto n) {
                                        result.push_back({column, c, point, n});
                                      });
                     });
      return result;
    }

    /// The product for the points of @p f.
    void
    multiply(const Factors &f, const at::Tensor &product) const
    {
      std::vector<at::Tensor> explicit_rows(f.a.size());
      for (std::size_t l = 0; l < f.a.size(); ++l)
        if (through_rows[l])
          explicit_rows[l] = layer_rows(f, l).flatten(0, 1).flatten(1);

      const std::vector<Tile> all = tiles(product.size(1) / k);
      at::parallel_for(0, all.size(), 1, [&](const auto begin, const auto end) {
        for (auto i = begin; i < end; ++i)
          multiply(f, explicit_rows, all[i], product);
      });
    }

    void
    multiply(const Factors                 &f,
             const std::vector<at::Tensor> &explicit_rows,
             const Tile                    &tile,
             const at::Tensor              &product) const
    {
      const auto columns = [&](const at::Tensor &A) {
        return A.narrow(0, tile.first_column, tile.n_columns);
      };
      const auto points = [&](const at::Tensor &A) {
        return A.narrow(1, tile.first_point, tile.n_points).flatten(1);
      };
      const auto rows_of = [&](const at::Tensor &A) {
        return A.narrow(1, tile.first_point * k, tile.n_points * k);
      };
      at::Tensor rows = columns(rows_of(product));
      if (network.n_other > 0)
        at::mm_out(rows, columns(as_tensor(V.other)), points(f.other));
      else
        rows.zero_();
      for (std::size_t l = 0; l < f.a.size(); ++l)
        {
          const std::size_t matrix = network.graph->layers.layers[l].matrix;
          if (through_rows[l])
            rows.addmm_(columns(rows_of_V.at(matrix)),
                        rows_of(explicit_rows[l]));
          else
            add_layer(columns(as_tensor(V.left[matrix])).mm(points(f.delta[l])),
                      columns(as_tensor(V.right[matrix])).mm(points(f.a[l])),
                      f.a[l].size(2),
                      rows);
        }
    }

    /// Add the product of the factors @p u [columns, points * values *
    /// positions] and @p v [columns, points * positions], summed over
    /// @p n_positions.
    void
    add_layer(const at::Tensor  &u,
              const at::Tensor  &v,
              const std::int64_t n_positions,
              const at::Tensor  &rows) const
    {
      const std::int64_t c = u.size(0), n = rows.size(1) / k;
      if (n_positions == 1 && k == 1)
        rows.addcmul_(u, v);
      else if (n_positions == 1)
        rows.view({c, n, k}).addcmul_(u.view({c, n, k}), v.view({c, n, 1}));
      else
        rows.view({c, n, k}).add_(u.view({c, n, k, n_positions})
                                    .mul_(v.view({c, n, 1, n_positions}))
                                    .sum(3));
    }

    const Implementation    &network;
    const RankOneDirections &V;
    const std::int64_t       r, k;

    std::vector<bool>                 through_rows;
    std::map<std::size_t, at::Tensor> rows_of_V;

    std::int64_t n_points_at_a_time, n_columns_of_tile, n_points_of_tile;
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
