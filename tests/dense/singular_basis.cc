// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/singular_basis.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <limits>

#include "support/matrices.h"

using namespace lsr;

// LAPACK's own decomposition, of the whole matrix at once.
extern "C" void
dgesdd_(const char *,
        const int *,
        const int *,
        double *,
        const int *,
        double *,
        double *,
        const int *,
        double *,
        const int *,
        double *,
        const int *,
        int *,
        int *,
        std::size_t);

namespace
{
  struct Reference
  {
    std::vector<double> s;
    Block               V;
  };

  Reference
  reference(const Block &B)
  {
    const HostBlock     A = to_host(copy(B));
    const int           k = A.extent(0), m = A.extent(1), lwork = 100 * k * k;
    const HostBlock     U("U", k, k), VT("VT", k, m);
    std::vector<double> s(k), work(lwork);
    std::vector<int>    iwork(8 * k);
    int                 info = -1;
    dgesdd_("S",
            &k,
            &m,
            A.data(),
            &k,
            s.data(),
            U.data(),
            &k,
            VT.data(),
            &k,
            work.data(),
            &lwork,
            iwork.data(),
            &info,
            1);
    EXPECT_EQ(info, 0);
    return {s, product('T', to_memory_space(VT), 'N', identity(k))};
  }

  // B applied to the part of the vectors that is outside span(V).
  void
  expect_equal_spaces(const Block &V, const Block &W, const double tolerance)
  {
    const Block rest = copy(V);
    multiply(-1., 'N', W, 'N', product('T', W, 'N', V), 1., rest);
    EXPECT_LT(max_norm(rest), tolerance);
  }
} // namespace

TEST(RightSingularBasis, EqualsLapackForAModerateDecay)
{
  const Block         B     = with_singular_values(30, 200, decay(30, 1e-3), 1);
  const Reference     exact = reference(B);
  const SingularBasis basis = right_singular_basis(B, 18);
  ASSERT_EQ(basis.V.extent(0), 200u);
  ASSERT_EQ(basis.V.extent(1), 18u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);
  const HostColumn sigma = to_host(basis.sigma);
  for (int j = 0; j < 18; ++j)
    {
      EXPECT_NEAR(sigma(j), exact.s[j], 1e-14);
      expect_equal_spaces(columns(basis.V, j, j + 1),
                          columns(exact.V, j, j + 1),
                          1e-11);
    }
}

TEST(RightSingularBasis, ManyColumnsPassThroughInSeveralBlocks)
{
  const Block         B     = random_block(6, 9001, 1);
  const SingularBasis basis = right_singular_basis(B, 6);
  // All of B is in the span, and its lengths in it are the singular values.
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);
  const Block rest = product('T', B, 'N', identity(6));
  multiply(-1., 'N', basis.V, 'T', product('N', B, 'N', basis.V), 1., rest);
  EXPECT_LT(max_norm(rest), 1e-12);
}

TEST(RightSingularBasis, FastDecayLosesNoOrthogonality)
{
  const Block         B = with_singular_values(40, 300, decay(40, 1e-12), 1);
  const SingularBasis basis = right_singular_basis(B, 40);
  ASSERT_EQ(basis.V.extent(1), 40u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);
  // The truncation error of each rank is the next singular value.
  const HostColumn sigma = to_host(basis.sigma);
  for (const std::size_t rank : {5, 10, 20, 30})
    {
      const Block rest = copy(B), V = columns(basis.V, 0, rank);
      multiply(-1., 'N', product('N', B, 'N', V), 'T', V, 1., rest);
      EXPECT_LT(max_norm(rest), 1.1 * sigma(rank) + 1e-14);
    }
}

TEST(RightSingularBasis, LeavesOutWhatIsNoise)
{
  const Block         B     = with_singular_values(20, 80, {1., 0.5, 0.25}, 1);
  const SingularBasis basis = right_singular_basis(B, 10);
  EXPECT_EQ(basis.V.extent(1), 3u);
  EXPECT_EQ(basis.sigma.extent(0), 3u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);

  EXPECT_EQ(right_singular_basis(Block("zero", 4, 9), 4).V.extent(1), 0u);
}

TEST(RightSingularBasis, RefusesWhatItCannotDecompose)
{
  EXPECT_THROW(right_singular_basis(make_block(5, 4), 2), Error);
  EXPECT_THROW(right_singular_basis(random_block(3, 4, 1), 4), Error);
  const HostBlock B = to_host(random_block(3, 8, 1));
  B(1, 5)           = std::numeric_limits<double>::infinity();
  EXPECT_THROW(right_singular_basis(to_memory_space(B), 2), Error);
}

TEST(RightSingularBasis, SmallSingularValuesOfGradedRowsAreAccurate)
{
  // The rows of a projection onto sorted directions: a factor 1e12 in length.
  const HostBlock B = to_host(random_block(20, 300, 3));
  for (int i = 0; i < 20; ++i)
    for (int j = 0; j < 300; ++j)
      B(i, j) *= std::pow(10., -0.6 * i);
  const SingularBasis basis = right_singular_basis(to_memory_space(B), 20);
  ASSERT_EQ(basis.V.extent(1), 20u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);

  // Rows of a hundredth of the length hardly change their predecessors, so
  // that each singular value is between neighbouring lengths.
  const HostColumn sigma = to_host(basis.sigma);
  for (int j = 0; j < 20; ++j)
    {
      const double length = std::pow(10., -0.6 * j) * std::sqrt(300.);
      EXPECT_GT(sigma(j), 0.5 * length);
      EXPECT_LT(sigma(j), 2 * length);
    }
  // All rows are in the span, the shortest one relative to itself.
  for (int i = 0; i < 20; ++i)
    {
      const HostBlock row("row", 300, 1);
      for (int j = 0; j < 300; ++j)
        row(j, 0) = B(i, j) * std::pow(10., 0.6 * i);
      expect_equal_spaces(to_memory_space(row), basis.V, 1e-12);
    }
}

TEST(RightSingularBasis, SinglePrecisionGivesTheSameLeadingDirections)
{
  const Block      B = with_singular_values(30, 2500, decay(30, 1e-3), 1);
  const FloatBlock single("B", 30, 2500);
  Kokkos::deep_copy(single, B);
  const SingularBasis exact = right_singular_basis(B, 12);
  const SingularBasis basis = right_singular_basis(single, 12);
  ASSERT_EQ(basis.V.extent(1), 12u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);
  for (int j = 0; j < 12; ++j)
    EXPECT_NEAR(to_host(basis.sigma)(j), to_host(exact.sigma)(j), 1e-6);
  expect_equal_spaces(exact.V, basis.V, 1e-4);
}

TEST(RightSingularBasis, SinglePrecisionStaysOrthonormalBelowItsRounding)
{
  const Block      B = with_singular_values(30, 400, decay(30, 1e-13), 1);
  const FloatBlock single("B", 30, 400);
  Kokkos::deep_copy(single, B);
  const SingularBasis basis = right_singular_basis(single, 30);
  ASSERT_EQ(basis.V.extent(1), 30u);
  EXPECT_LT(departure_from_orthonormality(basis.V), 1e-13);
}
