// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/orthonormalization.h>

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  // Columns pivots[0..k) of W.
  Block
  kept_columns(const Block &W, const Orthonormalization &o)
  {
    const Block kept = make_block(W.extent(0), o.n_columns);
    for (std::size_t j = 0; j < o.n_columns; ++j)
      Kokkos::deep_copy(columns(kept, j, j + 1),
                        columns(W, o.pivots[j], o.pivots[j] + 1));
    return kept;
  }

  // Holds for any columns.
  void
  check(const Block              &W,
        const Block              &Q,
        const Orthonormalization &o,
        const double              tolerance)
  {
    const std::size_t r = W.extent(1), k = o.n_columns;
    ASSERT_EQ(Q.extent(0), W.extent(0));
    ASSERT_EQ(Q.extent(1), k);
    ASSERT_EQ(o.T.extent(0), r);
    ASSERT_EQ(o.T.extent(1), k);
    ASSERT_EQ(o.R.extent(0), k);
    ASSERT_EQ(o.pivots.size(), r);
    ASSERT_EQ(std::set<int>(o.pivots.begin(), o.pivots.end()).size(), r);

    EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
    EXPECT_LT(max_difference(product('N', Q, 'N', o.R), kept_columns(W, o)),
              tolerance * max_norm(W));
    EXPECT_LE(max_difference(product('N', W, 'N', o.T), Q),
              tolerance * max_norm(W) * (1 + max_norm(o.T)));

    const HostBlock T = to_host(o.T), R = to_host(o.R);
    for (std::size_t j = 0; j < k; ++j)
      {
        for (std::size_t i = j + 1; i < k; ++i)
          EXPECT_EQ(R(i, j), 0.);
        for (std::size_t i = k; i < r; ++i)
          EXPECT_EQ(T(o.pivots[i], j), 0.);
      }
  }

  // Part of the columns of W that is not in the span of Q.
  double
  lost(const Block &W, const Block &Q)
  {
    const Block rest = copy(W);
    multiply(-1., 'N', Q, 'N', product('T', Q, 'N', W), 1., rest);
    return max_norm(rest);
  }
} // namespace

class Orthonormalize : public testing::TestWithParam<Pivoting>
{};

TEST_P(Orthonormalize, WellConditionedColumns)
{
  const Block              W = random_block(300, 150, 1);
  Block                    Q = copy(W);
  const Orthonormalization o =
    orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 150u);
  check(W, Q, o, 1e-13);
}

TEST_P(Orthonormalize, MonomialsBeyondTheReachOfDoublePrecision)
{
  const Block              W = monomials(400, 40);
  Block                    Q = copy(W);
  const Orthonormalization o =
    orthonormalize(Q, 1e-13, GetParam(), Communicator());
  EXPECT_LT(o.n_columns, 40u);
  EXPECT_GT(o.n_columns, 12u);
  check(W, Q, o, 1e-13);
  EXPECT_LT(lost(W, Q), 1e-11);
}

TEST_P(Orthonormalize, PrescribedConditionOfTrillions)
{
  const Block W = with_singular_values(200, 60, decay(60, 1e-12), 3);
  Block       Q = copy(W);
  const Orthonormalization o =
    orthonormalize(Q, 1e-14, GetParam(), Communicator());
  EXPECT_GT(o.n_columns, 50u);
  check(W, Q, o, 1e-12);
}

TEST_P(Orthonormalize, NoToleranceStillGivesOrthonormalColumns)
{
  const Block              W = monomials(200, 60);
  Block                    Q = copy(W);
  const Orthonormalization o =
    orthonormalize(Q, 0., GetParam(), Communicator());
  check(W, Q, o, 1e-12);
}

TEST_P(Orthonormalize, DropsDependentColumnsAndKeepsTheSpan)
{
  // Sums of neighbours after each pair, and a zero column: 40 of 61 columns.
  const Block     independent = random_block(120, 40, 1);
  const HostBlock W("W", 120, 61);
  const HostBlock source = to_host(independent);
  for (int pair = 0; pair < 20; ++pair)
    for (int i = 0; i < 120; ++i)
      {
        const double a = source(i, 2 * pair), b = source(i, 2 * pair + 1);
        W(i, 3 * pair)     = a;
        W(i, 3 * pair + 1) = b;
        W(i, 3 * pair + 2) = a + b;
      }
  const Block              original = to_memory_space(W);
  Block                    Q        = copy(original);
  const Orthonormalization o =
    orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 40u);
  check(original, Q, o, 1e-13);
  EXPECT_LT(lost(original, Q), 1e-12);
}

TEST_P(Orthonormalize, FewerRowsThanColumns)
{
  const Block              W = random_block(12, 70, 1);
  Block                    Q = copy(W);
  const Orthonormalization o =
    orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 12u);
  check(W, Q, o, 1e-13);
}

TEST_P(Orthonormalize, NothingToOrthonormalize)
{
  Block                    zero("zero", 20, 3);
  const Orthonormalization o =
    orthonormalize(zero, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 0u);
  EXPECT_EQ(zero.extent(1), 0u);
  EXPECT_EQ(o.T.extent(0), 3u);

  Block none = make_block(20, 0);
  EXPECT_EQ(orthonormalize(none, 1e-12, GetParam(), Communicator()).n_columns,
            0u);
}

INSTANTIATE_TEST_SUITE_P(Orders,
                         Orthonormalize,
                         testing::Values(Pivoting::none, Pivoting::columns));

TEST(Orthonormalize, KeepsTheNaturalOrder)
{
  // Columns a, a + tiny b, b: the second goes, and b must survive.
  const Block     Q0     = random_orthonormal(50, 2, 1);
  const HostBlock source = to_host(Q0), W("W", 50, 3);
  for (int i = 0; i < 50; ++i)
    {
      W(i, 0) = source(i, 0);
      W(i, 1) = source(i, 0) + 1e-11 * source(i, 1);
      W(i, 2) = source(i, 1);
    }
  Block                    Q = copy(to_memory_space(W));
  const Orthonormalization o =
    orthonormalize(Q, 1e-9, Pivoting::none, Communicator());
  EXPECT_EQ(o.n_columns, 2u);
  EXPECT_EQ(o.pivots, (std::vector<int>{0, 2, 1}));
  EXPECT_LT(lost(Q0, Q), 1e-13);
}

TEST(Orthonormalize, PivotingTakesTheLongestColumnFirst)
{
  const HostBlock W = to_host(random_orthonormal(50, 4, 1));
  for (int i = 0; i < 50; ++i)
    {
      W(i, 1) *= 3;
      W(i, 2) *= 9;
    }
  Block                    Q = to_memory_space(W);
  const Orthonormalization o =
    orthonormalize(Q, 1e-12, Pivoting::columns, Communicator());
  EXPECT_EQ(o.pivots[0], 2);
  EXPECT_EQ(o.pivots[1], 1);
}

TEST(Orthonormalize, RefusesWhatIsNotANumber)
{
  const HostBlock W = to_host(random_block(20, 3, 1));
  W(7, 1)           = std::numeric_limits<double>::quiet_NaN();
  Block Q           = to_memory_space(W);
  EXPECT_THROW(orthonormalize(Q, 1e-12, Pivoting::none, Communicator()), Error);
  Block P = random_block(20, 3, 1);
  EXPECT_THROW(orthonormalize(P, 2., Pivoting::none, Communicator()), Error);
}
