// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "by_rows.h"

#include "entries.h"

namespace lsr
{
  namespace internal
  {
    void
    set_rows_to_zero(const Indices &rows, const Block &Y)
    {
      Kokkos::parallel_for(
        "lsr::set_rows_to_zero",
        entries(rows.size(), Y.extent(1)),
        KOKKOS_LAMBDA(const std::size_t k, const std::size_t j) {
          Y(rows(k), j) = 0.;
        });
      Kokkos::fence();
    }



    void
    add_rows(const Indices &rows,
             const double   factor,
             const Block   &X,
             const Block   &Y)
    {
      Kokkos::parallel_for(
        "lsr::add_rows",
        entries(rows.size(), Y.extent(1)),
        KOKKOS_LAMBDA(const std::size_t k, const std::size_t j) {
          Y(rows(k), j) += factor * X(rows(k), j);
        });
      Kokkos::fence();
    }



    void
    scale_rows(const Column &factors, const Block &X, const Block &Y)
    {
      Kokkos::parallel_for(
        "lsr::scale_rows",
        entries(Y.extent(0), Y.extent(1)),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          Y(i, j) = factors(i) * X(i, j);
        });
      Kokkos::fence();
    }
  } // namespace internal
} // namespace lsr
