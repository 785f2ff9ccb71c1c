// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: explicit rows and columns of the Jacobian.

#include "base/allocation.h"
#include "network/batches.h"
#include "network/implementation.h"
#include "network/jacobian.h"

namespace lsr
{
  namespace
  {
    /// Combinations that pick one output at every point.
    at::Tensor
    one_output_each(const std::vector<unsigned int> &outputs,
                    const unsigned int               n_outputs,
                    const std::size_t                n_points)
    {
      require(outputs.size() == n_points,
              "rows of the Jacobian: got " + std::to_string(outputs.size()) +
                " outputs for " + std::to_string(n_points) +
                " points, expected one for each");
      at::Tensor result =
        at::zeros({std::int64_t(n_points), 1, n_outputs}, at::kDouble);
      for (std::size_t i = 0; i < n_points; ++i)
        {
          require(outputs[i] < n_outputs,
                  "rows of the Jacobian: output " + std::to_string(outputs[i]) +
                    " of a network with " + std::to_string(n_outputs));
          result[i][0][outputs[i]] = 1.;
        }
      return result.to(block_options().device());
    }
  } // namespace



  at::Tensor
  Network::Implementation::layer_rows(const Factors &f, const std::size_t l)
  {
    const at::Tensor &a = f.a[l], &delta = f.delta[l];
    if (a.size(2) == 1)
      return delta.squeeze(3).unsqueeze(1) * a.unsqueeze(0);
    const std::int64_t n_points = a.size(1), n_values = delta.size(2);
    return delta.permute({1, 0, 2, 3})
      .flatten(1, 2)
      .bmm(a.permute({1, 2, 0}))
      .view({n_points, delta.size(0), n_values, a.size(0)})
      .permute({1, 3, 0, 2});
  }



  void
  Network::Implementation::write_rows(const Factors    &factors,
                                      const at::Tensor &rows) const
  {
    const std::int64_t n_points = factors.other.size(1);
    const std::int64_t n_values = factors.other.size(2);
    const auto         part     = [&](const std::int64_t offset,
                          const std::int64_t n_rows,
                          const std::int64_t n_columns) {
      return rows.narrow(0, offset, n_rows * n_columns)
        .view({n_rows, n_columns, n_points, n_values});
    };

    std::vector<bool> written(matrices.size(), false);
    for (std::size_t l = 0; l < factors.a.size(); ++l)
      {
        const MatrixLayout &matrix = matrix_of(l);
        const std::size_t   number = graph->layers.layers[l].matrix;
        const at::Tensor    a      = factors.a[l].to(rows.scalar_type());
        const at::Tensor    delta  = factors.delta[l].to(rows.scalar_type());
        at::Tensor          weights =
          part(matrix.offset, matrix.n_rows, matrix.n_columns);
        if (a.size(2) == 1 && !written[number])
          at::mul_out(weights,
                      delta.squeeze(3).unsqueeze(1),
                      a.narrow(0, 0, matrix.n_columns).unsqueeze(0));
        else
          {
            const at::Tensor product =
              layer_rows({{a}, {delta}, {}}, 0).narrow(1, 0, matrix.n_columns);
            if (written[number])
              weights.add_(product);
            else
              weights.copy_(product);
          }
        if (matrix.has_bias())
          {
            const at::Tensor bias =
              part(matrix.bias_offset, matrix.n_rows, 1).squeeze(1);
            if (!written[number])
              bias.zero_();
            if (graph->layers.layers[l].has_bias)
              bias.add_(delta.sum(3));
          }
        written[number] = true;
      }
    for (const OtherParameter &other : others)
      part(other.offset, other.count, 1)
        .squeeze(1)
        .copy_(factors.other.narrow(0, other.row, other.count));
  }



  std::vector<Network::Implementation::Place>
  Network::Implementation::locate(
    const std::vector<std::size_t> &parameters) const
  {
    // For each parameter tensor in order: offset, matrix or -1, and whether it
    // is a bias.
    struct Piece
    {
      std::int64_t matrix;
      bool         is_bias;
      std::int64_t row_of_other;
    };
    std::map<std::int64_t, Piece> pieces;
    for (std::size_t i = 0; i < matrices.size(); ++i)
      {
        pieces[matrices[i].offset] = {std::int64_t(i), false, 0};
        if (matrices[i].has_bias())
          pieces[matrices[i].bias_offset] = {std::int64_t(i), true, 0};
      }
    for (const OtherParameter &other : others)
      if (other.count > 0)
        pieces[other.offset] = {-1, false, other.row};

    std::vector<Place> result;
    for (const std::size_t parameter : parameters)
      {
        require(parameter < n_parameters,
                "column " + std::to_string(parameter) + " of a Jacobian for " +
                  std::to_string(n_parameters) + " parameters");
        const auto  p     = std::prev(pieces.upper_bound(parameter));
        const auto  i     = std::int64_t(parameter) - p->first;
        const Piece piece = p->second;
        if (piece.matrix < 0)
          result.push_back({-1, piece.row_of_other + i, 0});
        else
          {
            const std::int64_t n = matrices[piece.matrix].n_columns;
            result.push_back({piece.matrix,
                              piece.is_bias ? i : i / n,
                              piece.is_bias ? n : i % n});
          }
      }
    return result;
  }



  void
  Network::Implementation::write_rows(const Block      &points,
                                      const at::Tensor &rows) const
  {
    require(layered, "explicit Jacobian rows need a layered network");
    const at::Tensor   x = as_points(points);
    const std::int64_t k = n_outputs;
    for_each_batch(x.size(0),
                   batch_size(n_factor_numbers),
                   [&](const auto first, const auto n) {
                     write_rows(factors(x.narrow(0, first, n)),
                                rows.narrow(1, first * k, n * k));
                   });
  }



  template <typename BlockType>
  void
  NetworkJacobian::visit_rows(const Visit<BlockType> &visit) const
  {
    // Enough rows for fast products with many directions, which are read once
    // for each batch; at most about 512 MB of them.
    constexpr std::size_t budget =
      (std::size_t(1) << 29) / sizeof(typename BlockType::value_type);
    const std::size_t n_points = points.extent(1), k = network.n_outputs;
    const std::size_t n_rows =
      std::clamp<std::size_t>(budget / network.n_parameters, 8, 1024);
    const std::size_t n_at_a_time =
      std::min(n_points, std::max<std::size_t>(1, n_rows / k));
    const auto buffer =
      internal::allocate<BlockType>(Kokkos::ViewAllocateWithoutInitializing(
                                      "lsr::jacobian_rows"),
                                    n_at_a_time * k,
                                    network.n_parameters);
    for (std::size_t first = 0; first < n_points; first += n_at_a_time)
      {
        const std::size_t last = std::min(first + n_at_a_time, n_points);
        const BlockType   J =
          Kokkos::subview(buffer,
                          Kokkos::make_pair(std::size_t(0), (last - first) * k),
                          Kokkos::ALL());
        guarded(network.name, [&]() {
          network.write_rows(lsr::columns(points, first, last), as_tensor(J));
        });
        visit(J, first * k, last * k);
      }
  }



  template void
  NetworkJacobian::visit_rows(const Visit<Block> &) const;
  template void
  NetworkJacobian::visit_rows(const Visit<FloatBlock> &) const;



  void
  NetworkJacobian::rows(const Block &J) const
  {
    guarded(network.name, [&]() { network.write_rows(points, as_tensor(J)); });
  }



  void
  NetworkJacobian::columns(const std::vector<std::size_t> &parameters,
                           const Block                    &result) const
  {
    const std::size_t n = points.extent(1) * network.n_outputs;
    guarded(network.name, [&]() {
      require(result.extent(0) == n && result.extent(1) == parameters.size(),
              "columns of the Jacobian: expected a block of " +
                std::to_string(n) + " x " + std::to_string(parameters.size()) +
                ", found " + std::to_string(result.extent(0)) + " x " +
                std::to_string(result.extent(1)));
      const auto places = network.locate(parameters);
      if (network.layered)
        network.write_columns(network.as_points(points),
                              places,
                              as_tensor(result));
      else
        for (std::size_t j = 0; j < parameters.size(); ++j)
          {
            const Block direction = make_zero_block(network.n_parameters, 1);
            as_tensor(direction)[0][parameters[j]] = 1.;
            forward_mode_times(direction, lsr::columns(result, j, j + 1));
          }
    });
  }



  void
  Network::Implementation::write_columns(const at::Tensor         &x,
                                         const std::vector<Place> &places,
                                         const at::Tensor &columns) const
  {
    // The entries of each matrix that are wanted, and of the other parameters.
    struct Selection
    {
      std::vector<std::int64_t> rows, columns, destinations;
    };
    std::map<std::int64_t, Selection> selections;
    for (std::size_t j = 0; j < places.size(); ++j)
      {
        Selection &selection = selections[places[j].matrix];
        selection.rows.push_back(places[j].row);
        selection.columns.push_back(places[j].column);
        selection.destinations.push_back(j);
      }
    const auto index = [](const std::vector<std::int64_t> &entries) {
      return at::tensor(entries, at::kLong).to(block_options().device());
    };

    std::int64_t longest = 1;
    for (const std::int64_t n : n_positions)
      longest = std::max(longest, n);
    const std::int64_t k = n_outputs;
    for_each_batch(
      x.size(0),
      batch_size(n_factor_numbers +
                 2 * std::int64_t(places.size()) * longest * k),
      [&](const auto first, const auto n) {
        const Factors    f       = factors(x.narrow(0, first, n));
        const at::Tensor results = columns.narrow(1, first * k, n * k);
        results.zero_();
        for (std::size_t l = 0; l < f.a.size(); ++l)
          {
            const auto found = selections.find(graph->layers.layers[l].matrix);
            if (found == selections.end())
              continue;
            const Selection &wanted = found->second;
            const at::Tensor product =
              f.delta[l].index_select(0, index(wanted.rows)) *
              f.a[l].index_select(0, index(wanted.columns)).unsqueeze(2);
            results.index_add_(0,
                               index(wanted.destinations),
                               product.sum(3).flatten(1));
          }
        const auto found = selections.find(-1);
        if (found != selections.end())
          results.index_add_(
            0,
            index(found->second.destinations),
            f.other.index_select(0, index(found->second.rows)).flatten(1));
      });
  }



  bool
  NetworkJacobian::has_rank_one_rows() const
  {
    if (!network.layered)
      return false;
    std::vector<unsigned int> n_uses(network.matrices.size(), 0);
    for (std::size_t l = 0; l < network.n_positions.size(); ++l)
      if (network.n_positions[l] != 1 ||
          ++n_uses[network.graph->layers.layers[l].matrix] > 1)
        return false;
    return true;
  }



  RankOneDirections
  NetworkJacobian::rank_one_rows(const std::vector<unsigned int> &outputs) const
  {
    return guarded(network.name, [&]() {
      require(has_rank_one_rows(),
              "rows of the Jacobian have more than rank one in a layer");
      const at::Tensor x = network.as_points(points);
      const at::Tensor combinations =
        one_output_each(outputs, network.n_outputs, x.size(0));

      RankOneDirections V;
      V.n_directions = points.extent(1);
      for (const auto &matrix : network.matrices)
        {
          V.left.push_back(make_block(matrix.n_rows, V.n_directions));
          V.right.push_back(make_block(matrix.n_inputs(), V.n_directions));
        }
      V.other = make_block(network.n_other, V.n_directions);
      for_each_batch(
        x.size(0),
        network.batch_size(network.n_factor_numbers),
        [&](const auto first, const auto n) {
          const auto f   = network.factors(x.narrow(0, first, n),
                                         combinations.narrow(0, first, n));
          const auto put = [&](const at::Tensor &factor, const Block &block) {
            as_tensor(block).narrow(0, first, n).copy_(factor.flatten(1).t());
          };
          for (std::size_t l = 0; l < f.a.size(); ++l)
            {
              const auto matrix = network.graph->layers.layers[l].matrix;
              put(f.delta[l], V.left[matrix]);
              put(f.a[l], V.right[matrix]);
            }
          put(f.other, V.other);
        });
      return V;
    });
  }



  void
  NetworkJacobian::transposed_rows(const std::vector<unsigned int> &outputs,
                                   const Block                     &V) const
  {
    guarded(network.name, [&]() {
      require(V.extent(0) == network.n_parameters &&
                V.extent(1) == points.extent(1),
              "rows of the Jacobian as columns: expected a block of " +
                std::to_string(network.n_parameters) + " x " +
                std::to_string(points.extent(1)) + ", found " +
                std::to_string(V.extent(0)) + " x " +
                std::to_string(V.extent(1)));
      const at::Tensor x = network.as_points(points);
      const at::Tensor combinations =
        one_output_each(outputs, network.n_outputs, x.size(0));
      const at::Tensor directions = as_tensor(V); // [r, m]
      if (network.layered)
        for_each_batch(
          x.size(0),
          network.batch_size(network.n_factor_numbers + network.n_parameters),
          [&](const auto first, const auto n) {
            const auto f    = network.factors(x.narrow(0, first, n),
                                           combinations.narrow(0, first, n));
            at::Tensor rows = at::empty({std::int64_t(network.n_parameters), n},
                                        block_options());
            network.write_rows(f, rows);
            directions.narrow(0, first, n).copy_(rows.t());
          });
      else
        for (std::int64_t i = 0; i < x.size(0); ++i)
          {
            directions[i].zero_();
            network.pull_back(x.narrow(0, i, 1),
                              combinations[i].unsqueeze(0),
                              directions[i].unsqueeze(0));
          }
    });
  }
} // namespace lsr
