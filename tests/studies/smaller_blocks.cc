// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/smaller_blocks.h"

#include <gtest/gtest.h>

#include <vector>

using namespace lsr;

namespace
{
  /// A computation that has memory for blocks of @p capacity points.
  struct Attempts
  {
    std::size_t              capacity;
    std::vector<std::size_t> sizes    = {};
    std::vector<std::string> messages = {};

    std::size_t
    run(const std::size_t size)
    {
      return in_smaller_blocks(
        size,
        100,
        [this](const std::string &message) { messages.push_back(message); },
        [this](const std::size_t n) {
          sizes.push_back(n);
          if (n > capacity)
            throw OutOfMemory("full");
          return n;
        });
    }
  };
} // namespace

TEST(SmallerBlocks, AreNotTakenWithoutNeed)
{
  Attempts attempts{1000};
  EXPECT_EQ(attempts.run(1000), 1000U);
  EXPECT_TRUE(attempts.messages.empty());
}

TEST(SmallerBlocks, HaveHalfOfTheSizeUntilTheyFit)
{
  Attempts attempts{300};
  EXPECT_EQ(attempts.run(1000), 250U);
  EXPECT_EQ(attempts.sizes, (std::vector<std::size_t>{1000, 500, 250}));
  ASSERT_EQ(attempts.messages.size(), 2U);
  EXPECT_EQ(attempts.messages[1],
            "full: again with blocks of 250 points instead of 500");
}

TEST(SmallerBlocks, HaveAnEnd)
{
  Attempts attempts{10};
  EXPECT_THROW(attempts.run(1000), OutOfMemory);
  EXPECT_EQ(attempts.sizes, (std::vector<std::size_t>{1000, 500, 250, 125}));
}
