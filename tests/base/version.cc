// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/config.h>
#include <lsr/base/version.h>

#include <gtest/gtest.h>

#include <string>

// The headers' numbers, their text and the library's agree.
TEST(Version, AgreesWithHeaders)
{
  EXPECT_EQ(lsr::version(), LSR_VERSION);
  EXPECT_EQ(lsr::version(),
            std::to_string(LSR_VERSION_MAJOR) + '.' +
              std::to_string(LSR_VERSION_MINOR) + '.' +
              std::to_string(LSR_VERSION_SUBMINOR));
}



TEST(Version, Order)
{
  EXPECT_TRUE(LSR_VERSION_GTE(LSR_VERSION_MAJOR,
                              LSR_VERSION_MINOR,
                              LSR_VERSION_SUBMINOR));
  EXPECT_TRUE(LSR_VERSION_GTE(0, 2, 0));
  EXPECT_FALSE(LSR_VERSION_GTE(LSR_VERSION_MAJOR,
                               LSR_VERSION_MINOR,
                               LSR_VERSION_SUBMINOR + 1));
  EXPECT_FALSE(LSR_VERSION_GTE(LSR_VERSION_MAJOR + 1, 0, 0));
}
