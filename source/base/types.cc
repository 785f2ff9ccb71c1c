// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/out_of_memory.h>
#include <lsr/base/types.h>

#include <cstdlib>
#include <sstream>

namespace lsr
{
  namespace
  {
    /// A view of the given extents, or an exception that says how large.
    template <typename View, typename Properties, typename... Extents>
    View
    allocate(const Properties &properties, const Extents... extents)
    {
      ensure_kokkos_initialized();
      try
        {
          return View(properties, extents...);
        }
      catch (const std::exception &error)
        {
          std::ostringstream message;
          message << "out of memory of the device " << device_name()
                  << ": a block of " << 8e-9 * (double(extents) * ...)
                  << " GB does not fit (" << error.what() << ')';
          throw OutOfMemory(message.str());
        }
    }
  } // namespace



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
    return allocate<Block>(Kokkos::view_alloc(Kokkos::WithoutInitializing,
                                              "lsr::Block"),
                           n_rows,
                           n_columns);
  }



  Block
  make_zero_block(const std::size_t n_rows, const std::size_t n_columns)
  {
    return allocate<Block>(std::string("lsr::Block"), n_rows, n_columns);
  }



  Column
  make_column(const std::size_t n_rows)
  {
    return allocate<Column>(std::string("lsr::Column"), n_rows);
  }
} // namespace lsr
