// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/by_columns.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/matrices.h"
#include "support/messages.h"

using namespace lsr;
using namespace lsr::internal;
using namespace lsr::test;

namespace
{
  /// A random block, column j of it times factors[j].
  Block
  with_factors(const std::size_t m, const std::vector<double> &factors)
  {
    const HostBlock A = to_host(random_block(m, factors.size(), 1));
    for (std::size_t j = 0; j < factors.size(); ++j)
      for (std::size_t i = 0; i < m; ++i)
        A(i, j) *= factors[j];
    return to_memory_space(A);
  }
} // namespace

TEST(ColumnLengths, AreRightDownAndUpToTheRangeOfNumbers)
{
  const std::vector<double> factors = {1., 1e-300, 1e200, 0., -1e-170};
  const std::vector<double> lengths =
    column_lengths(with_factors(700, factors));
  const std::vector<double> plain =
    column_lengths(random_block(700, factors.size(), 1));
  ASSERT_EQ(lengths.size(), factors.size());
  for (std::size_t j = 0; j < factors.size(); ++j)
    EXPECT_NEAR(lengths[j],
                std::abs(factors[j]) * plain[j],
                1e-13 * std::abs(factors[j]) * plain[j]);

  const Column first =
    Kokkos::subview(random_block(700, factors.size(), 1), Kokkos::ALL(), 0);
  EXPECT_NEAR(plain[0], norm(first), 1e-13 * plain[0]);
}

TEST(ColumnLengths, OfNothing)
{
  EXPECT_TRUE(column_lengths(make_block(5, 0)).empty());
  EXPECT_EQ(column_lengths(make_block(0, 2)), std::vector<double>({0., 0.}));
}

TEST(RequireFinite, NamesTheFirstColumnThatIsNot)
{
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()})
    {
      const HostBlock A = to_host(random_block(40, 7, 1));
      A(39, 3) = A(0, 5) = bad;
      EXPECT_EQ(message(
                  [&]() { require_finite(to_memory_space(A), "the matrix"); }),
                "the matrix has entries that are infinite or not a number, in "
                "its first 4 columns.");
    }
  EXPECT_NO_THROW(require_finite(with_factors(40, {1e-300, 1e300}), "A"));
}

TEST(ScaledColumns, AreThoseOfTheIndices)
{
  const Block     A = random_block(300, 4, 1);
  const HostBlock a = to_host(A),
                  b =
                    to_host(scaled_columns(A, {3, 0, 2, 1}, {2, -1, 0, 5}, 3));
  ASSERT_EQ(b.extent(0), 300u);
  ASSERT_EQ(b.extent(1), 3u);
  for (std::size_t i = 0; i < 300; ++i)
    {
      EXPECT_EQ(b(i, 0), 2 * a(i, 3));
      EXPECT_EQ(b(i, 1), -a(i, 0));
      EXPECT_EQ(b(i, 2), 0.);
    }
}

TEST(PartialSumLengths, AreThoseOfSeparateSums)
{
  const Block               A       = random_block(300, 6, 1);
  const Column              x       = random_column(300, 2);
  const std::vector<double> w       = {1., -2., 0., 1e-3, 4., -5.};
  const std::vector<double> lengths = partial_sum_lengths(x, A, w);
  ASSERT_EQ(lengths.size(), 7u);
  for (std::size_t k = 0; k <= 6; ++k)
    {
      const HostColumn y("y", k);
      std::copy_n(w.begin(), k, y.data());
      const Column sum = copy(x);
      multiply(1., 'N', columns(A, 0, k), to_memory_space(y), 1., sum);
      EXPECT_NEAR(lengths[k], norm(sum), 1e-12 * norm(sum));
    }
}

TEST(PartialSumLengths, OfNothing)
{
  EXPECT_EQ(partial_sum_lengths(make_column(3), make_block(3, 0), {}),
            std::vector<double>({0.}));
  EXPECT_EQ(partial_sum_lengths(make_column(0), make_block(0, 1), {1.}),
            std::vector<double>({0., 0.}));
}
