// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include "support/matrices.h"
#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  double
  entry(const HostBlock &A, const bool transposed, std::size_t i, std::size_t j)
  {
    return transposed ? A(j, i) : A(i, j);
  }
} // namespace

TEST(Multiply, ComputesTheProductForAllTranspositions)
{
  for (const char tA : {'N', 'T'})
    for (const char tB : {'N', 'T'})
      {
        const bool      A_t = tA == 'T', B_t = tB == 'T';
        const Block     A = A_t ? random_block(5, 7, 1) : random_block(7, 5, 1);
        const Block     B = B_t ? random_block(3, 5, 2) : random_block(5, 3, 2);
        const Block     C = random_block(7, 3, 3);
        const HostBlock expected = to_host(copy(C));
        const HostBlock a = to_host(A), b = to_host(B);
        for (int i = 0; i < 7; ++i)
          for (int j = 0; j < 3; ++j)
            {
              expected(i, j) *= -0.5;
              for (int k = 0; k < 5; ++k)
                expected(i, j) += 2 * entry(a, A_t, i, k) * entry(b, B_t, k, j);
            }
        multiply(2., tA, A, tB, B, -0.5, C);
        EXPECT_LT(max_difference(C, to_memory_space(expected)), 1e-14);
      }
}

TEST(Multiply, TakesSlices)
{
  const Block A = random_block(20, 6, 1);
  const Block slice =
    Kokkos::subview(A, Kokkos::make_pair(3, 11), Kokkos::make_pair(2, 5));
  const Block expected = product('T', copy(slice), 'N', copy(slice));
  EXPECT_LT(max_difference(product('T', slice, 'N', slice), expected), 1e-14);
}

TEST(Multiply, MatrixAndVectorAgreeWithMatrixAndColumn)
{
  const Block  A = random_block(9, 4, 1);
  const Column x = random_column(4, 2), y = random_column(9, 3);
  const Block  X(x.data(), 4, 1), Y       = copy(Block(y.data(), 9, 1));
  multiply(3., 'N', A, x, 2., y);
  multiply(3., 'N', A, 'N', X, 2., Y);
  EXPECT_LT(max_difference(Block(y.data(), 9, 1), Y), 1e-14);
}

TEST(Multiply, HandlesZeroExtents)
{
  // No rows: the product over them is zero, whatever was there before.
  const Block none = make_block(0, 3);
  const Block C    = random_block(3, 3, 1);
  multiply(1., 'T', none, 'N', none, 0., C);
  EXPECT_EQ(max_norm(C), 0.);

  const Column y    = random_column(3, 1);
  const Column half = copy(y);
  multiply(1., 'T', none, make_column(0), 0.5, half);
  multiply(1., 'T', none, make_column(0), 0., y);
  EXPECT_EQ(max_norm(y), 0.);
  EXPECT_GT(max_norm(half), 0.);
  EXPECT_EQ(norm(make_column(0)), 0.);
  EXPECT_EQ(dot(make_column(0), make_column(0)), 0.);
}

TEST(Multiply, NamesTheExtentsThatDoNotFit)
{
  expect_contains(message([]() {
                    multiply(1.,
                             'N',
                             make_block(4, 3),
                             'N',
                             make_block(5, 2),
                             0.,
                             make_block(4, 2));
                  }),
                  "4 x 3",
                  "5 x 2");
  EXPECT_THROW(
    multiply(
      1., 'C', make_block(2, 2), 'N', make_block(2, 2), 0., make_block(2, 2)),
    Error);
  EXPECT_THROW(dot(make_column(2), make_column(3)), Error);
}

TEST(Triangle, IsSolvedFromBothSides)
{
  // Entries below the diagonal must not be read.
  const HostBlock R = to_host(random_block(6, 6, 1));
  for (int i = 0; i < 6; ++i)
    R(i, i) += 4;
  const HostBlock upper = to_host(copy(to_memory_space(R)));
  for (int j = 0; j < 6; ++j)
    for (int i = j + 1; i < 6; ++i)
      upper(i, j) = 0;
  const Block triangle = to_memory_space(R), U = to_memory_space(upper);

  const Block B = random_block(6, 3, 2), X = copy(B);
  solve_upper_triangular(triangle, X);
  EXPECT_LT(max_difference(product('N', U, 'N', X), B), 1e-14);

  const Column b = random_column(6, 3), x = copy(b);
  solve_upper_triangular(triangle, x);
  EXPECT_LT(max_difference(product('N', U, x), b), 1e-14);

  const Block C = random_block(9, 6, 4), Y = copy(C);
  divide_by_upper_triangular(Y, triangle);
  EXPECT_LT(max_difference(product('N', Y, 'N', U), C), 1e-14);

  EXPECT_THROW(solve_upper_triangular(triangle, make_block(5, 2)), Error);
  EXPECT_THROW(divide_by_upper_triangular(make_block(5, 2), triangle), Error);
}
