// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_batches_h
#define lsr_network_batches_h

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "network/blas_threads.h"
#include "network/torch_support.h"

namespace lsr
{
  /// Call function(first, count) for consecutive pieces of n points.
  template <typename Function>
  void
  for_each_batch(const std::int64_t n,
                 const std::int64_t size,
                 const Function    &function)
  {
    for (std::int64_t first = 0; first < n; first += size)
      function(first, std::min(size, n - first));
  }



  /**
   * The same by several threads at a time, each of which works on its batches
   * with LibTorch and BLAS single-threaded: that scales better than threads
   * inside of many small operations. make_worker() is called once for each
   * thread and returns what is called as function(first, count).
   */
  template <typename MakeWorker>
  void
  for_each_batch_in_parallel(const std::int64_t n,
                             const std::int64_t size,
                             const MakeWorker  &make_worker)
  {
    if (n == 0)
      return;
    const SingleThreadedBlas single_threaded_blas;
    const std::int64_t       n_threads = at::get_num_threads();
    const std::int64_t n_each = std::min(size, (n + n_threads - 1) / n_threads);
    const std::int64_t n_batches = (n + n_each - 1) / n_each;
    at::parallel_for(
      0, n_batches, 1, [&](const std::int64_t begin, const std::int64_t end) {
        const FloatingPointTrapsOff traps_off;
        auto                        worker = make_worker();
        for (std::int64_t batch = begin; batch < end; ++batch)
          worker(batch * n_each, std::min(n_each, n - batch * n_each));
      });
  }
} // namespace lsr

#endif
