// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/least_squares.h>
#include <lsr/dense/orthonormalization.h>

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <set>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  // Columns pivots[0..k) of W.
  Block
  kept_columns(const Block &W, const ChangeOfBasis &o)
  {
    const Block kept = make_block(W.extent(0), o.n_columns);
    for (std::size_t j = 0; j < o.n_columns; ++j)
      Kokkos::deep_copy(columns(kept, j, j + 1),
                        columns(W, o.pivots[j], o.pivots[j] + 1));
    return kept;
  }

  // Holds for any columns.
  void
  check(const Block         &W,
        const Block         &Q,
        const ChangeOfBasis &o,
        const double         tolerance)
  {
    const std::size_t r = W.extent(1), k = o.n_columns;
    ASSERT_EQ(Q.extent(0), W.extent(0));
    ASSERT_EQ(Q.extent(1), k);
    ASSERT_EQ(o.R.extent(0), k);
    ASSERT_EQ(o.pivots.size(), r);
    ASSERT_EQ(std::set<int>(o.pivots.begin(), o.pivots.end()).size(), r);

    EXPECT_LE(max_difference(product('N', Q, 'N', o.R), kept_columns(W, o)),
              tolerance * max_norm(W));
    const Column z = random_column(k, 3), y = o.coefficients(z);
    EXPECT_LE(max_difference(as_block(product('N', W, y)),
                             as_block(product('N', Q, z))),
              tolerance * max_norm(W) * (1 + max_norm(y)));

    const HostBlock R = to_host(o.R);
    for (std::size_t j = 0; j < k; ++j)
      for (std::size_t i = j + 1; i < k; ++i)
        EXPECT_EQ(R(i, j), 0.);
    const HostColumn all = to_host(y);
    for (std::size_t i = k; i < r; ++i)
      EXPECT_EQ(all(o.pivots[i]), 0.);
  }

  RowLabels
  numbered(const std::size_t n_rows)
  {
    RowLabels labels(n_rows);
    std::iota(labels.begin(), labels.end(), 0);
    return labels;
  }

  // Their product with each other has eigenvalues near 1.
  void
  expect_well_conditioned(const Block &B, const double condition = 8.)
  {
    AppendRowsQR qr(B.extent(1));
    qr.append(copy(B));
    const LeastSquares problem(qr);
    EXPECT_LT(problem.profile().condition.back(), condition);
    EXPECT_EQ(problem.numerical_rank(), B.extent(1));
  }

  // Part of the columns of W that is not in the span of Q.
  double
  lost(const Block &W, Block Q)
  {
    Q = copy(Q);
    orthonormalize(Q, 0., Pivoting::none, Communicator());
    const Block rest = copy(W);
    multiply(-1., 'N', Q, 'N', product('T', Q, 'N', W), 1., rest);
    return max_norm(rest);
  }
} // namespace

class Orthonormalize : public testing::TestWithParam<Pivoting>
{};

TEST_P(Orthonormalize, WellConditionedColumns)
{
  const Block         W = random_block(300, 150, 1);
  Block               Q = copy(W);
  const ChangeOfBasis o = orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 150u);
  check(W, Q, o, 1e-13);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
}

TEST_P(Orthonormalize, MonomialsBeyondTheReachOfDoublePrecision)
{
  const Block         W = monomials(400, 40);
  Block               Q = copy(W);
  const ChangeOfBasis o = orthonormalize(Q, 1e-13, GetParam(), Communicator());
  EXPECT_LT(o.n_columns, 40u);
  EXPECT_GT(o.n_columns, 12u);
  check(W, Q, o, 1e-13);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
  EXPECT_LT(lost(W, Q), 1e-11);
}

TEST_P(Orthonormalize, PrescribedConditionOfTrillions)
{
  const Block         W = with_singular_values(200, 60, decay(60, 1e-12), 3);
  Block               Q = copy(W);
  const ChangeOfBasis o = orthonormalize(Q, 1e-14, GetParam(), Communicator());
  EXPECT_GT(o.n_columns, 50u);
  check(W, Q, o, 1e-12);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
}

TEST_P(Orthonormalize, NoToleranceStillGivesOrthonormalColumns)
{
  const Block         W = monomials(200, 60);
  Block               Q = copy(W);
  const ChangeOfBasis o = orthonormalize(Q, 0., GetParam(), Communicator());
  check(W, Q, o, 1e-12);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
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
  const Block         original = to_memory_space(W);
  Block               Q        = copy(original);
  const ChangeOfBasis o = orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 40u);
  check(original, Q, o, 1e-13);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
  EXPECT_LT(lost(original, Q), 1e-12);
}

TEST_P(Orthonormalize, FewerRowsThanColumns)
{
  const Block         W = random_block(12, 70, 1);
  Block               Q = copy(W);
  const ChangeOfBasis o = orthonormalize(Q, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 12u);
  check(W, Q, o, 1e-13);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
}

TEST_P(Orthonormalize, MoreColumnsThanRowsThatAreNotZero)
{
  // Behind the first 150 columns there is rounding, and no space for it.
  const HostBlock W("W", 240, 200);
  const HostBlock source = to_host(
    product('N', random_block(150, 150, 1), 'N', random_block(150, 200, 2)));
  for (int j = 0; j < 200; ++j)
    for (int i = 0; i < 150; ++i)
      W(i + 60, j) = source(i, j);
  const Block         original = to_memory_space(W);
  Block               Q        = copy(original);
  const ChangeOfBasis o = orthonormalize(Q, 0., GetParam(), Communicator());
  EXPECT_LE(o.n_columns, 150u);
  EXPECT_EQ(o.n_columns, Q.extent(1));
  check(original, Q, o, 1e-12);
  EXPECT_LT(departure_from_orthonormality(Q), 1e-13);
}

TEST_P(Orthonormalize, NothingToOrthonormalize)
{
  Block               zero("zero", 20, 3);
  const ChangeOfBasis o =
    orthonormalize(zero, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(o.n_columns, 0u);
  EXPECT_EQ(zero.extent(1), 0u);
  EXPECT_EQ(o.coefficients(make_column(0)).size(), 3u);

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
  Block               Q = copy(to_memory_space(W));
  const ChangeOfBasis o =
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
  Block               Q = to_memory_space(W);
  const ChangeOfBasis o =
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



class WellConditionedBasis : public testing::TestWithParam<Pivoting>
{
protected:
  /// The basis of the columns of @p W, with what holds for all of them.
  ChangeOfBasis
  basis_of(const Block &W, const double drop_tolerance = 1e-12)
  {
    B                          = copy(W);
    const ChangeOfBasis change = well_conditioned_basis(
      B, numbered(W.extent(0)), drop_tolerance, GetParam(), Communicator());
    check(W, B, change, 1e-13);
    if (change.n_columns > 0)
      expect_well_conditioned(B);
    return change;
  }

  Block B;
};

TEST_P(WellConditionedBasis, OfWellConditionedColumns)
{
  const Block W = random_block(1300, 150, 1);
  EXPECT_EQ(basis_of(W).n_columns, 150u);
  EXPECT_LT(lost(W, B), 1e-12);
  EXPECT_GT(departure_from_orthonormality(B), 0.1) << "more than was asked for";
}

TEST_P(WellConditionedBasis, KeepsWhatOrthonormalizationKeeps)
{
  // But for columns within a small factor of the tolerance.
  const Block W = with_singular_values(900, 120, decay(120, 1e-14), 3);
  for (const double tolerance : {1e-6, 1e-9, 1e-12})
    {
      const double found = basis_of(W, tolerance).n_columns;
      Block        Q     = copy(W);
      const double expected =
        orthonormalize(Q, tolerance, GetParam(), Communicator()).n_columns;
      EXPECT_NEAR(found, expected, 5) << tolerance;
      EXPECT_LT(lost(W, B), 100 * tolerance);
    }
}

TEST_P(WellConditionedBasis, DropsDependentColumnsAndKeepsTheSpan)
{
  // Sums of neighbours after each pair, lengths of many magnitudes, and a zero
  // column.
  const HostBlock W("W", 400, 61);
  const HostBlock source = to_host(random_block(400, 40, 1));
  for (int pair = 0; pair < 20; ++pair)
    for (int i = 0; i < 400; ++i)
      {
        const double scale = std::pow(10., -pair / 4.);
        const double a = source(i, 2 * pair), b = source(i, 2 * pair + 1);
        W(i, 3 * pair)     = scale * a;
        W(i, 3 * pair + 1) = scale * b;
        W(i, 3 * pair + 2) = scale * (a + b);
      }
  const Block original = to_memory_space(W);
  EXPECT_EQ(basis_of(original).n_columns, 40u);
  EXPECT_LT(lost(original, B), 1e-12);
}

TEST_P(WellConditionedBasis, FindsTheSmallestSingularValues)
{
  // Columns that differ by 1e-10 only.
  const HostBlock W = to_host(random_block(300, 20, 1));
  const HostBlock d = to_host(random_block(300, 10, 2));
  for (std::size_t j = 0; j < 10; ++j)
    for (std::size_t i = 0; i < 300; ++i)
      W(i, 10 + j) = W(i, j) + 1e-10 * d(i, j);
  const Block original = to_memory_space(W), differences = to_memory_space(d);
  EXPECT_EQ(basis_of(original).n_columns, 20u);
  EXPECT_LT(lost(differences, B), 1e-5);
  EXPECT_EQ(basis_of(original, 1e-8).n_columns, 10u);
}

TEST_P(WellConditionedBasis, OfColumnsThatLiveInAFewRows)
{
  const HostBlock W("W", 2000, 50);
  const HostBlock A = to_host(random_block(100, 50, 4));
  for (std::size_t j = 0; j < 50; ++j)
    for (std::size_t i = 0; i < 100; ++i)
      W(i * 19, j) = A(i, j);
  EXPECT_EQ(basis_of(to_memory_space(W)).n_columns, 50u);
}

TEST_P(WellConditionedBasis, OfRowsThatCancel)
{
  // The sums of rows i and i + s are zero.
  const std::size_t s = 60;
  const HostBlock   W("W", 8 * s, s / 2);
  const HostBlock   A = to_host(random_block(s, s / 2, 4));
  for (std::size_t j = 0; j < W.extent(1); ++j)
    for (std::size_t i = 0; i < W.extent(0); ++i)
      W(i, j) = A(i % s, j) * ((i / s) % 2 == 0 ? 1 : -1);
  EXPECT_EQ(basis_of(to_memory_space(W)).n_columns, s / 2);
}

TEST_P(WellConditionedBasis, WithoutToleranceIsThatOfRounding)
{
  const Block W = monomials(400, 60);
  B             = copy(W);
  const ChangeOfBasis change =
    well_conditioned_basis(B, numbered(400), 0., GetParam(), Communicator());
  check(W, B, change, 1e-12);
  expect_well_conditioned(B);
  EXPECT_LT(lost(W, B), 1e-12);
}

TEST_P(WellConditionedBasis, OfFewRows)
{
  const Block W = random_block(12, 70, 1);
  EXPECT_EQ(basis_of(W).n_columns, 12u);
  EXPECT_LT(departure_from_orthonormality(B), 1e-13);
  EXPECT_EQ(basis_of(make_zero_block(200, 3)).n_columns, 0u);
  EXPECT_EQ(basis_of(make_block(20, 0)).n_columns, 0u);
}

TEST_P(WellConditionedBasis, IsTheSameAgain)
{
  const Block W = random_block(500, 40, 1);
  basis_of(W);
  const Block first = B;
  basis_of(W);
  EXPECT_EQ(max_difference(first, B), 0.);
}

TEST_P(WellConditionedBasis, IsTheSameForRowsInAnotherOrder)
{
  // Without the labels, pivots of columns as alike as these are others.
  const std::size_t n = 500;
  const HostBlock W = to_host(random_block(n, 40, 1)), turned("turned", n, 40);
  RowLabels       labels = numbered(n);
  std::reverse(labels.begin(), labels.end());
  for (std::size_t j = 0; j < 40; ++j)
    for (std::size_t i = 0; i < n; ++i)
      turned(i, j) = W(labels[i], j);
  const ChangeOfBasis expected = basis_of(to_memory_space(W));
  Block               T        = to_memory_space(turned);
  const ChangeOfBasis found =
    well_conditioned_basis(T, labels, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(found.pivots, expected.pivots);
  EXPECT_LT(max_difference(found.R, expected.R), 1e-12);
  Block               other   = to_memory_space(turned);
  const ChangeOfBasis without = well_conditioned_basis(
    other, numbered(n), 1e-12, GetParam(), Communicator());
  EXPECT_GT(max_difference(without.R, expected.R), 1e-3);
}

TEST_P(WellConditionedBasis, OfRowsThatComeTwice)
{
  // As where elements are discontinuous.
  const HostBlock W("W", 600, 50), A = to_host(random_block(300, 50, 4));
  RowLabels       labels(600);
  for (std::size_t i = 0; i < 600; ++i)
    {
      labels[i] = i / 2;
      for (std::size_t j = 0; j < 50; ++j)
        W(i, j) = A(i / 2, j);
    }
  B = copy(to_memory_space(W));
  const ChangeOfBasis change =
    well_conditioned_basis(B, labels, 1e-12, GetParam(), Communicator());
  EXPECT_EQ(change.n_columns, 50u);
  check(to_memory_space(W), B, change, 1e-13);
  expect_well_conditioned(B);
}

TEST_P(WellConditionedBasis, RefusesWhatIsNotANumber)
{
  const HostBlock W = to_host(random_block(100, 3, 1));
  W(7, 1)           = std::numeric_limits<double>::infinity();
  B                 = to_memory_space(W);
  EXPECT_THROW(
    well_conditioned_basis(B, numbered(100), 1e-12, GetParam(), Communicator()),
    Error);
  B = random_block(100, 3, 1);
  EXPECT_THROW(
    well_conditioned_basis(B, numbered(99), 1e-12, GetParam(), Communicator()),
    Error);
}

INSTANTIATE_TEST_SUITE_P(Orders,
                         WellConditionedBasis,
                         testing::Values(Pivoting::none, Pivoting::columns));
