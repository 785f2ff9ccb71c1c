// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/timer.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace lsr
{
  namespace
  {
    std::chrono::steady_clock::time_point
    now()
    {
      try
        {
          if (!blocks_on_host && Kokkos::is_initialized())
            Kokkos::fence();
        }
      catch (const std::exception &)
        {
          // The next call for the GPU reports it, and not from a destructor.
        }
      return std::chrono::steady_clock::now();
    }



    thread_local std::string current;
  } // namespace



  Timer::Stage::Stage(Timer &timer, const std::string &name)
    : timer(timer)
    , place(timer.find(name))
    , start(now())
    , outer(std::exchange(current, name))
    , n_exceptions(std::uncaught_exceptions())
  {}



  Timer::Stage::~Stage()
  {
    timer.times[place].second +=
      std::chrono::duration<double>(now() - start).count();
    // An exception takes the name along.
    if (std::uncaught_exceptions() == n_exceptions)
      current = std::move(outer);
  }



  const std::string &
  Timer::current_stage()
  {
    return current;
  }



  void
  Timer::add(const std::string &name, const double seconds)
  {
    times[find(name)].second += seconds;
  }



  void
  Timer::add(const Timer &other)
  {
    for (const auto &[name, seconds] : other.times)
      add(name, seconds);
  }



  double
  Timer::seconds(const std::string &name) const
  {
    for (const auto &stage : times)
      if (stage.first == name)
        return stage.second;
    return 0;
  }



  double
  Timer::total() const
  {
    double sum = 0;
    for (const auto &stage : times)
      sum += stage.second;
    return sum;
  }



  const std::vector<std::pair<std::string, double>> &
  Timer::stages() const
  {
    return times;
  }



  std::size_t
  Timer::find(const std::string &name)
  {
    const auto stage =
      std::find_if(times.begin(), times.end(), [&](const auto &stage) {
        return stage.first == name;
      });
    if (stage != times.end())
      return stage - times.begin();
    times.emplace_back(name, 0.);
    return times.size() - 1;
  }
} // namespace lsr
