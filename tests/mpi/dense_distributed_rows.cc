// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Rows distributed over ranks give what one rank gives, the same bits
// everywhere. The first rank has no rows.

#include <lsr/dense/least_squares.h>
#include <lsr/dense/orthonormalization.h>

#include <gtest/gtest.h>

#include <numeric>

#include "support/matrices.h"
#include "support/ranks.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  const Communicator world(MPI_COMM_WORLD);

  /// The rows of this rank, more of them on later ranks.
  std::pair<std::size_t, std::size_t>
  my_rows(const std::size_t n)
  {
    const std::size_t p = world.rank(), size = world.size();
    const auto        begin = [=](const std::size_t rank) {
      return n * rank * (rank - (rank > 0)) / (size * (size - 1));
    };
    return {begin(p), p + 1 == size ? n : begin(p + 1)};
  }

  Block
  mine(const Block &A)
  {
    const auto range = my_rows(A.extent(0));
    return copied_rows(A, range.first, range.second);
  }

  /// The numbers @p begin to below @p end.
  RowLabels
  numbers(const std::size_t begin, const std::size_t end)
  {
    RowLabels labels(end - begin);
    std::iota(labels.begin(), labels.end(), begin);
    return labels;
  }
} // namespace

TEST(DistributedRows, AllRowsAreDistributedAndUnevenly)
{
  const auto   range = my_rows(500);
  const double total = world.sum(double(range.second - range.first));
  EXPECT_EQ(total, 500.);
  EXPECT_EQ(range.second > range.first, world.rank() > 0);
}

TEST(DistributedRows, LeastSquaresEqualsThatOfOneRank)
{
  const Block  G     = random_block(500, 140, 1);
  const Column f     = random_column(500, 2);
  const auto   range = my_rows(500);

  AppendRowsQR qr = factor(mine(G), copied_rows(f, range.first, range.second));
  qr.reduce(world);
  expect_same_bits(qr.R());
  expect_same_bits(qr.z());
  const double rho2 = qr.rho2();
  expect_same_bits(&rho2, 1);

  const AppendRowsQR serial = factor(G, f);
  EXPECT_NEAR(qr.rho2(), serial.rho2(), 1e-11);
  const Block R = qr.R();
  EXPECT_LT(max_difference(product('T', R, 'N', R), product('T', G, 'N', G)),
            1e-11);

  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    {
      const LeastSquares parallel(qr.R(), qr.z(), qr.rho2(), pivoting);
      const Column       y = parallel.solve();
      expect_same_bits(y);
      const Column expected =
        LeastSquares(serial.R(), serial.z(), serial.rho2()).solve();
      EXPECT_LT(max_difference(y, expected), 1e-12);
    }
}

TEST(DistributedRows, FewerRowsThanColumnsOnEveryRank)
{
  const Block  G     = random_block(30, 20, 1);
  const Column f     = random_column(30, 2);
  const auto   range = my_rows(30);
  AppendRowsQR qr = factor(mine(G), copied_rows(f, range.first, range.second));
  qr.reduce(world);
  const AppendRowsQR serial = factor(G, f);
  EXPECT_LT(
    max_difference(LeastSquares(qr.R(), qr.z(), qr.rho2()).solve(),
                   LeastSquares(serial.R(), serial.z(), serial.rho2()).solve()),
    1e-12);
}

TEST(DistributedRows, OrthonormalizationHoldsOverAllRanks)
{
  const Block W = monomials(400, 30);
  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    {
      Block               Q = mine(W);
      const ChangeOfBasis o = orthonormalize(Q, 1e-13, pivoting, world);
      expect_same_bits(o.R);
      ASSERT_EQ(o.n_columns, Q.extent(1));

      const Block gram = product('T', Q, 'N', Q);
      world.sum(gram);
      EXPECT_LT(max_difference(gram, identity(o.n_columns)), 1e-13);

      // The same space as on one rank.
      Block               S = copy(W);
      const ChangeOfBasis serial =
        orthonormalize(S, 1e-13, pivoting, Communicator());
      EXPECT_NEAR(double(o.n_columns), double(serial.n_columns), 1);
      const Block overlap = product('T', mine(W), 'N', Q);
      world.sum(overlap);
      const Block rest = mine(W);
      multiply(-1., 'N', Q, 'T', overlap, 1., rest);
      EXPECT_LT(max_norm(rest), 1e-11);
    }
}

TEST(DistributedRows, WellConditionedBasisIsThatOfOneRank)
{
  const Block W = with_singular_values(400, 30, decay(30, 1e-6), 3);
  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    {
      Block               B = mine(W), S = copy(W);
      const auto          range  = my_rows(400);
      const ChangeOfBasis change = well_conditioned_basis(
        B, numbers(range.first, range.second), 1e-10, pivoting, world);
      expect_same_bits(change.R);
      const ChangeOfBasis serial = well_conditioned_basis(
        S, numbers(0, 400), 1e-10, pivoting, Communicator());
      ASSERT_EQ(change.n_columns, serial.n_columns);
      EXPECT_EQ(change.pivots, serial.pivots);
      EXPECT_LT(max_difference(product('N', B, 'N', change.R),
                               product('N', mine(S), 'N', serial.R)),
                1e-12);
      EXPECT_LT(max_difference(B, mine(S)), 1e-8);
    }
}
