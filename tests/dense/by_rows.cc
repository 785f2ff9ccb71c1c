// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/by_rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/to_view.h"
#include "support/matrices.h"

using namespace lsr;
using namespace lsr::internal;

TEST(Rows, AreAddedAndScaledAndOthersStay)
{
  const Indices   some = to_view<Indices>(std::vector<int>{4, 1, 299});
  const Block     X = random_block(300, 5, 1), Y = random_block(300, 5, 2);
  const HostBlock x = to_host(X), before = to_host(random_block(300, 5, 2));

  add_rows(some, -2., X, Y);
  const HostBlock added = to_host(Y);
  for (std::size_t j = 0; j < 5; ++j)
    for (std::size_t i = 0; i < 300; ++i)
      EXPECT_EQ(added(i, j),
                i == 1 || i == 4 || i == 299 ? before(i, j) - 2 * x(i, j) :
                                               before(i, j));

  const Block scaled = make_block(300, 5);
  scale_rows(random_column(300, 3), X, scaled);
  const HostBlock  s       = to_host(scaled);
  const HostColumn factors = to_host(random_column(300, 3));
  for (std::size_t j = 0; j < 5; ++j)
    for (std::size_t i = 0; i < 300; ++i)
      EXPECT_EQ(s(i, j), factors(i) * x(i, j));
  scale_rows(random_column(300, 3), scaled, scaled);
  const HostBlock twice = to_host(scaled);
  for (std::size_t j = 0; j < 5; ++j)
    for (std::size_t i = 0; i < 300; ++i)
      EXPECT_EQ(twice(i, j), factors(i) * (factors(i) * x(i, j)));
}

TEST(Rows, AreSetToZeroWhateverTheyAre)
{
  const HostBlock A = to_host(random_block(20, 3, 1));
  A(7, 1)           = std::numeric_limits<double>::quiet_NaN();
  const Block Y     = to_memory_space(A);
  set_rows_to_zero(to_view<Indices>(std::vector<int>{7, 0}), Y);
  const HostBlock y = to_host(Y), before = to_host(random_block(20, 3, 1));
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_EQ(y(i, j), i == 0 || i == 7 ? 0. : before(i, j));
}

TEST(Rows, MayBeNone)
{
  const Indices none = to_view<Indices>(std::vector<int>());
  const Block   Y    = random_block(4, 2, 1);
  set_rows_to_zero(none, Y);
  add_rows(none, 1., Y, Y);
  EXPECT_EQ(max_difference(Y, random_block(4, 2, 1)), 0.);
  scale_rows(make_column(0), make_block(0, 2), make_block(0, 2));
}
