// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  // R and z of two factorizations agree up to the signs of the rows, rho2
  // without reservation.
  void
  expect_equal(const AppendRowsQR &a, const AppendRowsQR &b, double tolerance)
  {
    const HostBlock  Ra = to_host(a.R()), Rb = to_host(b.R());
    const HostColumn za = to_host(a.z()), zb = to_host(b.z());
    double           difference = 0;
    for (std::size_t i = 0; i < a.n_columns(); ++i)
      {
        const double sign = Ra(i, i) * Rb(i, i) < 0 ? -1 : 1;
        difference = std::max(difference, std::abs(za(i) - sign * zb(i)));
        for (std::size_t j = 0; j < a.n_columns(); ++j)
          difference =
            std::max(difference, std::abs(Ra(i, j) - sign * Rb(i, j)));
      }
    EXPECT_LT(difference, tolerance);
    EXPECT_NEAR(a.rho2(), b.rho2(), tolerance * (1 + b.rho2()));
  }

  AppendRowsQR
  stream(const Block &G, const Column &b, const std::vector<std::size_t> &sizes)
  {
    AppendRowsQR qr(G.extent(1));
    std::size_t  first = 0;
    for (const std::size_t size : sizes)
      {
        const std::size_t last = first + size;
        qr.append(copied_rows(G, first, last), copied_rows(b, first, last));
        first = last;
      }
    EXPECT_EQ(first, G.extent(0));
    return qr;
  }
} // namespace

// Extents below, at and above the widths of the panels of the factorization.
class Triangle : public testing::TestWithParam<std::size_t>
{};

TEST_P(Triangle, ReproducesTheGramMatrix)
{
  const std::size_t r = GetParam(), n = 3 * r + 50;
  const Block       G = random_block(n, r, 1);
  const Column      b = random_column(n, 2);
  AppendRowsQR      qr(r);
  qr.append(copy(G), copy(b));
  const Block  R       = qr.R();
  const double epsilon = 1e-16 * n;
  EXPECT_LT(max_difference(product('T', R, 'N', R), product('T', G, 'N', G)),
            100 * epsilon);
  EXPECT_LT(max_difference(product('T', R, qr.z()), product('T', G, b)),
            100 * epsilon);
  EXPECT_NEAR(qr.rho2() + dot(qr.z(), qr.z()), dot(b, b), 100 * epsilon);

  const HostBlock host = to_host(R);
  for (std::size_t j = 0; j < r; ++j)
    for (std::size_t i = j + 1; i < r; ++i)
      ASSERT_EQ(host(i, j), 0.);
}

TEST_P(Triangle, GivesOrthonormalColumnsAndAIsQR)
{
  const std::size_t r = GetParam(), n = 2 * r + 30;
  const Block       A = random_block(n, r, 3), Q = copy(A);
  AppendRowsQR      qr(r);
  qr.append(copy(A));
  divide_by_upper_triangular(Q, qr.R());
  const double tolerance = 100 * 2.3e-16 * n;
  EXPECT_LT(departure_from_orthonormality(Q), tolerance);
  EXPECT_LT(max_difference(product('N', Q, 'N', qr.R()), A), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Extents,
                         Triangle,
                         testing::Values(1, 5, 16, 17, 127, 128, 129, 300));

TEST(AppendRowsQR, BlocksOfAnySizeEqualOneShot)
{
  const Block        G        = random_block(200, 40, 1);
  const Column       b        = random_column(200, 2);
  const AppendRowsQR one_shot = stream(G, b, {200});
  expect_equal(stream(G, b, {100, 100}), one_shot, 1e-12);
  expect_equal(stream(G, b, {0, 3, 0, 97, 1, 99, 0}), one_shot, 1e-12);
  expect_equal(stream(G, b, std::vector<std::size_t>(200, 1)), one_shot, 1e-12);
}

TEST(AppendRowsQR, RowsBeyondOneInternalBlockAreAllSeen)
{
  const Block        G  = random_block(5000, 12, 1);
  const Column       b  = random_column(5000, 2);
  const AppendRowsQR qr = stream(G, b, {5000});
  const Block        R  = qr.R();
  EXPECT_LT(max_difference(product('T', R, 'N', R), product('T', G, 'N', G)),
            1e-10);
  EXPECT_NEAR(qr.rho2() + dot(qr.z(), qr.z()), dot(b, b), 1e-10);
}

TEST(AppendRowsQR, FewerRowsThanColumnsLeaveNoResidual)
{
  const Block        G  = random_block(4, 9, 1);
  const Column       b  = random_column(4, 2);
  const AppendRowsQR qr = stream(G, b, {3, 1});
  const Block        R  = qr.R();
  EXPECT_LT(max_difference(product('T', R, 'N', R), product('T', G, 'N', G)),
            1e-14);
  EXPECT_LT(std::sqrt(qr.rho2()), 1e-14);
}

TEST(AppendRowsQR, SmallResidualIsNotLostNextToALargeRightHandSide)
{
  // b = G c + 1e-12 e with e orthogonal to G: by subtraction nothing of e would
  // be left.
  const std::size_t n = 300, r = 20;
  const Block       Q    = random_orthonormal(n, r + 1, 5);
  const Block       G    = columns(Q, 0, r);
  const Column      c    = random_column(r + 1, 6);
  const HostColumn  host = to_host(c);
  host(r)                = 1e-12;
  const Column       b   = product('N', Q, to_memory_space(host));
  const AppendRowsQR qr  = stream(G, b, {150, 150});
  EXPECT_NEAR(std::sqrt(qr.rho2()), 1e-12, 1e-14);
}

TEST(AppendRowsQR, ZeroRowsAndColumnsStayFinite)
{
  const HostBlock G = to_host(random_block(60, 30, 1));
  for (int i = 0; i < 60; ++i)
    G(i, 0) = G(i, 17) = G(i, 29) = 0;
  for (int j = 0; j < 30; ++j)
    G(7, j) = 0;
  AppendRowsQR qr(30);
  const Block  A = to_memory_space(G);
  qr.append(copy(A));
  const Block R = qr.R();
  EXPECT_LT(max_difference(product('T', R, 'N', R), product('T', A, 'N', A)),
            1e-13);

  AppendRowsQR zero(4);
  zero.append(Block("zero", 10, 4), make_column(10));
  EXPECT_EQ(max_norm(zero.R()), 0.);
  EXPECT_EQ(zero.rho2(), 0.);
}

TEST(AppendRowsQR, RefusesExtentsThatDoNotFit)
{
  AppendRowsQR qr(3);
  EXPECT_THROW(qr.append(make_block(5, 4)), Error);
  EXPECT_THROW(qr.append(make_block(5, 3), make_column(4)), Error);
}
