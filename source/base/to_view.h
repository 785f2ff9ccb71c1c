// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_to_view_h
#define lsr_base_to_view_h

#include <lsr/base/types.h>

#include <algorithm>
#include <vector>

namespace lsr
{
  namespace internal
  {
    /// Rows or columns, where blocks are.
    using Indices = Kokkos::View<std::size_t *, MemorySpace>;

    /// @p numbers in a view of the memory space and the type of @p View.
    template <typename View, typename Number>
    View
    to_view(const std::vector<Number> &numbers)
    {
      ensure_kokkos_initialized();
      const View view("lsr::to_view", numbers.size());
      const auto host = Kokkos::create_mirror_view(view);
      std::transform(numbers.begin(),
                     numbers.end(),
                     host.data(),
                     [](const Number x) {
                       return static_cast<typename View::value_type>(x);
                     });
      Kokkos::deep_copy(view, host);
      return view;
    }
  } // namespace internal
} // namespace lsr

#endif
