// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/rehearse.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <csignal>

#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

TEST(Rehearse, ACrashIsAMessage)
{
  for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGKILL})
    expect_contains(message([&]() {
                      rehearse([&]() { std::raise(number); }, "a file");
                    }),
                    "a file (");
}

TEST(Rehearse, OtherEndsAreNone)
{
  int n_calls = 0;
  rehearse([&]() { ++n_calls; }, "a file");
  rehearse([&]() { throw Error("what is wrong"); }, "a file");
  EXPECT_EQ(n_calls, 0); // in this process
}
