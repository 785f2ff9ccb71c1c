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
      // How far a triangle is from the identity, up to the signs of its rows.
      double
      departure(const HostBlock &C)
      {
        double largest = 0;
        for (std::size_t j = 0; j < C.extent(1); ++j)
          for (std::size_t i = 0; i <= j; ++i)
            largest =
              std::max(largest, std::abs(std::abs(C(i, j)) - (i == j ? 1 : 0)));
        return largest;
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
      // Twice is enough; more only where Q was far from orthonormal.
      constexpr unsigned int max_passes = 4;
      for (unsigned int pass = 0; pass < max_passes; ++pass)
        {
          const Block C = triangle_of(Q, communicator);
          divide_by_upper_triangular(Q, C);
          note(C);
          if (departure(to_host(C)) < 0.5)
            return;
        }
    }
  } // namespace internal
} // namespace lsr
