// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/qr.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>

#include <string>

#include "entries.h"
#include "factorization.h"
#include "random_bits.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    /**
     * $S X$ with a sparse sign matrix of $s$ rows: every row of @p X goes into
     * n_terms rows of the sketch with a random sign. The rows are taken in
     * groups of $s$, which are added up, each shifted cyclically by a random
     * number, so that neighbours in memory stay neighbours.
     */
    Block
    sketch(const Block &X, const std::size_t s)
    {
      constexpr std::size_t n_terms  = 4;
      const std::size_t     m        = X.extent(0);
      const std::size_t     n_groups = (m + s - 1) / s;
      const Block           SX       = make_block(s, X.extent(1));

      // A bit for the sign in each term, and the shift of each group.
      const Kokkos::View<unsigned char *, MemorySpace> signs("lsr::signs", m);
      const Kokkos::View<std::size_t *, MemorySpace>   shifts("lsr::shifts",
                                                            n_terms * n_groups);
      Kokkos::parallel_for(
        "lsr::sketch_signs",
        Kokkos::RangePolicy<ExecutionSpace>(0, m),
        KOKKOS_LAMBDA(const std::size_t row) {
          signs(row) = random_bits(row) >> 60;
        });
      Kokkos::parallel_for(
        "lsr::sketch_shifts",
        Kokkos::RangePolicy<ExecutionSpace>(0, n_terms * n_groups),
        KOKKOS_LAMBDA(const std::size_t i) {
          shifts(i) = random_bits(~i) % s;
        });

      Kokkos::parallel_for(
        "lsr::sketch",
        entries(s, X.extent(1)),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          double sum = 0;
          for (std::size_t group = 0; group < n_groups; ++group)
            for (std::size_t term = 0; term < n_terms; ++term)
              {
                const std::size_t shifted = i + shifts(group * n_terms + term);
                const std::size_t row =
                  group * s + (shifted < s ? shifted : shifted - s);
                if (row < m)
                  sum += (signs(row) >> term) & 1 ? -X(row, j) : X(row, j);
              }
          SX(i, j) = sum;
        });
      Kokkos::fence();
      return SX;
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
    const Block R = householder_qr(sketch(X, 2 * n));
    divide_by_upper_triangular(X, R);
    const Block C = gram_triangle(X);
    if (cholesky(C) < n || !has_diagonal_near_one(C))
      return {};
    const Block CR = make_block(n, n);
    multiply(1., 'N', C, 'N', R, 0., CR);
    return CR;
  }
} // namespace lsr
