// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "by_columns.h"

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <algorithm>
#include <cmath>

#include "base/to_view.h"
#include "entries.h"

namespace lsr
{
  namespace internal
  {
    void
    require_finite(const Block &A, const std::string &name)
    {
      const std::vector<double> lengths = column_lengths(A);
      for (std::size_t j = 0; j < lengths.size(); ++j)
        if (!std::isfinite(lengths[j]))
          throw Error(name + " has entries that are infinite or not a " +
                      "number, in its first " + std::to_string(j + 1) +
                      " columns.");
    }



    std::vector<double>
    column_lengths(const Block &A)
    {
      const std::size_t m = A.extent(0), n = A.extent(1);
      const Column      lengths = make_column(n);
      using Teams               = Kokkos::TeamPolicy<ExecutionSpace>;
      Kokkos::parallel_for(
        "lsr::column_lengths",
        Teams(n, Kokkos::AUTO),
        KOKKOS_LAMBDA(const Teams::member_type &team) {
          const std::size_t j       = team.league_rank();
          const auto        squares = [&](const double scale) {
            double total = 0;
            Kokkos::parallel_reduce(
              Kokkos::TeamThreadRange(team, m),
              [&](const std::size_t i, double &sum) {
                const double x = A(i, j) / scale;
                sum += x * x;
              },
              total);
            return total;
          };
          double scale = 1, square = squares(scale);
          // Squares may leave the range of numbers where the length does not.
          if (!(square > 1e-280 && square < 1e280))
            {
              double largest = 0;
              Kokkos::parallel_reduce(
                Kokkos::TeamThreadRange(team, m),
                [&](const std::size_t i, double &max) {
                  const double x = A(i, j) < 0 ? -A(i, j) : A(i, j);
                  if (x > max)
                    max = x;
                },
                Kokkos::Max<double>(largest));
              scale  = largest > 0 ? largest : 1.;
              square = squares(scale);
            }
          Kokkos::single(Kokkos::PerTeam(team),
                         [&]() { lengths(j) = scale * sqrt(square); });
        });
      Kokkos::fence();
      const HostColumn host = to_host(lengths);
      return {host.data(), host.data() + n};
    }



    Block
    scaled_columns(const Block                    &A,
                   const std::vector<std::size_t> &indices,
                   const std::vector<double>      &factors,
                   const std::size_t               n)
    {
      const auto  column   = to_view<Indices>(indices);
      const auto  factor   = to_view<Column>(factors);
      const Block selected = make_block(A.extent(0), n);
      Kokkos::parallel_for(
        "lsr::scaled_columns",
        entries(A.extent(0), n),
        KOKKOS_LAMBDA(const std::size_t i, const std::size_t j) {
          selected(i, j) = factor(j) * A(i, column(j));
        });
      Kokkos::fence();
      return selected;
    }



    std::vector<double>
    partial_sum_lengths(const Column              &x,
                        const Block               &A,
                        const std::vector<double> &w)
    {
      const std::size_t m = A.extent(0), n = A.extent(1);
      const auto        weight = to_view<Column>(w);
      const Block       sums   = make_block(m, n + 1);
      // The rows of a thread: one on a GPU; on the CPU all, in the order of the
      // memory.
      const std::size_t height =
        blocks_on_host ? std::max<std::size_t>(m, 1) : 1;
      Kokkos::parallel_for(
        "lsr::partial_sums",
        Kokkos::RangePolicy<ExecutionSpace>(0, (m + height - 1) / height),
        KOKKOS_LAMBDA(const std::size_t thread) {
          const std::size_t first = thread * height;
          for (std::size_t i = first; i < first + height; ++i)
            sums(i, 0) = x(i);
          for (std::size_t j = 0; j < n; ++j)
            for (std::size_t i = first; i < first + height; ++i)
              sums(i, j + 1) = sums(i, j) + weight(j) * A(i, j);
        });
      Kokkos::fence();
      return column_lengths(sums);
    }
  } // namespace internal
} // namespace lsr
