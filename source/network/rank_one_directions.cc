// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/implementation.h"
#include "network/jacobian.h"
#include "network/normal_block.h"

namespace lsr
{
  RankOneDirections
  NetworkJacobian::random_directions(const Network      &network,
                                     const std::size_t   n_directions,
                                     const std::uint64_t seed)
  {
    std::mt19937_64   generator(seed);
    RankOneDirections V;
    V.n_directions = n_directions;
    for (const auto &matrix : network.implementation->matrices)
      {
        V.left.push_back(normal_block(matrix.n_rows, n_directions, generator));
        V.right.push_back(
          normal_block(matrix.n_inputs(), n_directions, generator));
      }
    V.other =
      normal_block(network.implementation->n_other, n_directions, generator);
    return V;
  }



  Block
  NetworkJacobian::expand_columns(const Network           &network,
                                  const RankOneDirections &V,
                                  const std::size_t        first,
                                  const std::size_t        last)
  {
    return guarded(network.implementation->name, [&]() {
      const Block      block = make_block(network.n_parameters(), last - first);
      const at::Tensor columns = as_tensor(block);
      const std::int64_t n     = last - first;
      for (std::size_t l = 0; l < network.implementation->matrices.size(); ++l)
        {
          const auto      &matrix = network.implementation->matrices[l];
          const at::Tensor left   = as_tensor(V.left[l]).narrow(0, first, n);
          const at::Tensor right  = as_tensor(V.right[l]).narrow(0, first, n);
          const at::Tensor weights =
            left.unsqueeze(2) *
            right.narrow(1, 0, matrix.n_columns).unsqueeze(1);
          columns.narrow(1, matrix.offset, matrix.n_rows * matrix.n_columns)
            .copy_(weights.view({n, -1}));
          if (matrix.has_bias())
            columns.narrow(1, matrix.bias_offset, matrix.n_rows)
              .copy_(left * right.narrow(1, matrix.n_columns, 1));
        }
      for (const auto &other : network.implementation->others)
        columns.narrow(1, other.offset, other.count)
          .copy_(as_tensor(V.other)
                   .narrow(0, first, n)
                   .narrow(1, other.row, other.count));
      return block;
    });
  }



  Column
  NetworkJacobian::expand(const Network           &network,
                          const RankOneDirections &V,
                          const Column            &y)
  {
    return guarded(network.implementation->name, [&]() {
      const Column     correction = make_column(network.n_parameters());
      const at::Tensor flat       = as_tensor(correction);
      const at::Tensor weights    = as_tensor(y).unsqueeze(1); // [r, 1]
      for (std::size_t l = 0; l < network.implementation->matrices.size(); ++l)
        {
          const auto &matrix = network.implementation->matrices[l];
          // U diag(y) V^T
          const at::Tensor change =
            (as_tensor(V.left[l]) * weights).t().mm(as_tensor(V.right[l]));
          flat.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
            .copy_(change.narrow(1, 0, matrix.n_columns).reshape({-1}));
          if (matrix.has_bias())
            flat.narrow(0, matrix.bias_offset, matrix.n_rows)
              .copy_(change.select(1, matrix.n_columns));
        }
      const at::Tensor change = (as_tensor(V.other) * weights).sum(0);
      for (const auto &other : network.implementation->others)
        flat.narrow(0, other.offset, other.count)
          .copy_(change.narrow(0, other.row, other.count));
      return correction;
    });
  }



  Column
  NetworkJacobian::contract(const Network           &network,
                            const RankOneDirections &V,
                            const Column            &g)
  {
    return guarded(network.implementation->name, [&]() {
      const Column     result = make_column(V.n_directions);
      const at::Tensor sum = as_tensor(result), flat = as_tensor(g);
      for (std::size_t l = 0; l < network.implementation->matrices.size(); ++l)
        {
          const auto &matrix = network.implementation->matrices[l];
          at::Tensor  G      = // of the weights and, the last column, the bias
            flat.narrow(0, matrix.offset, matrix.n_rows * matrix.n_columns)
              .view({std::int64_t(matrix.n_rows), -1});
          if (matrix.has_bias())
            G = at::cat(
              {G,
               flat.narrow(0, matrix.bias_offset, matrix.n_rows).unsqueeze(1)},
              1);
          // the diagonal of U^T G V
          const at::Tensor right = as_tensor(V.right[l]);
          sum.add_((as_tensor(V.left[l]).mm(G) * right.narrow(1, 0, G.size(1)))
                     .sum(1));
        }
      for (const auto &other : network.implementation->others)
        sum.add_(as_tensor(V.other)
                   .narrow(1, other.row, other.count)
                   .mv(flat.narrow(0, other.offset, other.count)));
      return result;
    });
  }
} // namespace lsr
