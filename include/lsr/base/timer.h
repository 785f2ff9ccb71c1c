// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_timer_h
#define lsr_base_timer_h

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  /**
   * Wall times of the named stages of a computation, in the order in which they
   * began first:
   * @code
   *   Timer timer;
   *   {
   *     const Timer::Stage stage(timer, "sketch");
   *     ...
   *   }
   *   const auto solution = timer.run("solve", [&]() { return solve(); });
   *   for (const auto &[name, seconds] : timer.stages())
   *     ...
   * @endcode
   * A stage that runs again adds to its time. On a GPU, a stage ends when all
   * that was begun there is done. A timer is a value that results carry; it
   * prints nothing.
   */
  class Timer
  {
  public:
    /// Adds the time between construction and destruction to a stage.
    class Stage
    {
    public:
      /// @p timer must stay where it is until the stage ends.
      Stage(Timer &timer, const std::string &name);

      ~Stage();

      Stage(const Stage &) = delete;
      Stage &
      operator=(const Stage &) = delete;

    private:
      Timer                                &timer;
      const std::size_t                     place;
      std::chrono::steady_clock::time_point start;
      std::string                           outer; // the stage around it
      const int                             n_exceptions;
    };

    /// The innermost stage of this thread that is running, or that an exception
    /// has left: for messages.
    static const std::string &
    current_stage();

    /// Return what @p action returns, and add its time to stage @p name.
    template <typename Action>
    decltype(auto)
    run(const std::string &name, Action &&action)
    {
      const Stage stage(*this, name);
      return std::forward<Action>(action)();
    }

    /// Add to the time of a stage.
    void
    add(const std::string &name, const double seconds);

    /// Add the times of all stages of another timer.
    void
    add(const Timer &other);

    /// The time of a stage in seconds; 0 if there is none of that name.
    double
    seconds(const std::string &name) const;

    /// The sum over all stages.
    double
    total() const;

    /// Names and seconds, in order.
    const std::vector<std::pair<std::string, double>> &
    stages() const;

  private:
    /// Place of the stage of that name, new if there is none.
    std::size_t
    find(const std::string &name);

    std::vector<std::pair<std::string, double>> times;
  };
} // namespace lsr

#endif
