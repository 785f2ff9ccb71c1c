// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/parallel.h"

#include <omp.h>

#include <exception>

namespace lsr
{
  namespace internal
  {
    std::size_t
    n_threads()
    {
      return omp_in_parallel() ? 1 : omp_get_max_threads();
    }



    void
    in_parallel(const std::size_t                             n,
                const std::function<void(const std::size_t)> &work)
    {
      std::exception_ptr thrown;
#pragma omp parallel for schedule(static) if (n > 1)
      for (std::size_t i = 0; i < n; ++i)
        try
          {
            work(i);
          }
        catch (...)
          {
#pragma omp critical
            thrown = std::current_exception();
          }
      if (thrown)
        std::rethrow_exception(thrown);
    }
  } // namespace internal
} // namespace lsr
