// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_timing_h
#define lsr_tests_performance_timing_h

#include <Kokkos_Core.hpp>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>

namespace lsr
{
  namespace performance
  {
    using Work = std::function<void()>;

    /// The least time of @p n_repetitions of @p work, each after @p prepare.
    inline double
    best_seconds(
      const unsigned int n_repetitions,
      const Work        &work,
      const Work        &prepare = []() {})
    {
      using Clock = std::chrono::steady_clock;
      double best = std::numeric_limits<double>::infinity();
      for (unsigned int i = 0; i < n_repetitions; ++i)
        {
          prepare();
          Kokkos::fence();
          const auto start = Clock::now();
          work();
          Kokkos::fence();
          best = std::min(
            best, std::chrono::duration<double>(Clock::now() - start).count());
        }
      return best;
    }

    /// Make @p seconds the time of a benchmark that was registered with
    /// Iterations(1) and UseManualTime().
    inline void
    report_seconds(benchmark::State &state, const double seconds)
    {
      while (state.KeepRunning())
        state.SetIterationTime(seconds);
    }
  } // namespace performance
} // namespace lsr

#endif
