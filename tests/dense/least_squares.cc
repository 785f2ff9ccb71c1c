// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/least_squares.h>
#include <lsr/dense/orthonormalization.h>

#include <gtest/gtest.h>

#include <limits>

#include "support/matrices.h"

using namespace lsr;

namespace
{
  LeastSquares
  problem(const Block   &G,
          const Column  &f,
          const Pivoting pivoting  = Pivoting::none,
          const double   tolerance = LeastSquares::default_tolerance)
  {
    const AppendRowsQR qr = factor(G, f);
    return LeastSquares(qr.R(), qr.z(), qr.rho2(), pivoting, tolerance);
  }

  // The gradient of the loss, relative to what it is made of.
  double
  relative_gradient(const Block &G, const Column &f, const Column &y)
  {
    const Column residual = copy(f);
    multiply(1., 'N', G, y, 1., residual);
    return max_norm(product('T', G, residual)) /
           (max_norm(product('T', G, f)) + 1e-300);
  }

  double
  exact_condition(const Block &G)
  {
    // Extreme eigenvalues of the Gram matrix by the power method on it and on
    // its inverse (through the triangle).
    const std::size_t  k       = G.extent(1);
    const AppendRowsQR qr      = factor(G, make_column(G.extent(0)));
    const Block        R       = qr.R();
    Block              inverse = identity(k);
    solve_upper_triangular(R, inverse);
    const auto largest = [k](const Block &A) {
      Column x = random_column(k, 7);
      double s = 0;
      for (unsigned int i = 0; i < 500; ++i)
        {
          x                     = product('T', A, product('N', A, x));
          s                     = norm(x);
          const HostColumn host = to_host(x);
          for (std::size_t j = 0; j < k; ++j)
            host(j) /= s;
          x = to_memory_space(host);
        }
      return std::sqrt(s);
    };
    return largest(R) * largest(inverse);
  }
} // namespace

TEST(LeastSquares, SolvesAWellConditionedProblem)
{
  const Block        G       = random_block(80, 20, 1);
  const Column       f       = random_column(80, 2);
  const LeastSquares problem = ::problem(G, f);
  EXPECT_EQ(problem.numerical_rank(), 20u);
  const Column y = problem.solve();
  EXPECT_LT(relative_gradient(G, f, y), 1e-13);
  EXPECT_NEAR(problem.profile().loss.back(), loss(G, f, y), 1e-12);
}

TEST(LeastSquares, ProfileEqualsSeparateSolvesAtEveryRank)
{
  const Block        G       = random_block(60, 15, 1);
  const Column       f       = random_column(60, 2);
  const LeastSquares problem = ::problem(G, f);
  const RankProfile  profile = problem.profile();
  ASSERT_EQ(profile.loss.size(), 16u);
  ASSERT_EQ(profile.condition.size(), 16u);
  ASSERT_EQ(profile.coefficient_norm.size(), 16u);
  EXPECT_NEAR(profile.loss[0], dot(f, f), 1e-12);
  EXPECT_EQ(profile.coefficient_norm[0], 0.);
  for (std::size_t k = 1; k <= 15; ++k)
    {
      const Column separate = ::problem(columns(G, 0, k), f).solve();
      EXPECT_NEAR(profile.loss[k], loss(columns(G, 0, k), f, separate), 1e-12);
      EXPECT_NEAR(profile.coefficient_norm[k], norm(separate), 1e-12);

      const Column y = problem.solve(k);
      EXPECT_LT(max_difference(copied_rows(y, 0, k), separate), 1e-12);
      EXPECT_EQ(max_norm(copied_rows(y, k, 15)), 0.);
    }
}

TEST(LeastSquares, ConditionEstimateIsNearTheExactOne)
{
  for (const double last : {1e-2, 1e-5, 1e-8})
    {
      const Block       G = with_singular_values(70, 25, decay(25, last), 3);
      const RankProfile profile = ::problem(G, make_column(70)).profile();
      ASSERT_EQ(profile.condition.size(), 26u);
      for (std::size_t k = 1; k <= 25; ++k)
        {
          const double exact = exact_condition(columns(G, 0, k));
          EXPECT_LT(profile.condition[k], 1.01 * exact);
          EXPECT_GT(profile.condition[k], 0.2 * exact);
        }
    }
}

TEST(LeastSquares, NumericalRankFollowsTheTolerance)
{
  // Orthogonal columns of lengths 1, 1e-1, ..., 1e-12.
  const HostBlock G = to_host(random_orthonormal(40, 13, 1));
  for (int j = 0; j < 13; ++j)
    for (int i = 0; i < 40; ++i)
      G(i, j) *= std::pow(10., -j);
  const auto rank = [&](const double tolerance) {
    return problem(to_memory_space(G),
                   random_column(40, 2),
                   Pivoting::none,
                   tolerance)
      .numerical_rank();
  };
  EXPECT_EQ(rank(3e-6), 6u);
  EXPECT_EQ(rank(3e-11), 11u);
  EXPECT_EQ(rank(LeastSquares::default_tolerance), 13u);
}

class Degenerate : public testing::TestWithParam<Pivoting>
{};

TEST_P(Degenerate, DuplicateColumnsGiveATruncatedSolution)
{
  const Block independent = random_block(50, 6, 1);
  const Block G           = make_block(50, 12);
  for (const std::size_t first : {0, 6})
    Kokkos::deep_copy(columns(G, first, first + 6), independent);
  const Column       f       = random_column(50, 2);
  const LeastSquares problem = ::problem(G, f, GetParam());
  EXPECT_EQ(problem.numerical_rank(), 6u);

  const Column y    = problem.solve(12);
  const Column best = ::problem(independent, f).solve();
  EXPECT_NEAR(loss(G, f, y), loss(independent, f, best), 1e-12);
  EXPECT_LT(relative_gradient(G, f, y), 1e-12);
  EXPECT_LT(norm(y), 10 * norm(best));
  EXPECT_NEAR(problem.profile().loss.back(), loss(G, f, y), 1e-12);
}

TEST_P(Degenerate, ZeroMatrixGivesZero)
{
  const Column       f       = random_column(20, 1);
  const LeastSquares problem = ::problem(Block("zero", 20, 5), f, GetParam());
  EXPECT_EQ(problem.numerical_rank(), 0u);
  EXPECT_EQ(max_norm(problem.solve()), 0.);
  EXPECT_EQ(max_norm(problem.tikhonov().solve(0.)), 0.);
  EXPECT_EQ(max_norm(problem.tikhonov().solve(1.)), 0.);
  const RankProfile profile = problem.profile();
  ASSERT_EQ(profile.loss.size(), 1u);
  EXPECT_NEAR(profile.loss[0], dot(f, f), 1e-13);
}

TEST_P(Degenerate, MoreColumnsThanRowsFitExactly)
{
  const Block        G       = random_block(7, 11, 1);
  const Column       f       = random_column(7, 2);
  const LeastSquares problem = ::problem(G, f, GetParam());
  EXPECT_EQ(problem.numerical_rank(), 7u);
  EXPECT_LT(std::sqrt(loss(G, f, problem.solve())), 1e-12);
}

TEST_P(Degenerate, NearlyDependentColumnsStayFiniteAndOptimal)
{
  const Block        G       = monomials(100, 30);
  const Column       f       = random_column(100, 2);
  const LeastSquares problem = ::problem(G, f, GetParam());
  EXPECT_LT(problem.numerical_rank(), 30u);
  EXPECT_GT(problem.numerical_rank(), 10u);
  const Column y = problem.solve();
  EXPECT_TRUE(std::isfinite(norm(y)));
  // Up to rounding in G y, whose terms are as large as y; the loss is a square.
  const double least = problem.profile().loss.back();
  EXPECT_NEAR(loss(G, f, y),
              least,
              2. * std::sqrt(least) * std::numeric_limits<double>::epsilon() *
                norm(y));
}

TEST_P(Degenerate, NoColumns)
{
  const Column       f       = random_column(7, 2);
  const LeastSquares problem = ::problem(make_block(7, 0), f, GetParam());
  EXPECT_EQ(problem.solve().extent(0), 0u);
  EXPECT_EQ(problem.tikhonov().solve(1.).extent(0), 0u);
  EXPECT_NEAR(problem.profile().loss.at(0), dot(f, f), 1e-13);
}

INSTANTIATE_TEST_SUITE_P(Orders,
                         Degenerate,
                         testing::Values(Pivoting::none, Pivoting::columns));

TEST(LeastSquares, PivotingUsesColumnsBehindADependentOne)
{
  // Columns a, a, b, c: in their order they end after the first.
  const Block independent = random_block(30, 3, 1);
  const Block G           = make_block(30, 4);
  Kokkos::deep_copy(columns(G, 0, 1), columns(independent, 0, 1));
  Kokkos::deep_copy(columns(G, 1, 4), independent);
  const Column f = random_column(30, 2);
  EXPECT_EQ(::problem(G, f).numerical_rank(), 1u);

  const LeastSquares pivoted = ::problem(G, f, Pivoting::columns);
  EXPECT_EQ(pivoted.numerical_rank(), 3u);
  EXPECT_LT(relative_gradient(G, f, pivoted.solve()), 1e-13);
}

TEST(LeastSquares, PivotingFindsTheOneColumnThatIsNotZero)
{
  // Both in the first of two rows, where one has nothing else.
  const HostBlock R("R", 2, 2);
  R(0, 1) = R(1, 1) = 1;
  const HostColumn z("z", 2);
  z(0) = z(1) = 1;
  const LeastSquares problem(to_memory_space(R),
                             to_memory_space(z),
                             0.,
                             Pivoting::columns);
  EXPECT_EQ(problem.numerical_rank(), 1u);
  const HostColumn y = to_host(problem.solve());
  EXPECT_NEAR(y(0), 0., 1e-15);
  EXPECT_NEAR(y(1), 1., 1e-15);
}

TEST(LeastSquares, PivotingDoesNotMindTheLengthOfColumns)
{
  const HostBlock G = to_host(random_block(40, 8, 1));
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < 40; ++i)
      G(i, j) *= std::pow(10., -4 * j);
  const Block        A       = to_memory_space(G);
  const Column       f       = random_column(40, 2);
  const LeastSquares problem = ::problem(A, f, Pivoting::columns);
  EXPECT_EQ(problem.numerical_rank(), 8u);
  const Column y = problem.solve();
  EXPECT_NEAR(loss(A, f, y), problem.profile().loss.back(), 1e-12);
  EXPECT_NEAR(norm(y) / problem.profile().coefficient_norm.back(), 1, 1e-12);
  // Nothing of the residual is left in any column.
  const Column residual = copy(f);
  multiply(1., 'N', A, y, 1., residual);
  const HostColumn gradient = to_host(product('T', A, residual));
  for (int j = 0; j < 8; ++j)
    EXPECT_LT(std::abs(gradient(j)) * std::pow(10., 4 * j), 1e-12);
}

TEST(LeastSquares, PivotingTakesColumnsOfAnyLength)
{
  for (const double length : {1e-310, 1e-290, 1e-170, 1e200})
    {
      const HostBlock R("R", 3, 3);
      R(0, 0) = 1;
      R(0, 1) = R(1, 1) = length;
      R(0, 2) = R(2, 2) = 2;
      const Column z    = make_column(3);
      Kokkos::deep_copy(z, 1.);
      const LeastSquares problem(to_memory_space(R), z, 0., Pivoting::columns);
      // A column too short to be scaled comes last and is not used.
      const bool usable = length > std::numeric_limits<double>::min();
      EXPECT_EQ(problem.numerical_rank(), usable ? 3u : 2u);
      const HostColumn y = to_host(problem.solve());
      EXPECT_NEAR(y(2), 0.5, 1e-15);
      EXPECT_NEAR(y(1) * length, usable ? 1. : 0., 1e-15);
      EXPECT_NEAR(y(0), usable ? -1. : 0., 1e-14);
    }
}

TEST(LeastSquares, PivotedProfileEqualsItsOwnSolutions)
{
  const Block        G       = random_block(60, 15, 1);
  const Column       f       = random_column(60, 2);
  const LeastSquares problem = ::problem(G, f, Pivoting::columns);
  const RankProfile  profile = problem.profile();
  for (std::size_t k = 0; k <= 15; ++k)
    {
      const Column y = problem.solve(k);
      EXPECT_NEAR(profile.loss[k], loss(G, f, y), 1e-12);
      EXPECT_NEAR(profile.coefficient_norm[k], norm(y), 1e-12);
    }
}

TEST(LeastSquares, ProfileInTermsOfTheOriginalColumns)
{
  // G belongs to the orthonormalized Q of W: y of Q is R_b y of W.
  const Block         W = random_block(30, 10, 1);
  Block               Q = copy(W);
  const ChangeOfBasis o =
    orthonormalize(Q, 1e-12, Pivoting::none, Communicator());
  const Block A = random_block(50, 30, 2), G_Q = product('N', A, 'N', Q),
              G_W         = product('N', A, 'N', W);
  const Column       f    = random_column(50, 3);
  const RankProfile  in_Q = ::problem(G_Q, f).profile(o.R);
  const LeastSquares of_W = ::problem(G_W, f);
  const RankProfile  in_W = of_W.profile();
  for (std::size_t k = 0; k <= 10; ++k)
    {
      EXPECT_NEAR(in_Q.loss[k], in_W.loss[k], 1e-11);
      EXPECT_NEAR(in_Q.coefficient_norm[k],
                  in_W.coefficient_norm[k],
                  1e-10 * (1 + in_W.coefficient_norm[k]));
      EXPECT_NEAR(in_Q.condition[k] / in_W.condition[k], 1., 1e-6);
    }
  EXPECT_THROW(::problem(G_Q, f, Pivoting::columns).profile(o.R), Error);
}

TEST(LeastSquares, AnotherOriginIsAnotherRightHandSide)
{
  const Block        G = random_block(40, 10, 1);
  const Column       f = random_column(40, 2), offset = random_column(10, 3);
  const LeastSquares moved   = ::problem(G, f).about(offset);
  const Column       moved_f = copy(f);
  multiply(-1., 'N', G, offset, 1., moved_f);
  const LeastSquares expected = ::problem(G, moved_f);
  for (std::size_t k = 0; k <= 10; ++k)
    {
      EXPECT_NEAR(moved.losses()[k], expected.losses()[k], 1e-12);
      EXPECT_LT(max_difference(moved.solve(k), expected.solve(k)), 1e-12);
    }
  EXPECT_THROW(::problem(G, f, Pivoting::columns).about(offset), Error);
}

TEST(LeastSquares, TikhonovLimits)
{
  const Block  G = with_singular_values(60, 12, decay(12, 1e-4), 3);
  const Column f = random_column(60, 2);
  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    {
      const LeastSquares problem = ::problem(G, f, pivoting);
      const Column       y       = problem.solve();
      EXPECT_LT(max_difference(problem.tikhonov().solve(0.), y),
                1e-10 * norm(y));
      EXPECT_LT(max_difference(problem.tikhonov().solve(1e-12), y),
                1e-8 * norm(y));

      // Large lambda: steepest descent with the step 1 / lambda^2.
      const double     lambda   = 1e6;
      const Column     descent  = product('T', G, f);
      const Column     solution = problem.tikhonov().solve(lambda);
      const HostColumn scaled   = to_host(copy(solution));
      for (int j = 0; j < 12; ++j)
        scaled(j) *= -lambda * lambda;
      EXPECT_LT(max_difference(to_memory_space(scaled), descent), 1e-10);
    }
}

TEST(LeastSquares, TikhonovEqualsTheProblemWithAppendedRows)
{
  const Block  G      = random_block(40, 10, 1);
  const Column f      = random_column(40, 2);
  const double lambda = 0.3;

  const HostBlock  extended("G", 50, 10);
  const HostColumn extended_f("f", 50);
  const HostBlock  host_G = to_host(G);
  const HostColumn host_f = to_host(f);
  for (int i = 0; i < 40; ++i)
    {
      extended_f(i) = host_f(i);
      for (int j = 0; j < 10; ++j)
        extended(i, j) = host_G(i, j);
    }
  for (int j = 0; j < 10; ++j)
    extended(40 + j, j) = lambda;
  const Column expected =
    ::problem(to_memory_space(extended), to_memory_space(extended_f)).solve();
  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    EXPECT_LT(max_difference(::problem(G, f, pivoting).tikhonov().solve(lambda),
                             expected),
              1e-13);
}

TEST(LeastSquares, TikhonovSolvesItsNormalEquations)
{
  const Block  G = random_block(40, 10, 1);
  const Column f = random_column(40, 2);
  for (const Pivoting pivoting : {Pivoting::none, Pivoting::columns})
    for (const double lambda : {0., 0.1, 10.})
      {
        const LeastSquares problem  = ::problem(G, f, pivoting);
        const Tikhonov     tikhonov = problem.tikhonov();
        const Column       b        = make_column(10);
        multiply(-1., 'T', G, f, 0., b);
        EXPECT_LT(max_difference(tikhonov.solve_normal_equations(lambda, b),
                                 tikhonov.solve(lambda)),
                  1e-12);
        EXPECT_THROW(tikhonov.solve_normal_equations(lambda, f), Error);
      }
}

TEST(LeastSquares, ZeroTikhonovIsTheShortestSolution)
{
  // Two equal columns share the coefficient.
  const Block a = random_block(20, 1, 1), G = make_block(20, 2);
  Kokkos::deep_copy(columns(G, 0, 1), a);
  Kokkos::deep_copy(columns(G, 1, 2), a);
  const HostColumn y =
    to_host(::problem(G, random_column(20, 2)).tikhonov().solve(0.));
  EXPECT_NEAR(y(0), y(1), 1e-14);
  EXPECT_GT(std::abs(y(0)), 1e-3);
}

TEST(LeastSquares, NormalEquationsEqualQRForGoodColumns)
{
  const Block  G = random_block(80, 12, 1);
  const Column f = random_column(80, 2), minus_f = make_column(80);
  multiply(-1.,
           'N',
           Block(f.data(), 80, 1),
           'N',
           identity(1),
           0.,
           Block(minus_f.data(), 80, 1));
  const LeastSquares qr   = ::problem(G, f);
  const double       rho2 = qr.profile().loss.back();
  const LeastSquares normal =
    LeastSquares::from_normal_equations(product('T', G, 'N', G),
                                        product('T', G, minus_f),
                                        rho2);
  EXPECT_LT(max_difference(normal.solve(), qr.solve()), 1e-12);
  const RankProfile a = qr.profile(), b = normal.profile();
  ASSERT_EQ(a.loss.size(), b.loss.size());
  for (std::size_t k = 0; k < a.loss.size(); ++k)
    {
      EXPECT_NEAR(a.loss[k], b.loss[k], 1e-11);
      EXPECT_NEAR(a.condition[k] / b.condition[k], 1, 1e-8);
    }
}

TEST(LeastSquares, IndefiniteNormalEquationsUseTheLeadingColumns)
{
  // The first, the last or one in between has no Cholesky factor.
  for (const int bad : {0, 3, 4})
    {
      const HostBlock N("N", 5, 5);
      for (int i = 0; i < 5; ++i)
        N(i, i) = i == bad ? -1 : 2;
      const Column     b = random_column(5, 1);
      const HostColumn y = to_host(
        LeastSquares::from_normal_equations(to_memory_space(N), b, 0.).solve());
      const HostColumn host_b = to_host(b);
      for (int i = 0; i < 5; ++i)
        EXPECT_NEAR(y(i), i < bad ? host_b(i) / 2 : 0., 1e-15);
    }
}

TEST(LeastSquares, ChoosesTheStartOfThePlateau)
{
  std::vector<double> losses = {1., 1e-2, 1.1e-8, 1.0e-8, 1.05e-8};
  EXPECT_EQ(choose_rank(losses, 0.), 3u);
  EXPECT_EQ(choose_rank(losses, 0.1), 2u);
  EXPECT_EQ(choose_rank(losses, 2e3), 1u);
  EXPECT_EQ(choose_rank(losses, 1e9), 0u);
  losses = {4., 0., 0.};
  EXPECT_EQ(choose_rank(losses, 0.5), 1u);
  EXPECT_THROW(choose_rank(losses, -1.), Error);
  EXPECT_THROW(choose_rank({}, 0.), Error);
}

TEST(LeastSquares, RefusesWhatItCannotUse)
{
  const HostBlock R("R", 3, 3);
  R(0, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(LeastSquares(to_memory_space(R), make_column(3), 0.), Error);
  EXPECT_THROW(LeastSquares(identity(3), make_column(2), 0.), Error);
  EXPECT_THROW(LeastSquares(identity(3), make_column(3), -1.), Error);
  EXPECT_THROW(
    LeastSquares(identity(3), make_column(3), 0., Pivoting::none, 1.), Error);
  EXPECT_THROW(
    LeastSquares(identity(3), make_column(3), 0.).tikhonov().solve(-1.), Error);
  EXPECT_THROW(
    LeastSquares(identity(3), make_column(3), 0.).profile(identity(2)), Error);
}
