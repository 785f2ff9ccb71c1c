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
                      rehearse([&]() { std::raise(number); }, "a file", 60);
                    }),
                    "a file (");
}

TEST(Rehearse, ComputingForEverIsAMessage)
{
  expect_contains(message([&]() {
                    rehearse(
                      []() {
                        for (volatile unsigned int i = 0;; i = i + 1)
                          {}
                      },
                      "a file",
                      1);
                  }),
                  "a file (CPU time limit exceeded)");
}

TEST(Rehearse, OtherEndsAreNone)
{
  int n_calls = 0;
  rehearse([&]() { ++n_calls; }, "a file", 60);
  rehearse([&]() { throw Error("what is wrong"); }, "a file", 60);
  EXPECT_EQ(n_calls, 0); // in this process
}
