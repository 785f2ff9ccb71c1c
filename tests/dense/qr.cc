// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/qr.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  constexpr double eps = std::numeric_limits<double>::epsilon();

  /// The distance of R^T R from X^T X, relative to the lengths of the columns.
  double
  gram_error(const Block &X, const Block &R)
  {
    const HostBlock a = to_host(product('T', X, 'N', X)),
                    b = to_host(product('T', R, 'N', R));
    double error      = 0;
    for (std::size_t j = 0; j < a.extent(1); ++j)
      for (std::size_t i = 0; i < a.extent(0); ++i)
        error =
          std::max(error,
                   std::abs(a(i, j) - b(i, j)) / std::sqrt(a(i, i) * a(j, j)));
    return error;
  }

  /// How far X R^-1 is from orthonormal columns.
  double
  orthonormality_error(const Block &X, const Block &R)
  {
    const Block Q = copy(X);
    divide_by_upper_triangular(Q, R);
    return departure_from_orthonormality(Q);
  }

  void
  expect_factorization(const Block &X, const Block &R)
  {
    const std::size_t n = X.extent(1);
    EXPECT_LT(gram_error(X, R), 50 * eps * n);
    EXPECT_LT(orthonormality_error(X, R), 50 * eps * n);
    const HostBlock host = to_host(R);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t i = j + 1; i < n; ++i)
        ASSERT_EQ(host(i, j), 0.);
  }
} // namespace

TEST(HouseholderQR, HasTheGramMatrixAndATriangle)
{
  const Block X = random_block(150, 120, 1);
  expect_factorization(X, householder_qr(copy(X)));
  // As good for all rows as for a slice of them.
  const Block copied = copy(X), part = rows(copied, 10, 140);
  expect_factorization(copied_rows(X, 10, 140), householder_qr(part));
  EXPECT_THROW(householder_qr(random_block(3, 4, 1)), Error);
}

TEST(CholeskyQR, HasTheGramMatrixAndATriangle)
{
  const Block X = random_block(700, 120, 1);
  const auto  R = cholesky_qr(copy(X));
  ASSERT_TRUE(R);
  expect_factorization(X, *R);
}

// A Gram matrix alone, with the square of the condition, loses all digits here.
TEST(CholeskyQR, IsAsAccurateAsHouseholderForIllConditionedColumns)
{
  const std::size_t n = 60;
  const Block       X = with_singular_values(900, n, decay(n, 1e-12), 2);
  const auto        R = cholesky_qr(copy(X));
  ASSERT_TRUE(R);
  EXPECT_LT(gram_error(X, *R), 1e3 * eps);

  // The least singular value is there: the smallest part of a column that is
  // orthogonal to the others agrees with that of Householder reflections.
  AppendRowsQR householder(n);
  householder.append(copy(X));
  const HostBlock a = to_host(*R), b = to_host(householder.R());
  for (std::size_t j = 0; j < n; ++j)
    EXPECT_NEAR(std::abs(a(j, j)), std::abs(b(j, j)), 1e3 * eps) << j;
}

TEST(CholeskyQR, DoesNotMindTheLengthsOfColumns)
{
  const std::size_t n = 40;
  const HostBlock   X = to_host(random_block(400, n, 3));
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t i = 0; i < 400; ++i)
      X(i, j) *= std::pow(10., -200. + 10. * double(j));
  const Block scaled = to_memory_space(X);
  const auto  R      = cholesky_qr(copy(scaled));
  ASSERT_TRUE(R);
  EXPECT_LT(orthonormality_error(scaled, *R), 1e3 * eps);
}

// Rows that are zero but for a few are the hard case of a sketch, which may put
// several of them into one of its rows.
TEST(CholeskyQR, FindsColumnsThatLiveInAFewRows)
{
  const std::size_t m = 2000, n = 50;
  const HostBlock   X("X", m, n);
  const HostBlock   A = to_host(random_block(2 * n, n, 4));
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t i = 0; i < 2 * n; ++i)
      X(i * 19, j) = A(i, j);
  const Block few = to_memory_space(X);
  const auto  R   = cholesky_qr(copy(few));
  ASSERT_TRUE(R);
  EXPECT_LT(gram_error(few, *R), 1e3 * eps * n);
}

TEST(CholeskyQR, ShowsDependentColumns)
{
  const HostBlock X = to_host(random_block(500, 30, 5));
  for (std::size_t i = 0; i < 500; ++i)
    X(i, 29) = X(i, 3) - 2 * X(i, 17);
  const Block dependent = to_memory_space(X);
  const auto  R         = cholesky_qr(copy(dependent));
  ASSERT_TRUE(R);
  EXPECT_LT(gram_error(dependent, *R), 1e3 * eps);
  EXPECT_LT(std::abs(to_host(*R)(29, 29)), 1e3 * eps);
}

TEST(CholeskyQR, RefusesWhatIsNotSafe)
{
  const HostBlock X = to_host(random_block(500, 30, 5));
  for (std::size_t i = 0; i < 500; ++i)
    X(i, 29) = 0;
  EXPECT_FALSE(cholesky_qr(copy(to_memory_space(X)))) << "a column of zeros";

  X(100, 29) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(cholesky_qr(copy(to_memory_space(X)))) << "not a number";

  EXPECT_FALSE(cholesky_qr(random_block(119, 30, 6))) << "few rows";
  EXPECT_FALSE(cholesky_qr(make_block(10, 0))) << "no columns";
}

TEST(CholeskyQR, GivesTheSameDigitsAgain)
{
  const Block X = random_block(300, 20, 7);
  EXPECT_EQ(max_difference(*cholesky_qr(copy(X)), *cholesky_qr(copy(X))), 0.);
}



namespace
{
  /// Columns pivots[0], pivots[1], ... of X.
  Block
  permuted(const Block &X, const std::vector<int> &pivots)
  {
    const Block result = make_block(X.extent(0), pivots.size());
    for (std::size_t j = 0; j < pivots.size(); ++j)
      Kokkos::deep_copy(columns(result, j, j + 1),
                        columns(X, pivots[j], pivots[j] + 1));
    return result;
  }

  void
  expect_permutation(const std::vector<int> &pivots, const std::size_t n)
  {
    ASSERT_EQ(pivots.size(), n);
    const std::set<int> all(pivots.begin(), pivots.end());
    EXPECT_EQ(all.size(), n);
    EXPECT_EQ(*all.begin(), 0);
    EXPECT_EQ(*all.rbegin(), int(n) - 1);
  }
} // namespace

// One block of columns, two of them, and many with a short last one.
class PivotedQRExtents : public testing::TestWithParam<std::size_t>
{};

TEST_P(PivotedQRExtents, IsTheQRFactorizationOfThePermutedColumns)
{
  const std::size_t n  = GetParam();
  const Block       X  = random_block(n + 50, n, 1);
  const PivotedQR   qr = pivoted_qr(copy(X));
  expect_permutation(qr.pivots, n);
  expect_factorization(permuted(X, qr.pivots), qr.R);
}

TEST_P(PivotedQRExtents, TakesRightHandSidesAlong)
{
  // Q^T B is what the triangle divides into the least-squares solution.
  const std::size_t n = GetParam();
  const Block       X = random_block(n + 50, n, 1), y = random_block(n, 3, 2);
  const Block       B = make_block(n + 50, 3);
  multiply(1., 'N', X, 'N', y, 0., B);
  const PivotedQR qr       = pivoted_qr(copy(X), B);
  const Block     solution = copied_rows(B, 0, n);
  solve_upper_triangular(qr.R, solution);
  const HostBlock found = to_host(solution), expected = to_host(y);
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t j = 0; j < n; ++j)
      EXPECT_NEAR(found(j, k), expected(qr.pivots[j], k), 1e-11);
  EXPECT_LT(max_norm(copied_rows(B, n, n + 50)), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Columns,
                         PivotedQRExtents,
                         testing::Values(1, 40, 64, 65, 128, 200));

TEST(PivotedQR, RevealsSingularValuesDownToRounding)
{
  const std::size_t         n  = 200;
  const std::vector<double> s  = decay(n, 1e-14);
  const PivotedQR           qr = pivoted_qr(with_singular_values(n, n, s, 2));
  const HostBlock           R  = to_host(qr.R);
  for (std::size_t k = 0; k < n; ++k)
    {
      EXPECT_LT(std::abs(R(k, k)), 20 * s[k]) << k;
      EXPECT_GT(std::abs(R(k, k)), s[k] / 20 - 10 * eps) << k;
    }
}

namespace
{
  /// How much the diagonal of @p R rises from one entry to the next, at most.
  double
  largest_rise(const Block &R)
  {
    const HostBlock host = to_host(R);
    double          rise = 0;
    for (std::size_t k = 1; k < host.extent(0); ++k)
      rise = std::max(rise, std::abs(host(k, k) / host(k - 1, k - 1)));
    return rise;
  }
} // namespace

// Few columns, alone or behind a block of others, that are hardly longer than
// rounding, but for one.
TEST(PivotedQR, FindsTheLongestOfFewColumns)
{
  for (const std::size_t n_before : {0, 64})
    for (std::size_t n = 1; n <= 12; ++n)
      for (std::size_t longest = 0; longest < n; ++longest)
        {
          const std::size_t r = n_before + n;
          const HostBlock   X = to_host(random_block(r, r, r + longest));
          for (std::size_t j = n_before; j < r; ++j)
            for (std::size_t i = 0; i < r; ++i)
              X(i, j) *= j == n_before + longest ? 1e-3 : 1e-12;
          const PivotedQR qr = pivoted_qr(to_memory_space(X));
          EXPECT_EQ(qr.pivots[n_before], int(n_before + longest));
          EXPECT_LT(largest_rise(qr.R), 10) << n_before << " + " << n;
        }

  const HostBlock X("X", 2, 2);
  X(0, 1) = X(1, 1)  = 1;
  const PivotedQR qr = pivoted_qr(to_memory_space(X));
  EXPECT_EQ(qr.pivots[0], 1);
}

// As many as there are in a block, far apart among shorter ones.
TEST(PivotedQR, LeavesNoLongColumnBehind)
{
  for (const double ratio : {0.1, 0.01, 0.001})
    for (unsigned int seed = 0; seed < 20; ++seed)
      {
        const std::size_t n = 160;
        const HostBlock   X("X", n, n);
        const HostBlock   order = to_host(random_block(n, 1, seed));
        std::vector<int>  place(n);
        std::iota(place.begin(), place.end(), 0);
        std::sort(place.begin(), place.end(), [&](const int a, const int b) {
          return order(a, 0) < order(b, 0);
        });
        for (std::size_t j = 0; j < n; ++j)
          X(j, place[j]) = j < 64 ? 1. : ratio;
        const PivotedQR qr = pivoted_qr(to_memory_space(X));
        EXPECT_LT(largest_rise(qr.R), 1.01) << ratio << ", seed " << seed;
      }
}

TEST(PivotedQR, MovesDependentColumnsToTheEnd)
{
  // 90 columns and their sums with the next one, in between.
  const std::size_t m = 250, n      = 180;
  const HostBlock   X("X", m, n), A = to_host(random_block(m, 90, 3));
  for (std::size_t j = 0; j < 90; ++j)
    for (std::size_t i = 0; i < m; ++i)
      {
        X(i, 2 * j)     = A(i, j);
        X(i, 2 * j + 1) = A(i, j) + A(i, (j + 1) % 90);
      }
  const Block     block = to_memory_space(X);
  const PivotedQR qr    = pivoted_qr(copy(block));
  expect_permutation(qr.pivots, n);
  const HostBlock R = to_host(qr.R);
  for (std::size_t k = 0; k < n; ++k)
    if (k < 90)
      EXPECT_GT(std::abs(R(k, k)), 1e-3) << k;
    else
      EXPECT_LT(std::abs(R(k, k)), 1e-12) << k;
  EXPECT_LT(gram_error(permuted(block, qr.pivots), qr.R), 1e3 * eps);
}

TEST(PivotedQR, LeavesZerosWhereNothingIs)
{
  const PivotedQR qr = pivoted_qr(make_zero_block(150, 100));
  expect_permutation(qr.pivots, 100);
  EXPECT_EQ(max_norm(qr.R), 0.);
  EXPECT_EQ(pivoted_qr(make_zero_block(3, 0)).pivots.size(), 0u);
}

TEST(PivotedQR, GivesTheSameDigitsAgain)
{
  const Block     X = random_block(150, 100, 7);
  const PivotedQR a = pivoted_qr(copy(X)), b = pivoted_qr(copy(X));
  EXPECT_EQ(max_difference(a.R, b.R), 0.);
  EXPECT_EQ(a.pivots, b.pivots);
}

TEST(PivotedQR, RefusesWhatDoesNotFit)
{
  EXPECT_THROW(pivoted_qr(random_block(3, 4, 1)), Error);
  EXPECT_THROW(pivoted_qr(random_block(4, 4, 1), random_block(3, 1, 1)), Error);
}
