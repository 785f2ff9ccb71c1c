// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/sparse_matrix.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/matrices.h"
#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  // About every third entry of a dense matrix; every fourth row has none.
  struct Example
  {
    Example(const std::size_t n, const std::size_t m)
    {
      const HostBlock A = to_host(random_block(n, m, 1));
      rows.n_columns    = m;
      for (std::size_t i = 0; i < n; ++i)
        {
          for (std::size_t j = 0; j < m; ++j)
            if (i % 4 != 2 && (i + 2 * j) % 3 == 0)
              rows.add(j, A(i, j));
            else
              A(i, j) = 0;
          rows.end_row();
        }
      dense = to_memory_space(A);
    }

    CompressedRows rows;
    Block          dense;
  };

  // The message with which rows are refused.
  std::string
  refusal(const CompressedRows &rows)
  {
    return message([&]() { SparseMatrix A(rows); });
  }

  CompressedRows
  small()
  {
    CompressedRows rows;
    rows.n_columns = 3;
    rows.starts    = {0, 2, 3};
    rows.columns   = {0, 2, 1};
    rows.values    = {1, 2, 3};
    return rows;
  }
} // namespace

TEST(SparseMatrix, MultipliesBlocksLikeADenseMatrix)
{
  for (const auto &[n, m] : {std::pair(30, 17), {17, 30}, {20, 20}, {1, 5}})
    {
      const Example      example(n, m);
      const SparseMatrix A(example.rows);
      EXPECT_EQ(A.n_rows(), std::size_t(n));
      EXPECT_EQ(A.n_columns(), std::size_t(m));
      for (const char transpose : {'N', 'T'})
        for (const int k : {1, 2, 7, 35})
          {
            const Block X        = random_block(transpose == 'N' ? m : n, k, 2);
            const Block Y        = random_block(transpose == 'N' ? n : m, k, 3);
            const Block expected = copy(Y);
            multiply(2., transpose, example.dense, 'N', X, -0.5, expected);
            multiply(2., transpose, A, X, -0.5, Y);
            EXPECT_LT(max_difference(Y, expected), 1e-14)
              << n << ' ' << m << ' ' << transpose << ' ' << k;
          }
    }
}

TEST(SparseMatrix, OverwritesWhatIsNotANumber)
{
  const Example      example(12, 9);
  const SparseMatrix A(example.rows);
  for (const char transpose : {'N', 'T'})
    for (const int k : {1, 3})
      {
        const Block X = random_block(transpose == 'N' ? 9 : 12, k, 2);
        const Block Y = make_block(transpose == 'N' ? 12 : 9, k);
        Kokkos::deep_copy(Y, std::numeric_limits<double>::quiet_NaN());
        multiply(1., transpose, A, X, 0., Y);
        EXPECT_LT(max_difference(Y, product(transpose, example.dense, 'N', X)),
                  1e-14)
          << transpose << ' ' << k;
      }
}

TEST(SparseMatrix, TakesSlices)
{
  const Example      example(8, 8);
  const SparseMatrix A(example.rows);
  const Block        X = random_block(20, 6, 1), Y = random_block(11, 5, 2);
  const Block        x        = rows(columns(X, 1, 4), 5, 13);
  const Block        y        = rows(columns(Y, 2, 5), 1, 9);
  const Block        expected = copy(Y);
  multiply(1.,
           'N',
           example.dense,
           'N',
           copy(x),
           0.,
           rows(columns(expected, 2, 5), 1, 9));
  multiply(1., 'N', A, x, 0., y);
  EXPECT_LT(max_difference(Y, expected), 1e-14);
}

TEST(SparseMatrix, MultipliesVectors)
{
  const Example      example(9, 14);
  const SparseMatrix A(example.rows);
  const Column       x = random_column(14, 2), y = random_column(9, 3);
  const Column       expected = copy(y);
  multiply(1., 'N', example.dense, x, 3., expected);
  multiply(1., 'N', A, x, 3., y);
  EXPECT_LT(max_difference(y, expected), 1e-14);
}

TEST(SparseMatrix, MayBeEmpty)
{
  CompressedRows rows;
  rows.n_columns = 4;
  rows.end_row();
  rows.end_row();
  const SparseMatrix A(rows);
  const Block        Y = random_block(2, 3, 1), X = random_block(4, 3, 2);
  const Block        scaled = product('N', identity(2), 'N', Y);
  multiply(1., 'N', A, X, 1., Y);
  EXPECT_EQ(max_difference(Y, scaled), 0.);
  multiply(1., 'N', A, X, 0., Y);
  EXPECT_EQ(max_norm(Y), 0.);

  const SparseMatrix nothing;
  EXPECT_EQ(nothing.n_rows(), 0u);
  multiply(1., 'N', nothing, make_block(0, 2), 0., make_block(0, 2));
}

TEST(SparseMatrix, BadArraysAreRefused)
{
  EXPECT_EQ(refusal(small()), "");

  CompressedRows rows = small();
  rows.starts         = {0, 3, 2};
  expect_contains(refusal(rows), "starts of rows");
  rows.starts = {1, 2, 3};
  expect_contains(refusal(rows), "starts of rows");
  rows.starts = {};
  expect_contains(refusal(rows), "starts of rows");
  rows.starts = {0, 2, 4};
  expect_contains(refusal(rows), "4 entries of all rows");

  rows = small();
  rows.values.pop_back();
  expect_contains(refusal(rows), "found 3 and 2");

  rows            = small();
  rows.columns[2] = 3;
  expect_contains(refusal(rows), "below 3 expected, found 3");
  rows.columns[2] = -1;
  expect_contains(refusal(rows), "found -1");

  rows           = small();
  rows.values[1] = std::numeric_limits<double>::infinity();
  expect_contains(refusal(rows), "finite entries");
}

TEST(SparseMatrix, BlocksThatDoNotFitAreRefused)
{
  const SparseMatrix A(small());
  EXPECT_THROW(multiply(1., 'N', A, make_block(2, 1), 0., make_block(2, 1)),
               Error);
  EXPECT_THROW(multiply(1., 'N', A, make_block(3, 1), 0., make_block(3, 1)),
               Error);
  EXPECT_THROW(multiply(1., 'T', A, make_block(3, 1), 0., make_block(2, 1)),
               Error);
  EXPECT_THROW(multiply(1., 'N', A, make_block(3, 2), 0., make_block(2, 1)),
               Error);
  EXPECT_THROW(multiply(1., 'C', A, make_block(3, 1), 0., make_block(2, 1)),
               Error);
}
