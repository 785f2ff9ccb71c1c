// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/network/network.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <algorithm>
#include <string>

#include "base/to_view.h"

namespace lsr
{
  using internal::Indices;
  using internal::to_view;

  struct Sampling::Projection
  {
    SparseMatrix P;
  };



  namespace
  {
    void
    check(const Sampling &sampling, const std::size_t n_network_rows)
    {
      const auto &[points, rows, projection] = sampling;
      if (projection)
        require(projection->P.n_columns() == n_network_rows,
                "a sampling projects " +
                  std::to_string(projection->P.n_columns()) +
                  " values, but the network gives " +
                  std::to_string(n_network_rows) + " at its points");
      else if (!rows.empty())
        {
          const std::size_t last = *std::max_element(rows.begin(), rows.end());
          require(last < n_network_rows,
                  "a sampling selects row " + std::to_string(last) +
                    ", but the network gives only " +
                    std::to_string(n_network_rows) + " at its points");
        }
    }
  } // namespace



  Sampling
  Sampling::projected(const Block &points, const CompressedRows &P)
  {
    return {points,
            {},
            std::make_shared<const Projection>(Projection{SparseMatrix(P)})};
  }



  std::size_t
  Sampling::n_values(const unsigned int n_outputs) const
  {
    if (projection)
      return projection->P.n_rows();
    return rows.empty() ? points.extent(1) * n_outputs : rows.size();
  }



  Column
  Sampling::evaluate(const Network &network, const Column &correction) const
  {
    const Column all = make_column(points.extent(1) * network.n_outputs());
    network.evaluate(points, all, correction);
    if (rows.empty() && !projection)
      return all;
    return Kokkos::subview(apply(as_block(all)), Kokkos::ALL(), 0);
  }



  Block
  Sampling::jacobian_times(const TangentBasis &basis) const
  {
    const Block all = make_block(points.extent(1) * basis.network().n_outputs(),
                                 basis.n_directions());
    basis.apply(points, all);
    return apply(all);
  }



  Block
  Sampling::transposed_jacobian_times(const Network &network,
                                      const Block   &U) const
  {
    const Block product = make_block(network.n_parameters(), U.extent(1));
    network.transposed_jacobian_times(
      points,
      apply_transposed(U, points.extent(1) * network.n_outputs()),
      product);
    return product;
  }



  Block
  Sampling::apply(const Block &X) const
  {
    check(*this, X.extent(0));
    if (projection)
      {
        const Block PX = make_block(projection->P.n_rows(), X.extent(1));
        multiply(1., 'N', projection->P, X, 0., PX);
        return PX;
      }
    if (rows.empty())
      return X;
    const auto        from      = to_view<Indices>(rows);
    const Block       selected  = make_block(rows.size(), X.extent(1));
    const std::size_t n_columns = X.extent(1);
    Kokkos::parallel_for(
      "lsr::select",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t i) {
        for (std::size_t j = 0; j < n_columns; ++j)
          selected(i, j) = X(from(i), j);
      });
    Kokkos::fence();
    return selected;
  }



  Block
  Sampling::apply_transposed(const Block      &U,
                             const std::size_t n_network_rows) const
  {
    check(*this, n_network_rows);
    if (projection)
      {
        const Block PTU = make_block(n_network_rows, U.extent(1));
        multiply(1., 'T', projection->P, U, 0., PTU);
        return PTU;
      }
    if (rows.empty())
      return U;
    const auto        to        = to_view<Indices>(rows);
    const std::size_t n_columns = U.extent(1);
    const Block       all       = make_zero_block(n_network_rows, n_columns);
    Kokkos::parallel_for(
      "lsr::scatter",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t i) {
        for (std::size_t j = 0; j < n_columns; ++j)
          Kokkos::atomic_add(&all(to(i), j), U(i, j));
      });
    Kokkos::fence();
    return all;
  }
} // namespace lsr
