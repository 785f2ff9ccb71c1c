// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "passes.h"

#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>

#include <cmath>
#include <string>

#include "lapack.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      // Replace the numbers by those of the first rank. A sum over all ranks
      // need not be the same to the last bit on each of them.
      void
      broadcast(const HostBlock &A, const Communicator &communicator)
      {
#ifdef LSR_WITH_MPI
        if (communicator.size() > 1)
          MPI_Bcast(
            A.data(), lapack_int(A.size()), MPI_DOUBLE, 0, communicator.get());
#else
        (void)A;
        (void)communicator;
#endif
      }

      // The upper triangle of Q^T Q over all ranks, by blocks of columns so
      // that little of the lower one is computed.
      HostBlock
      gram_matrix(const Block &Q, const Communicator &communicator)
      {
        constexpr std::size_t width = 256;
        const std::size_t     r     = Q.extent(1);
        const Block           N("lsr::Block", r, r);
        for (std::size_t j = 0; j < r; j += width)
          {
            const std::size_t end = std::min(j + width, r);
            multiply(1.,
                     'T',
                     columns(Q, 0, end),
                     'N',
                     columns(Q, j, end),
                     0.,
                     Kokkos::subview(N,
                                     Kokkos::make_pair(std::size_t(0), end),
                                     Kokkos::make_pair(j, end)));
          }
        communicator.sum(N);
        const HostBlock host = to_host(N);
        broadcast(host, communicator);
        return host;
      }

      // The Frobenius norm of N - I, from the upper triangle of N.
      double
      distance_from_identity(const HostBlock &N)
      {
        double square = 0;
        for (std::size_t j = 0; j < N.extent(1); ++j)
          {
            for (std::size_t i = 0; i < j; ++i)
              square += 2 * N(i, j) * N(i, j);
            square += (N(j, j) - 1) * (N(j, j) - 1);
          }
        return std::sqrt(square);
      }

      // The Cholesky factor of a matrix near the identity.
      Block
      cholesky(const HostBlock &N)
      {
        const HostBlock C    = upper_triangle(N, N.extent(0));
        const int       n    = lapack_int(C.extent(0));
        const int       ldc  = leading_dimension(C);
        int             info = 0;
        dpotrf_("U", &n, C.data(), &ldc, &info);
        return to_memory_space(C);
      }
    } // namespace

    void
    require_finite(const HostBlock &R, const std::string &name)
    {
      for (std::size_t j = 0; j < R.extent(1); ++j)
        for (std::size_t i = 0; i <= j; ++i)
          if (!std::isfinite(R(i, j)))
            throw Error(name + " has entries that are infinite or not a " +
                        "number, in its first " + std::to_string(j + 1) +
                        " columns.");
    }

    Block
    triangle_of(const Block &W, const Communicator &communicator)
    {
      const std::size_t     n = W.extent(0), r = W.extent(1);
      constexpr std::size_t n_buffer_rows = 4096;
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
      require_finite(to_host(R), "orthonormalize: the block of columns");
      return R;
    }

    void
    restore_orthonormality(const Block        &Q,
                           const Communicator &communicator,
                           const std::function<void(const Block &)> &note)
    {
      // At most once more by Householder reflections, where the columns are too
      // far from orthonormal for the Gram matrix to be of use.
      constexpr unsigned int max_passes = 4;
      for (unsigned int pass = 0; pass < max_passes; ++pass)
        {
          const HostBlock N    = gram_matrix(Q, communicator);
          const bool      near = distance_from_identity(N) < 0.5;
          const Block     C = near ? cholesky(N) : triangle_of(Q, communicator);
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
