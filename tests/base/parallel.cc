// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/parallel.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

using namespace lsr::internal;

TEST(InParallel, CallsForEachIndexOnce)
{
  for (const std::size_t n : {0, 1, 2, 1000})
    {
      std::vector<int> calls(n, 0);
      in_parallel(n, [&](const std::size_t i) { ++calls[i]; });
      EXPECT_EQ(calls, std::vector<int>(n, 1));
    }
}

TEST(InParallel, InsideThereIsOneThread)
{
  EXPECT_GE(n_threads(), 1u);
  std::vector<std::size_t> inside(4 * n_threads());
  in_parallel(inside.size(),
              [&](const std::size_t i) { inside[i] = n_threads(); });
  EXPECT_EQ(inside, std::vector<std::size_t>(inside.size(), 1));
}

TEST(InParallel, ThrowsWhatOneOfTheCallsThrows)
{
  std::vector<int> calls(100, 0);
  EXPECT_THROW(in_parallel(100,
                           [&](const std::size_t i) {
                             ++calls[i];
                             if (i == 70)
                               throw std::runtime_error("70");
                           }),
               std::runtime_error);
  EXPECT_EQ(calls, std::vector<int>(100, 1));
}
