// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/types.h>

#include <cstdlib>

#include "base/allocation.h"

namespace lsr
{
  void
  ensure_kokkos_initialized()
  {
    if (Kokkos::is_initialized())
      return;
    require_device("auto");
    Kokkos::initialize();
    std::atexit([]() {
      if (Kokkos::is_initialized())
        Kokkos::finalize();
    });
  }



  Block
  make_block(const std::size_t n_rows, const std::size_t n_columns)
  {
    return internal::allocate<Block>(
      Kokkos::view_alloc(Kokkos::WithoutInitializing, "lsr::Block"),
      n_rows,
      n_columns);
  }



  Block
  make_zero_block(const std::size_t n_rows, const std::size_t n_columns)
  {
    return internal::allocate<Block>(std::string("lsr::Block"),
                                     n_rows,
                                     n_columns);
  }



  Column
  make_column(const std::size_t n_rows)
  {
    return internal::allocate<Column>(std::string("lsr::Column"), n_rows);
  }
} // namespace lsr
