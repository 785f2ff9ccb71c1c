// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/qr.h>

#include <cstdint>
#include <numeric>
#include <string>

#include "base/to_view.h"
#include "factorization.h"
#include "lapack.h"
#include "operands.h"
#include "random_bits.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    // Columns that are factored together, and how many more rows there are in
    // the sketch that they are picked from.
    constexpr std::size_t block_width  = 64;
    constexpr std::size_t oversampling = 8;

    /// $X^T S^T$ with a matrix $S$ of $s$ rows of random signs, others for
    /// each @p seed.
    Block
    transposed_sketch(const Block      &X,
                      const std::size_t s,
                      const std::size_t seed)
    {
      const std::size_t m  = X.extent(0);
      const Block       S  = make_block(m, s);
      const Block       XS = make_block(X.extent(1), s);
      using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2>>;
      Kokkos::parallel_for(
        "lsr::random_signs",
        Policy({0, 0}, {static_cast<long>(m), static_cast<long>(s)}),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          const std::uint64_t bits = random_bits(random_bits(seed) + j * m + i);
          S(i, j)                  = bits >> 63 ? -1. : 1.;
        });
      Kokkos::fence();
      multiply(1., 'T', X, 'N', S, 0., XS);
      return XS;
    }

    /// Rows of @p A, as many as there can be pivots of an LU factorization,
    /// that span as much as rows of it can.
    std::vector<int>
    spanning_rows(const HostBlock &A)
    {
      const int        m = lapack_int(A.extent(0)), n = lapack_int(A.extent(1));
      const int        lda  = leading_dimension(A);
      int              info = 0;
      std::vector<int> swaps(std::min(m, n)), order(m);
      dgetrf_(&m, &n, A.data(), &lda, swaps.data(), &info);
      std::iota(order.begin(), order.end(), 0);
      for (std::size_t i = 0; i < swaps.size(); ++i)
        std::swap(order[i], order[swaps[i] - 1]);
      order.resize(swaps.size());
      return order;
    }

    /// The rows @p candidates of @p A in the order of their lengths, each
    /// orthogonal to those before it.
    std::vector<int>
    sort(const HostBlock &A, const std::vector<int> &candidates)
    {
      const int m = lapack_int(A.extent(1)), n = lapack_int(candidates.size());
      const HostBlock X = make_host_block(m, n);
      for (int j = 0; j < n; ++j)
        for (int i = 0; i < m; ++i)
          X(i, j) = A(candidates[j], i);

      std::vector<int>    pivots(n, 0);
      std::vector<double> factors(std::min(m, n));
      const int           ldx  = leading_dimension(X);
      int                 info = 0;
      with_workspace([&](double *work, const int *length) {
        dgeqp3_(&m,
                &n,
                X.data(),
                &ldx,
                pivots.data(),
                factors.data(),
                work,
                length,
                &info);
      });
      for (int &pivot : pivots)
        pivot = candidates[pivot - 1];
      return pivots;
    }

    /// The next $k$ columns of @p X, in their order.
    std::vector<int>
    next_columns(const Block &X, const std::size_t k, const std::size_t seed)
    {
      const HostBlock XS =
        to_host(transposed_sketch(X, k + oversampling, seed));
      const HostBlock LU = make_host_block(XS.extent(0), XS.extent(1));
      Kokkos::deep_copy(LU, XS);
      std::vector<int> columns = sort(XS, spanning_rows(LU));
      columns.resize(k);
      return columns;
    }

    /// A permutation that moves @p leading to the front and few others.
    std::vector<int>
    to_the_front(const std::vector<int> &leading, const std::size_t n)
    {
      std::vector<int> order(n), position(n);
      std::iota(order.begin(), order.end(), 0);
      std::iota(position.begin(), position.end(), 0);
      for (std::size_t i = 0; i < leading.size(); ++i)
        {
          const int at = position[leading[i]];
          std::swap(position[order[i]], position[leading[i]]);
          std::swap(order[i], order[at]);
        }
      return order;
    }

    /// Column order[j] of @p X moves to position $j$. Those that move are few,
    /// and go through a buffer all at once, where orthonormalize() has memory
    /// for one column only.
    void
    permute_columns(const Block &X, const std::vector<int> &order)
    {
      std::vector<int> to, from;
      for (std::size_t j = 0; j < order.size(); ++j)
        if (order[j] != int(j))
          {
            to.push_back(j);
            from.push_back(order[j]);
          }
      using Indices      = Kokkos::View<int *, MemorySpace>;
      const auto  target = to_view<Indices>(to);
      const auto  source = to_view<Indices>(from);
      const Block buffer = make_block(X.extent(0), to.size());

      using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2>>;
      const Policy all({0, 0},
                       {static_cast<long>(X.extent(0)),
                        static_cast<long>(to.size())},
                       {256, 1});
      Kokkos::parallel_for(
        "lsr::gather_columns",
        all,
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          buffer(i, j) = X(i, source(j));
        });
      Kokkos::parallel_for(
        "lsr::scatter_columns",
        all,
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          X(i, target(j)) = buffer(i, j);
        });
      Kokkos::fence();
    }
  } // namespace



  PivotedQR
  pivoted_qr(const Block &X, const Block &B)
  {
    const std::size_t n = X.extent(1);
    require(X.extent(0) >= n && (B.size() == 0 || B.extent(0) == X.extent(0)),
            "pivoted_qr: no more columns than rows expected, and right hand "
            "sides of as many rows; found " +
              extents(X) + " and " + extents(B) + ".");
    std::vector<int> pivots(n);
    std::iota(pivots.begin(), pivots.end(), 0);
    for (std::size_t first = 0; first < n; first += block_width)
      {
        const std::size_t last      = std::min(first + block_width, n);
        const Block       remaining = columns(X, first, n);
        const auto        below     = [&](const Block &A) {
          return rows(A, first, A.extent(0));
        };
        const std::vector<int> order =
          to_the_front(next_columns(below(remaining), last - first, first),
                       n - first);
        permute_columns(remaining, order);
        const std::vector<int> previous(pivots.begin() + first, pivots.end());
        for (std::size_t j = 0; j < order.size(); ++j)
          pivots[first + j] = previous[order[j]];

        const Block  panel   = below(columns(X, first, last));
        const Column factors = geqrf(panel);
        apply_reflections(panel, factors, below(columns(X, last, n)));
        if (B.size() > 0)
          apply_reflections(panel, factors, below(B));
      }
    return {upper_triangle_of(X, n), pivots};
  }
} // namespace lsr
