// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_stopwatch_h
#define lsr_base_stopwatch_h

#include <lsr/base/device.h>

#include <chrono>
#include <exception>

namespace lsr
{
  /// Adds the wall time between construction and destruction, in seconds, to a
  /// total; on a GPU, the time until what was begun there is done.
  class Stopwatch
  {
  public:
    explicit Stopwatch(double &total)
      : total(total)
      , start(now())
    {}

    ~Stopwatch()
    {
      total += std::chrono::duration<double>(now() - start).count();
    }

    Stopwatch(const Stopwatch &) = delete;
    Stopwatch &
    operator=(const Stopwatch &) = delete;

  private:
    static std::chrono::steady_clock::time_point
    now()
    {
      try
        {
          if (!blocks_on_host && Kokkos::is_initialized())
            Kokkos::fence();
        }
      catch (const std::exception &)
        {
          // The next call for the GPU will say so, and not from a destructor.
        }
      return std::chrono::steady_clock::now();
    }

    double                                     &total;
    const std::chrono::steady_clock::time_point start;
  };
} // namespace lsr

#endif
