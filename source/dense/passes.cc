// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "passes.h"

#include <lsr/base/device.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "by_columns.h"
#include "factorization.h"
#include "lapack.h"

namespace lsr
{
  namespace internal
  {
    Block
    broadcast(const Block &A, const Communicator &communicator)
    {
#ifdef LSR_WITH_MPI
      if (communicator.size() > 1)
        {
          const HostBlock host = to_host(A);
          MPI_Bcast(host.data(),
                    lapack_int(host.size()),
                    MPI_DOUBLE,
                    0,
                    communicator.get());
          return to_memory_space(host);
        }
#else
      (void)communicator;
#endif
      return A;
    }

    namespace
    {
      // The upper triangle of Q^T Q over all ranks.
      Block
      gram_triangle(const Block &Q, const Communicator &communicator)
      {
        const Block N = product_triangle(Q, Q);
        communicator.sum(N);
        return broadcast(N, communicator);
      }

      // The Frobenius norm of N - I, from the upper triangle of N.
      double
      distance_from_identity(const Block &N)
      {
        double square = 0;
        Kokkos::parallel_reduce(
          "lsr::distance_from_identity",
          Kokkos::RangePolicy<ExecutionSpace>(0, N.extent(1)),
          KOKKOS_LAMBDA(const std::size_t j, double &sum) {
            for (std::size_t i = 0; i < j; ++i)
              sum += 2 * N(i, j) * N(i, j);
            sum += (N(j, j) - 1) * (N(j, j) - 1);
          },
          square);
        return std::sqrt(square);
      }



      // The number of columns without those at the end that depend on those
      // before them to rounding, by the triangle of columns of similar lengths.
      std::size_t
      n_independent_columns(const Block &triangle)
      {
        const HostBlock R       = to_host(triangle);
        std::size_t     k       = R.extent(0);
        double          longest = 0;
        for (std::size_t j = 0; j < k; ++j)
          longest = std::max(longest, std::abs(R(j, j)));
        const double least =
          16. * k * std::numeric_limits<double>::epsilon() * longest;
        while (k > 0 && std::abs(R(k - 1, k - 1)) <= least)
          --k;
        return k;
      }
    } // namespace

    Block
    triangle_of(const Block &W, const Communicator &communicator)
    {
      const std::size_t n = W.extent(0), r = W.extent(1);
      // Few for the cache of a CPU, many for the processors of a GPU.
      constexpr std::size_t n_buffer_rows = blocks_on_host ? 4096 : 1 << 17;
      AppendRowsQR          qr(r);
      const Block           buffer = make_block(std::min(n, n_buffer_rows), r);
      for (std::size_t i = 0; i < n; i += n_buffer_rows)
        {
          const std::size_t m = std::min(n_buffer_rows, n - i);
          const Block       rows =
            Kokkos::subview(buffer,
                            Kokkos::make_pair(std::size_t(0), m),
                            Kokkos::ALL());
          Kokkos::deep_copy(rows,
                            Kokkos::subview(W,
                                            Kokkos::make_pair(i, i + m),
                                            Kokkos::ALL()));
          qr.append(rows);
        }
      qr.reduce(communicator);

      const Block R = qr.R();
      require_finite(R, "orthonormalize: the block of columns");
      return R;
    }

    Block
    orthonormal_factor(const Block &B, const Communicator &communicator)
    {
      const Block C = gram_triangle(B, communicator);
      require(cholesky(C) == C.extent(0),
              "orthonormal_factor: the columns depend on each other");
      return C;
    }

    void
    restore_orthonormality(Block              &Q,
                           const Communicator &communicator,
                           const std::function<void(const Block &)> &note)
    {
      // At most once more by Householder reflections, where the columns are too
      // far from orthonormal for the Gram matrix to be of use.
      constexpr unsigned int max_passes = 4;
      for (unsigned int pass = 0; pass < max_passes; ++pass)
        {
          Block      C    = gram_triangle(Q, communicator);
          const bool near = distance_from_identity(C) < 0.5;
          if (near)
            cholesky(C);
          else
            {
              C                   = triangle_of(Q, communicator);
              const std::size_t k = n_independent_columns(C);
              C                   = upper_triangle_of(C, k);
              Q                   = columns(Q, 0, k);
            }
          divide_by_upper_triangular(Q, C);
          note(C);
          if (near)
            return;
        }
      throw Error("Columns could not be made orthonormal in " +
                  std::to_string(max_passes) + " passes.");
    }
  } // namespace internal
} // namespace lsr
