// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_parallel_h
#define lsr_base_parallel_h

#include <cstddef>
#include <functional>

namespace lsr
{
  namespace internal
  {
    /// The threads of OpenMP, which BLAS and LibTorch share; 1 on one of them.
    std::size_t
    n_threads();

    /**
     * Call work(i) for each i < @p n on these threads, which take consecutive
     * i, as many each. BLAS and LibTorch compute with one thread inside. An
     * exception of one of the calls is thrown when all have ended.
     */
    void
    in_parallel(const std::size_t                             n,
                const std::function<void(const std::size_t)> &work);
  } // namespace internal
} // namespace lsr

#endif
