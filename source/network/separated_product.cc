// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: products with directions subnetwork by subnetwork.

#include "network/batches.h"
#include "network/differentiation.h"
#include "network/implementation.h"
#include "network/jacobian.h"

namespace lsr
{
  /**
   * $J V$ at some points for a network $q = c(f_1, f_2, \ldots)$ of
   * subnetworks,
   * $J V = \sum_g \frac{\partial c}{\partial f_g}\, J_{f_g} V
   *        + \frac{\partial c}{\partial \theta} V$,
   * with $J_{f_g} V$ only where the inputs of subnetwork $g$ differ.
   */
  class Network::Implementation::SeparatedProduct
  {
  public:
    SeparatedProduct(const Implementation &network, const at::Tensor &x)
      : network(network)
      , graph(*network.graph)
      , x(network.scaled_input(x))
      , n(x.size(0))
      , k(network.n_outputs)
    {
      for (std::size_t g = 0; g < graph.subnetworks->subnetworks.size(); ++g)
        parts.push_back(find_distinct_inputs(g));
    }

    /// Whether this takes fewer operations than other products.
    bool
    pays() const
    {
      // Subnetworks are differentiated at all distinct inputs for each
      // direction by itself, which many rows have to make up for.
      constexpr std::int64_t n_rows_for_each = 8;
      std::int64_t           n_distinct      = 0;
      for (const Part &part : parts)
        n_distinct += part.x.size(0);
      return n_rows_for_each * n_distinct <= n;
    }

    void
    compute(const at::Tensor &V, const at::Tensor &product)
    {
      product.zero_();
      differentiate_combination(V, product);
      for (std::size_t g = 0; g < parts.size(); ++g)
        add_subnetwork(g, V, product);
    }

  private:
    /// One subnetwork.
    struct Part
    {
      at::Tensor                x;           // distinct points
      at::Tensor                number;      // of each point among them
      at::Tensor                order;       // points sorted by that number
      std::vector<std::int64_t> counts;      // points for each number
      at::Tensor                derivatives; // of q, [n k, width], sorted
    };

    Part
    find_distinct_inputs(const std::size_t g) const
    {
      const at::Tensor columns =
        at::tensor(graph.subnetworks->subnetworks[g].columns, at::kLong)
          .to(x.device());
      const auto [distinct, number, counts] =
        at::unique_dim(x.index_select(1, columns), 0, true, true, true);

      Part part;
      part.x = at::zeros({distinct.size(0), x.size(1)}, x.options());
      part.x.index_copy_(1, columns, distinct);
      part.number                  = number;
      part.order                   = number.argsort();
      const at::Tensor host_counts = counts.cpu();
      part.counts.assign(host_counts.data_ptr<std::int64_t>(),
                         host_counts.data_ptr<std::int64_t>() +
                           host_counts.numel());
      return part;
    }

    /// A tensor of the frontier as [points, entries].
    static at::Tensor
    as_rows(const at::Tensor &value)
    {
      return value.reshape({value.size(0), -1});
    }

    /// Derivatives of c with respect to the frontiers, and what its own
    /// parameters contribute.
    void
    differentiate_combination(const at::Tensor &V, const at::Tensor &product)
    {
      std::vector<at::Tensor> frontiers;
      for (std::size_t g = 0; g < parts.size(); ++g)
        for (const at::Tensor &value :
             graph.evaluate_subnetwork(g, network.theta, parts[g].x))
          {
            require(value.dim() > 0 && value.size(0) == parts[g].x.size(0),
                    "a subnetwork does not return one row for each point");
            frontiers.push_back(
              value.index_select(0, parts[g].number).requires_grad_());
          }

      const at::Tensor value =
        scaled(graph.combine(network.theta, x, frontiers));
      std::vector<std::vector<at::Tensor>> of_outputs; // [k][frontier value]
      for (std::int64_t c = 0; c < k; ++c)
        of_outputs.push_back(
          gradient(value.select(1, c).sum(), frontiers, c + 1 < k));

      std::size_t first = 0;
      for (std::size_t g = 0; g < parts.size(); ++g)
        {
          const std::size_t last =
            first + graph.subnetworks->subnetworks[g].n_values;
          std::vector<at::Tensor> by_output;
          for (const auto &derivatives : of_outputs)
            {
              std::vector<at::Tensor> by_value;
              for (std::size_t f = first; f < last; ++f)
                by_value.push_back(as_rows(derivatives[f]));
              by_output.push_back(at::cat(by_value, 1));
            }
          parts[g].derivatives = at::stack(by_output, 1)
                                   .index_select(0, parts[g].order)
                                   .flatten(0, 1);
          first = last;
        }
      for (at::Tensor &frontier : frontiers)
        frontier = frontier.detach();
      add_combination_parameters(frontiers, V, product);
    }

    void
    add_combination_parameters(const std::vector<at::Tensor> &frontiers,
                               const at::Tensor              &V,
                               const at::Tensor              &product) const
    {
      for (const std::size_t p : graph.subnetworks->combination_parameters)
        {
          std::int64_t offset = 0;
          for (std::size_t q = 0; q < p; ++q)
            offset += network.theta[q].numel();
          for (std::int64_t i = 0; i < network.theta[p].numel(); ++i)
            {
              at::Tensor direction =
                at::zeros({std::int64_t(network.n_parameters)},
                          block_options());
              direction[offset + i] = 1.;
              const DualLevel  level;
              const at::Tensor derivative = level.tangent(scaled(graph.combine(
                level.dual(network.theta, direction), x, frontiers)));
              product.addr_(V.select(1, offset + i), derivative.reshape({-1}));
            }
        }
    }

    /// The scaling of outputs, less the shift.
    at::Tensor
    scaled(const at::Tensor &value) const
    {
      return network.output_scale.defined() ? value * network.output_scale :
                                              value;
    }

    /// Add $\partial c / \partial f_g\, J_{f_g} V$, some directions at a time.
    void
    add_subnetwork(const std::size_t g,
                   const at::Tensor &V,
                   const at::Tensor &product) const
    {
      constexpr std::int64_t budget = std::int64_t(1) << 23; // 64 MB

      const Part        &part       = parts[g];
      const std::int64_t n_distinct = part.x.size(0);
      const std::int64_t width      = part.derivatives.size(1);
      const std::int64_t n_at_a_time =
        std::clamp<std::int64_t>(budget / std::max(n_distinct * width, n * k),
                                 1,
                                 V.size(0));
      const at::Tensor rows =
        (part.order.unsqueeze(1) * k + at::arange(k, part.order.options()))
          .flatten();
      const at::Tensor all_tangents =
        at::empty({n_at_a_time, n_distinct, width}, block_options());
      for_each_batch(
        V.size(0), n_at_a_time, [&](const auto first, const auto count) {
          const at::Tensor tangents = all_tangents.narrow(0, 0, count);
          for (std::int64_t j = 0; j < count; ++j)
            tangents[j].copy_(push_forward_subnetwork(g, V[first + j]));

          at::Tensor   sorted = at::empty({count, n * k}, block_options());
          std::int64_t row    = 0;
          for (std::int64_t u = 0; u < n_distinct; ++u)
            {
              const std::int64_t n_rows = part.counts[u] * k;
              at::Tensor         some   = sorted.narrow(1, row, n_rows);
              at::mm_out(some,
                         tangents.select(1, u),
                         part.derivatives.narrow(0, row, n_rows).t());
              row += n_rows;
            }
          product.narrow(0, first, count).index_add_(1, rows, sorted);
        });
    }

    /// $J_{f_g} v$ at the distinct inputs, [points, width].
    at::Tensor
    push_forward_subnetwork(const std::size_t g, const at::Tensor &v) const
    {
      const DualLevel         level;
      std::vector<at::Tensor> tangents;
      for (const at::Tensor &value : graph.evaluate_subnetwork(
             g, level.dual(network.theta, v), parts[g].x))
        tangents.push_back(as_rows(level.tangent(value)));
      return at::cat(tangents, 1);
    }

    const Implementation  &network;
    const FunctionalGraph &graph;
    const at::Tensor       x;
    const std::int64_t     n, k;
    std::vector<Part>      parts;
  };



  at::Tensor
  Network::Implementation::separated_product(const at::Tensor &x,
                                             const at::Tensor &V) const
  {
    const at::Tensor product =
      at::empty({V.size(0), x.size(0) * n_outputs}, block_options());
    SeparatedProduct(*this, x).compute(V, product);
    return product;
  }



  bool
  NetworkJacobian::separated_times(const Block &V,
                                   const Block &JV,
                                   const bool   only_if_fast) const
  {
    return guarded(network.name, [&]() {
      network.check_directions(V);
      if (!network.graph->subnetworks || points.extent(1) == 0)
        return false;
      Network::Implementation::SeparatedProduct product(
        network, network.as_points(points));
      if (only_if_fast && !product.pays())
        return false;
      product.compute(as_tensor(V), as_tensor(JV));
      return true;
    });
  }
} // namespace lsr
