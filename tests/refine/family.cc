// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>
#include <lsr/refine/family.h>
#include <lsr/refine/refinement.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "support/messages.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 60, n_members = 40;

  using Members = std::vector<std::size_t>;

  double
  x_of(const std::size_t i)
  {
    return (i + 1.) / (n_points + 1.);
  }

  double
  mu_of(const std::size_t member)
  {
    // All over the interval, in no order.
    return 2 * std::fmod(0.618034 * (member + 1), 1.) - 1;
  }

  /// A string of stiffness exp(mu x) under a load: A q - b with a tridiagonal
  /// matrix, which is the Gram matrix, too.
  class String : public Residual
  {
  public:
    static int n_alive, n_alive_at_most;

    explicit String(const double mu, const double load = 1.)
      : Residual(n_points, n_points)
      , load(load)
    {
      for (std::size_t i = 0; i <= n_points; ++i)
        stiffness.push_back((n_points + 1) *
                            std::exp(mu * (x_of(i) - .5 / (n_points + 1))));
      set_inner_product(std::make_shared<Energy>(*this));
      n_alive_at_most = std::max(n_alive_at_most, ++n_alive);
    }

    ~String() override
    {
      --n_alive;
    }

    void
    evaluate(const Column &q, const Column &f) override
    {
      apply_jacobian(as_block(q), as_block(f));
      const HostColumn Aq = to_host(f);
      set_entries(f, [&](const std::size_t i) {
        return Aq(i) - load * (1 + x_of(i)) / (n_points + 1);
      });
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return (stiffness[i] + stiffness[i + 1]) * x(i, j) -
               (i > 0 ? stiffness[i] * x(i - 1, j) : 0.) -
               (i + 1 < n_points ? stiffness[i + 1] * x(i + 1, j) : 0.);
      });
    }

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override
    {
      apply_jacobian(X, ATX);
    }

  private:
    class Energy : public InnerProduct
    {
    public:
      explicit Energy(const String &string)
        : string(string)
      {}

      bool
      diagonal() const override
      {
        return false;
      }

      bool
      gram_is_jacobian_of(const Residual &residual) const override
      {
        return &residual == &string;
      }

      /// Elimination forwards and backwards.
      Block
      solve(const Block &F) override
      {
        const HostBlock            f = to_host(F);
        const std::vector<double> &k = string.stiffness;
        const HostBlock            x("x", n_points, f.extent(1));
        for (std::size_t j = 0; j < f.extent(1); ++j)
          {
            std::vector<double> d(n_points);
            for (std::size_t i = 0; i < n_points; ++i)
              {
                d[i] = k[i] + k[i + 1] - (i > 0 ? k[i] * k[i] / d[i - 1] : 0);
                x(i, j) = f(i, j) + (i > 0 ? k[i] / d[i - 1] * x(i - 1, j) : 0);
              }
            for (std::size_t i = n_points; i-- > 0;)
              x(i, j) =
                (x(i, j) + (i + 1 < n_points ? k[i + 1] * x(i + 1, j) : 0)) /
                d[i];
          }
        return to_memory_space(x);
      }

    private:
      const String &string;
    };

    const double        load;
    std::vector<double> stiffness;
  };

  int String::n_alive         = 0;
  int String::n_alive_at_most = 0;

  Sampling
  points_of(const double mu)
  {
    return {
      make_block_of(2, n_points, [&](const std::size_t d, const std::size_t i) {
        return d == 0 ? x_of(i) : mu;
      })};
  }

  FamilyMember
  make_member(const double mu)
  {
    return {points_of(mu), std::make_shared<String>(mu)};
  }

  Family
  strings()
  {
    return {n_members,
            [](const std::size_t i) { return make_member(mu_of(i)); }};
  }

  /// A network that has learned 8 members, not well.
  Network
  trained_network()
  {
    FullyConnected layout;
    layout.n_inputs      = 2;
    layout.widths        = {16, 16};
    layout.seed          = 5;
    Network      network = layout.build();
    const Block  points  = make_block(2, 8 * n_points);
    const Column targets = make_column(8 * n_points);
    for (std::size_t k = 0; k < 8; ++k)
      {
        const FamilyMember member = make_member(mu_of(k));
        const Column f = make_column(n_points), zero = make_column(n_points);
        member.residual->evaluate(zero, f);
        const Block u    = member.residual->inner_product().solve(as_block(f));
        const auto  here = std::make_pair(k * n_points, (k + 1) * n_points);
        Kokkos::deep_copy(columns(points, here.first, here.second),
                          member.sampling.points);
        set_entries(Column(Kokkos::subview(targets, here)),
                    [&, u = to_host(u)](const std::size_t i) {
                      return -u(i, 0);
                    });
      }
    TrainingParameters training;
    training.epochs           = 20;
    training.lbfgs_iterations = 30;
    train(network, points, targets, training);
    return network;
  }

  struct FamilyTest : testing::Test
  {
    FamilyTest()
      : network(trained_network())
      , basis(network, 80, 1)
      , family(strings())
    {}

    Network         network;
    StructuredBasis basis;
    Family          family;
  };

  Members
  range(const std::size_t first, const std::size_t last)
  {
    Members result(last - first);
    std::iota(result.begin(), result.end(), first);
    return result;
  }

  double
  root_mean_square(const Network &network,
                   const Family  &family,
                   const Members &members)
  {
    const HostBlock residuals = relative_residuals({network}, family, members);
    double          sum       = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
      sum += residuals(i, 0) * residuals(i, 0);
    return std::sqrt(sum / members.size());
  }

  FamilyParameters
  of_rank(const std::size_t rank)
  {
    FamilyParameters parameters;
    parameters.fit.choice.rank   = rank;
    parameters.fit.choice.lambda = 0.;
    return parameters;
  }
} // namespace



TEST_F(FamilyTest, RowsHaveTheNormOfTheRelativeResidual)
{
  const FamilyMember member = make_member(0.3);
  const LinearRows   rows   = relative_rows(basis, member, n_points);
  for (const double size : {0., 1e-3, 1e-1})
    {
      const Column y = make_column(80);
      add(size, random_column(80, 7), y);
      const Column f = make_column(rows.f.size());
      Kokkos::deep_copy(f, rows.f);
      multiply(1., 'N', rows.G, y, 1., f);
      const Family one{1, [&](const std::size_t) { return make_member(0.3); }};
      EXPECT_NEAR(lsr::norm(f) / root_mean_square(
                                   network.refined(basis.expand(y)), one, {0}),
                  1.,
                  1e-9);
    }
}



TEST_F(FamilyTest, OfOneMemberIsItsRefinement)
{
  const StructuredBasis few(network, 15, 2);
  const FamilyMember    member = make_member(0.3);
  RefinementParameters  parameters;
  parameters.rank = 15;
  const Refinement alone =
    refine(few, member.sampling, *member.residual, parameters);

  const Family one{1, [&](const std::size_t) { return make_member(0.3); }};
  const FamilyRefinement together = refine(few, one, {0}, {}, of_rank(15));
  const Column           values =
    member.sampling.evaluate(network, together.fit.correction);
  const Column q = member.sampling.evaluate(network);
  EXPECT_GT(distance(alone.values, q), 1e-4 * lsr::norm(q));
  EXPECT_LT(distance(values, alone.values), 1e-9 * lsr::norm(q));
}



TEST_F(FamilyTest, ResultDoesNotDependOnTheOrderOfMembers)
{
  Members               members = range(0, 20);
  const StructuredBasis few(network, 40, 2);
  const Column          once =
    refine(few, family, members, {}, of_rank(30)).fit.correction;
  std::reverse(members.begin(), members.end());
  std::swap(members[3], members[11]);
  const Column again =
    refine(few, family, members, {}, of_rank(30)).fit.correction;
  const Sampling points = points_of(0.77);
  EXPECT_LT(distance(points.evaluate(network, once),
                     points.evaluate(network, again)),
            1e-8 * lsr::norm(points.evaluate(network)));
}



TEST_F(FamilyTest, UnseenMembersImprove)
{
  const Members          unseen = range(30, n_members);
  const FamilyRefinement result =
    refine(basis, family, range(0, 24), range(24, 30));
  EXPECT_EQ(result.fit.rule, SelectionRule::validation);
  EXPECT_LT(result.fit.validation, 0.1 * result.fit.initial_validation);
  const double before = root_mean_square(network, family, unseen),
               after  = root_mean_square(network.refined(result.fit.correction),
                                        family,
                                        unseen);
  EXPECT_LT(after, 0.3 * before);
}



TEST_F(FamilyTest, OneMemberIsHeldAtATime)
{
  String::n_alive_at_most = 0;
  const Network refined   = network.refined(
    refine(basis, family, range(0, 30), range(30, n_members)).fit.correction);
  root_mean_square(refined, family, range(0, n_members));
  EXPECT_EQ(String::n_alive_at_most, 1);
  EXPECT_EQ(String::n_alive, 0);
}



TEST_F(FamilyTest, MembersWithTheLargestResidualAreAdded)
{
  FamilyParameters parameters = of_rank(20);
  parameters.n_at_first       = 4;
  parameters.n_at_most        = 8;
  const StructuredBasis  few(network, 20, 2);
  const FamilyRefinement result =
    refine(few, family, range(0, n_members), {}, parameters);
  ASSERT_EQ(result.members.size(), 8);
  EXPECT_EQ(Members(result.members.begin(), result.members.begin() + 4),
            range(0, 4));

  parameters.n_at_most = 4;
  const Network first  = network.refined(
    refine(few, family, range(0, 4), {}, parameters).fit.correction);
  const HostBlock residuals =
    relative_residuals({first}, family, range(0, n_members));
  const std::set<std::size_t> taken(result.members.begin(),
                                    result.members.end());
  double                      smallest = 1e300;
  for (std::size_t k = 4; k < 8; ++k)
    smallest = std::min(smallest, residuals(result.members[k], 0));
  for (std::size_t i = 4; i < n_members; ++i)
    if (taken.count(i) == 0)
      EXPECT_LE(residuals(i, 0), smallest);
}



TEST_F(FamilyTest, AlignmentImprovesThePlainNetwork)
{
  const Members             unseen = range(30, n_members);
  const double              before = root_mean_square(network, family, unseen);
  FamilyAlignmentParameters parameters;
  parameters.n_steps        = 8;
  parameters.n_directions   = 60;
  parameters.n_members      = 10;
  const Alignment alignment = align(network, family, range(0, 30), parameters);
  EXPECT_EQ(alignment.n_steps, 8U);
  EXPECT_LT(alignment.final_norm, alignment.initial_norm);
  EXPECT_FALSE(network.is_refined());
  EXPECT_LT(root_mean_square(network, family, unseen), 0.5 * before);
}



TEST_F(FamilyTest, RefusalsSayWhatIsWrong)
{
  expect_contains(message([&]() { refine(basis, family, {}); }),
                  "no members to be fitted");
  expect_contains(message([&]() { align(network, family, {}); }),
                  "no members to be aligned with");
  expect_contains(message([&]() { refine(basis, family, {n_members}); }),
                  "member 40 of a family of 40");
  expect_contains(message([&]() { refine(basis, family, {0}); }),
                  "80 directions for");
  const Family other{
    1, [](const std::size_t) {
      return FamilyMember{{random_points(2, 3)}, std::make_shared<String>(0.)};
    }};
  expect_contains(message([&]() { refine(basis, other, {0}); }),
                  "gives 3 values, the residual expects 60");
  const Family nothing{
    1, [](const std::size_t) {
      return FamilyMember{points_of(0.), std::make_shared<String>(0., 0.)};
    }};
  expect_contains(message([&]() { refine(basis, nothing, {0}); }),
                  "norm of the residual of zero is 0");
}
