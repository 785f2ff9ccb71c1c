// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_stopwatch_h
#define lsr_base_stopwatch_h

#include <chrono>

namespace lsr
{
  /// Adds the wall time between construction and destruction, in seconds, to a
  /// total.
  class Stopwatch
  {
  public:
    explicit Stopwatch(double &total)
      : total(total)
      , start(std::chrono::steady_clock::now())
    {}

    ~Stopwatch()
    {
      total +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
    }

    Stopwatch(const Stopwatch &) = delete;
    Stopwatch &
    operator=(const Stopwatch &) = delete;

  private:
    double                                     &total;
    const std::chrono::steady_clock::time_point start;
  };
} // namespace lsr

#endif
