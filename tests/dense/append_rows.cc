// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The way in which AppendRowsQR works on a GPU, on any device.

#include "dense/append_rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  constexpr double eps = std::numeric_limits<double>::epsilon();

  /// The triangle of all rows of [G b], in blocks of some rows.
  Block
  triangle_of(const Block                    &G,
              const Block                    &b,
              const std::vector<std::size_t> &block_sizes)
  {
    const std::size_t r        = G.extent(1);
    const Block       triangle = make_zero_block(r + 1, r + 1);
    std::size_t       first    = 0;
    for (const std::size_t size : block_sizes)
      {
        internal::append_at_once(triangle,
                                 copied_rows(G, first, first + size),
                                 copied_rows(b, first, first + size));
        first += size;
      }
    EXPECT_EQ(first, G.extent(0));
    return triangle;
  }

  /// [G b].
  Block
  beside(const Block &G, const Block &b)
  {
    const std::size_t r = G.extent(1), k = r + b.extent(1);
    const Block       both = make_block(G.extent(0), k);
    Kokkos::deep_copy(columns(both, 0, r), G);
    Kokkos::deep_copy(columns(both, r, k), b);
    return both;
  }

  void
  expect_triangle(const Block &triangle, const Block &X)
  {
    EXPECT_LT(max_difference(product('T', triangle, 'N', triangle),
                             product('T', X, 'N', X)),
              1e3 * eps * max_norm(product('T', X, 'N', X)));
    const HostBlock host = to_host(triangle);
    for (std::size_t j = 0; j < host.extent(1); ++j)
      for (std::size_t i = j + 1; i < host.extent(0); ++i)
        ASSERT_EQ(host(i, j), 0.);
  }
} // namespace

TEST(AppendAtOnce, KeepsTheGramMatrixForBlocksOfAnySize)
{
  const Block G = random_block(600, 40, 1), b = random_block(600, 1, 2);
  expect_triangle(triangle_of(G, b, {600}), beside(G, b));
  // Too few rows for a sketch, and one row.
  expect_triangle(triangle_of(G, b, {7, 300, 1, 252, 40}), beside(G, b));
}

TEST(AppendAtOnce, LeavesTheLastColumnAloneWithoutARightHandSide)
{
  const Block G        = random_block(300, 20, 3);
  const Block triangle = make_zero_block(21, 21);
  internal::append_at_once(triangle, copy(G), make_block(300, 0));
  expect_triangle(columns(rows(triangle, 0, 20), 0, 20), G);
  for (std::size_t i = 0; i < 21; ++i)
    EXPECT_EQ(to_host(triangle)(i, 20), 0.);
}

TEST(AppendAtOnce, TakesZerosAndDependentColumns)
{
  const HostBlock G = to_host(random_block(400, 30, 4));
  for (std::size_t i = 0; i < 400; ++i)
    {
      G(i, 5)  = 0;
      G(i, 29) = G(i, 1) + G(i, 2);
    }
  const Block dependent = to_memory_space(G), zero = make_zero_block(400, 1);
  expect_triangle(triangle_of(dependent, zero, {400}), beside(dependent, zero));
  const Block b = random_block(400, 1, 5);
  expect_triangle(triangle_of(dependent, b, {200, 200}), beside(dependent, b));
}

// The part that the columns cannot represent is far below the right hand side.
TEST(AppendAtOnce, FindsASmallRemainder)
{
  const std::size_t n = 500, r = 30;
  const Block       Q = random_orthonormal(n, r + 1, 6);
  const Block G = product('N', columns(Q, 0, r), 'N', random_block(r, r, 7));
  const Block b = product('N', G, 'N', random_block(r, 1, 8));
  const HostBlock sum = to_host(copy(b)), rest = to_host(Q);
  for (std::size_t i = 0; i < n; ++i)
    sum(i, 0) += 1e-9 * rest(i, r);
  const HostBlock triangle = to_host(triangle_of(G, to_memory_space(sum), {n}));
  EXPECT_NEAR(std::abs(triangle(r, r)), 1e-9, 1e3 * eps);
}

TEST(AppendAtOnce, GivesTheSameTriangleAsPanels)
{
  const Block     G = random_block(400, 25, 9), b = random_block(400, 1, 10);
  const HostBlock panels("panels", 26, 26);
  internal::append_by_panels(panels, to_host(copy(G)), to_host(copy(b)));
  const HostBlock at_once = to_host(triangle_of(G, b, {400}));
  for (std::size_t j = 0; j < 26; ++j)
    for (std::size_t i = 0; i <= j; ++i)
      EXPECT_NEAR(std::abs(at_once(i, j)), std::abs(panels(i, j)), 1e3 * eps);
}
