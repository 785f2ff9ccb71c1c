// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_blas_threads_h
#define lsr_network_blas_threads_h

namespace lsr
{
  /// Set the number of threads of BLAS where it has its own (OpenBLAS); others
  /// follow OpenMP.
  void
  set_n_blas_threads(const int n_threads);

  /// Keeps BLAS to the thread that calls it.
  class SingleThreadedBlas
  {
  public:
    SingleThreadedBlas();
    ~SingleThreadedBlas();

    SingleThreadedBlas(const SingleThreadedBlas &) = delete;
    SingleThreadedBlas &
    operator=(const SingleThreadedBlas &) = delete;

  private:
    const int n_threads_before;
  };
} // namespace lsr

#endif
