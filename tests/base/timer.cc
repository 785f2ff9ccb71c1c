// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Timer: stages in order, repeated ones added up.

#include <lsr/base/timer.h>

#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

using namespace lsr;

namespace
{
  void
  pause_briefly()
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
} // namespace



TEST(Timer, KeepsStagesInTheOrderInWhichTheyBegan)
{
  Timer timer;
  {
    const Timer::Stage outer(timer, "outer");
    EXPECT_EQ(timer.run("inner", []() { return 7; }), 7);
    pause_briefly();
  }
  timer.run("inner", &pause_briefly);

  ASSERT_EQ(timer.stages().size(), 2u);
  EXPECT_EQ(timer.stages()[0].first, "outer");
  EXPECT_EQ(timer.stages()[1].first, "inner");
  EXPECT_GE(timer.seconds("outer"), 0.002);
  EXPECT_GE(timer.seconds("inner"), 0.002);
  EXPECT_EQ(timer.total(), timer.seconds("outer") + timer.seconds("inner"));
  EXPECT_EQ(timer.seconds("never"), 0.);
}



TEST(Timer, AddsUp)
{
  Timer a, b;
  a.add("load", 1.);
  a.add("solve", 2.);
  b.add("solve", 4.);
  b.add("write", 8.);
  a.add(b);
  const std::vector<std::pair<std::string, double>> sums = {{"load", 1.},
                                                            {"solve", 6.},
                                                            {"write", 8.}};
  EXPECT_EQ(a.stages(), sums);
}



TEST(Timer, CountsAStageThatEndsWithAnException)
{
  Timer timer;
  EXPECT_THROW(timer.run("fails",
                         []() {
                           pause_briefly();
                           throw std::runtime_error("");
                         }),
               std::runtime_error);
  EXPECT_GE(timer.seconds("fails"), 0.002);
}



TEST(Timer, KnowsTheStageThatAnExceptionHasLeft)
{
  Timer             timer;
  const std::string before = Timer::current_stage();
  {
    const Timer::Stage outer(timer, "outer");
    timer.run("inner", []() { EXPECT_EQ(Timer::current_stage(), "inner"); });
    EXPECT_EQ(Timer::current_stage(), "outer");
    try
      {
        timer.run("failing", []() { throw std::bad_alloc(); });
      }
    catch (const std::bad_alloc &)
      {
        EXPECT_EQ(Timer::current_stage(), "failing");
      }
  }
  EXPECT_EQ(Timer::current_stage(), before);
}
