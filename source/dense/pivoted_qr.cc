// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "dense/qr.h"
#include "entries.h"
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

    /// Memory for all blocks of columns, which on a GPU takes longer to get
    /// than what is done with it takes.
    struct Workspace
    {
      /// For a factorization of @p X.
      explicit Workspace(const Block &X)
        : signs(make_block(X.extent(0), n_sketch_rows(X)))
        , sketch(make_block(X.extent(1), n_sketch_rows(X)))
        // Some go to the front, others make way for them.
        , moving(
            make_block(X.extent(0), std::min(2 * block_width, X.extent(1))))
        , moves("lsr::moves", moving.extent(1))
      {}

      static std::size_t
      n_sketch_rows(const Block &X)
      {
        return std::min(block_width, X.extent(1)) + oversampling;
      }

      Block signs, sketch;

      /// Columns on their way, and where to and where from.
      Block                               moving;
      Kokkos::View<int *[2], MemorySpace> moves;
    };

    /// $X^T S^T$ with a matrix $S$ of $s$ rows of random signs, others for
    /// each @p seed.
    Block
    transposed_sketch(const Block      &X,
                      const std::size_t s,
                      const std::size_t seed,
                      const Workspace  &workspace)
    {
      const std::size_t m = X.extent(0);
      const Column      signs(workspace.signs.data(), m * s);
      Kokkos::parallel_for(
        "lsr::random_signs",
        Kokkos::RangePolicy<ExecutionSpace>(0, m * s),
        KOKKOS_LAMBDA(const std::size_t i) {
          const std::uint64_t bits = random_bits(random_bits(seed) + i);
          signs(i)                 = bits >> 63 ? -1. : 1.;
        });
      Kokkos::fence();
      const Block XS(workspace.sketch.data(), X.extent(1), s);
      multiply(1., 'T', X, 'N', Block(signs.data(), m, s), 0., XS);
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
    next_columns(const Block      &X,
                 const std::size_t k,
                 const std::size_t seed,
                 const Workspace  &workspace)
    {
      const HostBlock XS =
        to_host(transposed_sketch(X, k + oversampling, seed, workspace));
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
    permute_columns(const Block            &X,
                    const std::vector<int> &order,
                    const Workspace        &workspace)
    {
      const auto moves   = workspace.moves;
      const auto host    = Kokkos::create_mirror_view(moves);
      long       n_moves = 0;
      for (std::size_t j = 0; j < order.size(); ++j)
        if (order[j] != int(j))
          {
            host(n_moves, 0)   = j;
            host(n_moves++, 1) = order[j];
          }
      Kokkos::deep_copy(moves, host);

      const Entries all    = entries(X.extent(0), n_moves);
      const Block   moving = workspace.moving;
      Kokkos::parallel_for(
        "lsr::gather_columns",
        all,
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          moving(i, j) = X(i, moves(j, 1));
        });
      Kokkos::parallel_for(
        "lsr::scatter_columns",
        all,
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          X(i, moves(j, 0)) = moving(i, j);
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
    const Workspace workspace(X);
    for (std::size_t first = 0; first < n; first += block_width)
      {
        const std::size_t last      = std::min(first + block_width, n);
        const Block       remaining = columns(X, first, n);
        const auto        below     = [&](const Block &A) {
          return rows(A, first, A.extent(0));
        };
        const std::vector<int> order = to_the_front(
          next_columns(below(remaining), last - first, first, workspace),
          n - first);
        permute_columns(remaining, order, workspace);
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
