// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <string>

using namespace lsr;

namespace
{
  std::string
  complaint_about(const std::string &device)
  {
    try
      {
        require_device(device);
      }
    catch (const Error &error)
      {
        return error.what();
      }
    return "";
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
  const std::string other   = device_name() == "cpu" ? "cuda" : "cpu";
  const std::string message = complaint_about(other);
  EXPECT_NE(message.find("device " + other), std::string::npos) << message;
  EXPECT_NE(message.find("whose device is " + device_name()), std::string::npos)
    << message;
}

TEST(Device, SaysWhichNamesThereAre)
{
  const std::string message = complaint_about("abacus");
  EXPECT_NE(message.find("abacus: auto, cpu or cuda expected"),
            std::string::npos)
    << message;
}

TEST(Device, SaysHowLargeABlockWasThatDoesNotFit)
{
  const std::size_t n = std::size_t(1) << 25;
  try
    {
      make_block(n, n);
      FAIL() << "9 million GB were there";
    }
  catch (const OutOfMemory &error)
    {
      const std::string message = error.what();
      EXPECT_NE(message.find("out of memory"), std::string::npos) << message;
      EXPECT_NE(message.find("9.0072e+06 GB"), std::string::npos) << message;
    }
}
