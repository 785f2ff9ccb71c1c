// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <string>

#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  std::string
  complaint_about(const std::string &device)
  {
    return message([&]() { require_device(device); });
  }
} // namespace

TEST(Device, IsThereUnderItsNameAndAsAuto)
{
  EXPECT_EQ(device_name() == "cpu", blocks_on_host);
  EXPECT_EQ(complaint_about("auto"), "");
  EXPECT_EQ(complaint_about(device_name()), "");
}

TEST(Device, SaysWhatItWasBuiltForIfAnotherIsWanted)
{
  const std::string other = device_name() == "cpu" ? "cuda" : "cpu";
  expect_contains(complaint_about(other),
                  "device " + other,
                  "whose device is " + device_name());
}

TEST(Device, SaysWhichNamesThereAre)
{
  expect_contains(complaint_about("abacus"),
                  "abacus: auto, cpu or cuda expected");
}

TEST(Device, SaysHowLargeABlockWasThatDoesNotFit)
{
  const std::size_t n      = std::size_t(1) << 25;
  const auto        action = [n]() { make_block(n, n); };
  EXPECT_THROW(action(), OutOfMemory);
  expect_contains(message(action), "out of memory", "9.0072e+06 GB");
  EXPECT_EQ(message(action).find('\n'), std::string::npos);
}
