// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/blas_threads.h"

// Only in OpenBLAS.
extern "C"
{
  void
  openblas_set_num_threads(int) __attribute__((weak));

  int
  openblas_get_num_threads() __attribute__((weak));
}

namespace lsr
{
  void
  set_n_blas_threads(const int n_threads)
  {
    if (openblas_set_num_threads)
      openblas_set_num_threads(n_threads);
  }



  SingleThreadedBlas::SingleThreadedBlas()
    : n_threads_before(openblas_get_num_threads ? openblas_get_num_threads() :
                                                  1)
  {
    set_n_blas_threads(1);
  }



  SingleThreadedBlas::~SingleThreadedBlas()
  {
    set_n_blas_threads(n_threads_before);
  }
} // namespace lsr
