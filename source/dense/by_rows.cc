// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "by_rows.h"

namespace lsr
{
  namespace internal
  {
    namespace
    {
      /// A team of threads for every column, so that a CPU stays in it.
      using Teams = Kokkos::TeamPolicy<ExecutionSpace>;
    } // namespace



    void
    set_rows_to_zero(const Indices &rows, const Block &Y)
    {
      if (rows.size() == 0)
        return;
      Kokkos::parallel_for(
        "lsr::set_rows_to_zero",
        Teams(Y.extent(1), Kokkos::AUTO),
        KOKKOS_LAMBDA(const Teams::member_type &team) {
          const std::size_t j = team.league_rank();
          Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows.size()),
                               [&](const std::size_t k) {
                                 Y(rows(k), j) = 0.;
                               });
        });
      Kokkos::fence();
    }



    void
    add_rows(const Indices &rows,
             const double   factor,
             const Block   &X,
             const Block   &Y)
    {
      if (rows.size() == 0)
        return;
      Kokkos::parallel_for(
        "lsr::add_rows",
        Teams(Y.extent(1), Kokkos::AUTO),
        KOKKOS_LAMBDA(const Teams::member_type &team) {
          const std::size_t j = team.league_rank();
          Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows.size()),
                               [&](const std::size_t k) {
                                 Y(rows(k), j) += factor * X(rows(k), j);
                               });
        });
      Kokkos::fence();
    }



    void
    scale_rows(const Column &factors, const Block &X, const Block &Y)
    {
      Kokkos::parallel_for(
        "lsr::scale_rows",
        Teams(Y.extent(1), Kokkos::AUTO),
        KOKKOS_LAMBDA(const Teams::member_type &team) {
          const std::size_t j = team.league_rank();
          Kokkos::parallel_for(Kokkos::TeamThreadRange(team, Y.extent(0)),
                               [&](const std::size_t i) {
                                 Y(i, j) = factors(i) * X(i, j);
                               });
        });
      Kokkos::fence();
    }
  } // namespace internal
} // namespace lsr
