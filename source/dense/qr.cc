// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/qr.h"

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "entries.h"
#include "factorization.h"
#include "passes.h"
#include "random_bits.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    // Rows that go into how many rows of a sketch.
    constexpr std::size_t n_terms = 8;

    /// The signs of a row, a bit for each term.
    KOKKOS_INLINE_FUNCTION
    std::uint64_t
    signs_of_row(const std::size_t row)
    {
      return random_bits(row) >> 56;
    }

    /// How far a term shifts a group of rows, in a sketch of @p s rows.
    KOKKOS_INLINE_FUNCTION
    std::size_t
    shift_of_group(const std::size_t group,
                   const std::size_t term,
                   const std::size_t s)
    {
      return random_bits(~(group * n_terms + term)) % s;
    }

    /// Every entry of the sketch @p SX gathers its terms from @p X, whose first
    /// row is the one called @p first.
    void
    gather_sketch(const Block &X, const std::size_t first, const Block &SX)
    {
      const std::size_t m = X.extent(0), s = SX.extent(0),
                        first_group = first / s,
                        n_groups    = m == 0 ? 0 : (first + m - 1) / s + 1;
      const Kokkos::View<unsigned char *, MemorySpace> signs("lsr::signs", m);
      const Kokkos::View<std::size_t *, MemorySpace>   shifts("lsr::shifts",
                                                            n_terms * n_groups);
      Kokkos::parallel_for(
        "lsr::sketch_signs",
        Kokkos::RangePolicy<ExecutionSpace>(0, m),
        KOKKOS_LAMBDA(const std::size_t row) {
          signs(row) = signs_of_row(first + row);
        });
      Kokkos::parallel_for(
        "lsr::sketch_shifts",
        Kokkos::RangePolicy<ExecutionSpace>(0, n_terms * n_groups),
        KOKKOS_LAMBDA(const std::size_t i) {
          shifts(i) = shift_of_group(i / n_terms, i % n_terms, s);
        });
      Kokkos::parallel_for(
        "lsr::sketch",
        entries(s, X.extent(1)),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          double sum = 0;
          for (std::size_t group = first_group; group < n_groups; ++group)
            for (std::size_t term = 0; term < n_terms; ++term)
              {
                const std::size_t shifted = i + shifts(group * n_terms + term);
                const std::size_t row =
                  group * s + (shifted < s ? shifted : shifted - s);
                if (row >= first && row < first + m)
                  sum += (signs(row - first) >> term) & 1 ? -X(row - first, j) :
                                                            X(row - first, j);
              }
          SX(i, j) = sum;
        });
      Kokkos::fence();
    }

    /// The same on the CPU: runs of rows that stay in the cache.
    void
    add_up_sketch(const HostBlock  &X,
                  const std::size_t first,
                  const HostBlock  &SX)
    {
      const std::size_t m = X.extent(0), s = SX.extent(0);
      Kokkos::deep_copy(SX, 0.);
      std::vector<double> signs(n_terms * std::min(s, m));
      for (std::size_t row = 0, n = 0; row < m; row += n)
        {
          const std::size_t group = (first + row) / s,
                            begin = (first + row) % s;
          n                       = std::min(m - row, s - begin);
          for (std::size_t i = 0; i < n; ++i)
            for (std::size_t term = 0; term < n_terms; ++term)
              signs[term * n + i] =
                (signs_of_row(first + row + i) >> term) & 1 ? -1. : 1.;
          in_parallel(X.extent(1), [&](const std::size_t j) {
            for (std::size_t term = 0; term < n_terms; ++term)
              {
                const std::size_t shift = shift_of_group(group, term, s);
                const auto        add   = [&](const std::size_t i,
                                     const std::size_t end) {
                  const double *const x = &X(row, j), *const sign =
                                                        &signs[term * n];
                  double *const sum = &SX((begin + i + s - shift) % s, j);
                  for (std::size_t k = i; k < end; ++k)
                    sum[k - i] += sign[k] * x[k];
                };
                // Those that come from in front of the first row go to the end.
                const std::size_t n_in_front =
                  std::min(n, shift - std::min(shift, begin));
                if (n_in_front > 0)
                  add(0, n_in_front);
                if (n_in_front < n)
                  add(n_in_front, n);
              }
          });
        }
    }

    /// How many rows there are on the ranks before this one.
    std::size_t
    n_rows_before(const std::size_t n, const Communicator &communicator)
    {
      const Block own = make_block(1, 1);
      Kokkos::deep_copy(own, double(n));
      const HostBlock all    = to_host(communicator.gather_columns(own));
      double          before = 0;
      for (unsigned int rank = 0; rank < communicator.rank(); ++rank)
        before += all(0, rank);
      return static_cast<std::size_t>(before);
    }

    /// Whether the diagonal of the Cholesky factor @p C of a Gram matrix is
    /// near 1, as it is for columns that a sketch has made nearly orthonormal,
    /// and hardly is for others.
    bool
    has_diagonal_near_one(const Block &C)
    {
      std::size_t n_bad = 0;
      Kokkos::parallel_reduce(
        "lsr::has_diagonal_near_one",
        Kokkos::RangePolicy<ExecutionSpace>(0, C.extent(0)),
        KOKKOS_LAMBDA(const std::size_t j, std::size_t &n) {
          // Also true for what is not a number.
          if (!(C(j, j) > 0.05 && C(j, j) < 20.))
            ++n;
        },
        n_bad);
      return n_bad == 0;
    }
  } // namespace



  Block
  sketch(const Block        &X,
         const std::size_t   n_rows,
         const Communicator &communicator)
  {
    const Block SX = make_block(n_rows, X.extent(1));
    if (SX.size() == 0)
      return SX;
    const std::size_t first = n_rows_before(X.extent(0), communicator);
    if (blocks_on_host)
      add_up_sketch(to_host(X), first, to_host(SX));
    else
      gather_sketch(X, first, SX);
    communicator.sum(SX);
    return broadcast(SX, communicator);
  }



  Block
  householder_qr(const Block &X)
  {
    require(X.extent(0) >= X.extent(1),
            "householder_qr: no more columns than rows expected, found " +
              std::to_string(X.extent(0)) + " x " +
              std::to_string(X.extent(1)) + ".");
    geqrf(X);
    return upper_triangle_of(X, X.extent(1));
  }



  std::optional<Block>
  cholesky_qr(const Block &X)
  {
    const std::size_t n = X.extent(1);
    if (n == 0 || X.extent(0) < 4 * n)
      return {};
    const Block R = householder_qr(sketch(X, 2 * n, Communicator()));
    divide_by_upper_triangular(X, R);
    const Block C = product_triangle(X, X);
    if (cholesky(C) < n || !has_diagonal_near_one(C))
      return {};
    const Block CR = make_block(n, n);
    multiply(1., 'N', C, 'N', R, 0., CR);
    return CR;
  }
} // namespace lsr
