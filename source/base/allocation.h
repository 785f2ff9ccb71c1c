// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_allocation_h
#define lsr_base_allocation_h

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <sstream>

namespace lsr
{
  namespace internal
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
          constexpr double gigabyte = 1e9;
          // Kokkos has more to say, on lines about tracebacks.
          const std::string  reason = error.what();
          std::ostringstream message;
          message << "out of memory of the device " << device_name()
                  << ": a block of "
                  << sizeof(typename View::value_type) / gigabyte *
                       (double(extents) * ...)
                  << " GB does not fit (" << reason.substr(0, reason.find('\n'))
                  << ')';
          throw OutOfMemory(message.str());
        }
    }
  } // namespace internal
} // namespace lsr

#endif
