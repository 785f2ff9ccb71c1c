// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/types.h>
#include <lsr/network/memory.h>

#ifdef KOKKOS_ENABLE_CUDA
#  include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace lsr
{
  void
  release_cached_memory()
  {
#ifdef KOKKOS_ENABLE_CUDA
    c10::cuda::CUDACachingAllocator::emptyCache();
#endif
  }
} // namespace lsr
