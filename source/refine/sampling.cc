// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/refine/sampling.h>

namespace lsr
{
  namespace
  {
    using Rows = Kokkos::View<std::size_t *, MemorySpace>;

    Rows
    as_view(const std::vector<std::size_t> &rows)
    {
      const Kokkos::
        View<const std::size_t *, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>
           host(rows.data(), rows.size());
      Rows view("rows", rows.size());
      Kokkos::deep_copy(view, host);
      return view;
    }
  } // namespace



  Block
  Sampling::select(const Block &all) const
  {
    if (rows.empty())
      return all;
    const Rows        from      = as_view(rows);
    const Block       selected  = make_block(rows.size(), all.extent(1));
    const std::size_t n_columns = all.extent(1);
    Kokkos::parallel_for(
      "lsr::select",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t i) {
        for (std::size_t j = 0; j < n_columns; ++j)
          selected(i, j) = all(from(i), j);
      });
    Kokkos::fence();
    return selected;
  }



  Column
  Sampling::select(const Column &all) const
  {
    if (rows.empty())
      return all;
    const Rows   from     = as_view(rows);
    const Column selected = make_column(rows.size());
    Kokkos::parallel_for(
      "lsr::select",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t i) { selected(i) = all(from(i)); });
    Kokkos::fence();
    return selected;
  }



  Block
  Sampling::scatter(const Block      &selected,
                    const std::size_t n_network_rows) const
  {
    if (rows.empty())
      return selected;
    const Rows        to        = as_view(rows);
    const std::size_t n_columns = selected.extent(1);
    const Block       all       = make_zero_block(n_network_rows, n_columns);
    Kokkos::parallel_for(
      "lsr::scatter",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t i) {
        for (std::size_t j = 0; j < n_columns; ++j)
          Kokkos::atomic_add(&all(to(i), j), selected(i, j));
      });
    Kokkos::fence();
    return all;
  }
} // namespace lsr
