// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/training.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  Network
  small_network(const std::uint64_t seed = 3)
  {
    FullyConnected layout;
    layout.widths = {24, 24};
    layout.seed   = seed;
    return layout.build();
  }

  Sampling
  sample(const std::size_t n_points, const std::uint64_t seed = 1)
  {
    Sampling sampling;
    sampling.points = random_points(2, n_points, -1., 1., seed);
    return sampling;
  }

  Column
  values(const Network  &network,
         const Sampling &sampling,
         const Column   &correction = {})
  {
    const Column q =
      make_column(sampling.points.extent(1) * network.n_outputs());
    network.evaluate(sampling.points, q, correction);
    return q;
  }

  /// sin(pi x) sin(pi y)
  Column
  target(const Sampling &sampling)
  {
    const HostBlock x = to_host(sampling.points);
    return make_column_of(x.extent(1), [&](const std::size_t i) {
      return std::sin(M_PI * x(0, i)) * std::sin(M_PI * x(1, i));
    });
  }

  Column
  difference(const Column &a, const Column &b)
  {
    const Column d = make_column(a.size());
    Kokkos::deep_copy(d, a);
    add(-1., b, d);
    return d;
  }

  std::vector<std::unique_ptr<TangentBasis>>
  all_bases(const Network    &network,
            const Sampling   &sampling,
            const std::size_t r)
  {
    std::vector<std::unique_ptr<TangentBasis>> bases;
    bases.push_back(std::make_unique<StructuredBasis>(network, r, 0));
    TangentBasisParameters svd;
    svd.n_directions = r;
    bases.push_back(randomized_svd(network, sampling, Communicator(), svd));
    svd.scale_by_inverse_singular_values = true;
    bases.push_back(randomized_svd(network, sampling, Communicator(), svd));
    return bases;
  }

  /// f_i = g(q_i - t_i) with a function g and its derivative.
  class NonlinearMisfit : public DataMisfit
  {
  public:
    using Function = std::function<double(double)>;

    NonlinearMisfit(const Column   &targets,
                    const Function &function,
                    const Function &derivative)
      : DataMisfit(targets)
      , function(function)
      , derivative(derivative)
      , tangent(make_column(targets.size()))
    {}

    void
    evaluate(const Column &q, const Column &f) override
    {
      DataMisfit::evaluate(q, f);
      const HostColumn s = to_host(f);
      set_entries(f, [&](const std::size_t i) { return function(s(i)); });
    }

    void
    linearize(const Column &q) override
    {
      DataMisfit::evaluate(q, tangent);
      const HostColumn s = to_host(tangent);
      set_entries(tangent,
                  [&](const std::size_t i) { return derivative(s(i)); });
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostColumn d = to_host(tangent);
      const HostBlock  x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return d(i) * x(i, j);
      });
    }

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override
    {
      apply_jacobian(X, ATX);
    }

  private:
    const Function function, derivative;
    const Column   tangent;
  };

  /// g(s) = s + s^2, so that f = 0 where q = t.
  NonlinearMisfit
  quadratic_misfit(const Column &targets)
  {
    return {targets,
            [](const double s) { return s + s * s; },
            [](const double s) { return 1 + 2 * s; }};
  }

  /// g(s) = s / sqrt(1 + s^2): the larger s, the farther beyond the root does
  /// Newton's method go, by s^3.
  NonlinearMisfit
  bounded_misfit(const Column &targets)
  {
    return {targets,
            [](const double s) { return s / std::sqrt(1 + s * s); },
            [](const double s) { return std::pow(1 + s * s, -1.5); }};
  }

  /// The same equations, with rows divided by their derivatives: what is
  /// evaluated depends on the linearization.
  class NormalizedMisfit : public NonlinearMisfit
  {
  public:
    explicit NormalizedMisfit(const NonlinearMisfit &misfit)
      : NonlinearMisfit(misfit)
    {}

    void
    evaluate(const Column &q, const Column &f) override
    {
      NonlinearMisfit::evaluate(q, f);
      const HostColumn g = to_host(f), d = to_host(derivatives);
      set_entries(f, [&](const std::size_t i) { return g(i) / d(i); });
    }

    void
    linearize(const Column &q) override
    {
      NonlinearMisfit::linearize(q);
      const Column ones = make_column(q.size());
      Kokkos::deep_copy(ones, 1.);
      derivatives = make_column(q.size());
      NonlinearMisfit::apply_jacobian(as_block(ones), as_block(derivatives));
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      Kokkos::deep_copy(AX, X);
    }

  private:
    Column derivatives;
  };

  /// A misfit measured by f^T D^{-1} f with a diagonal D.
  class DualMisfit : public DataMisfit
  {
  public:
    explicit DualMisfit(const Column &targets)
      : DataMisfit(targets)
    {
      set_inner_product(std::make_shared<DualNorm>(d));
    }

    static double
    d(const std::size_t i)
    {
      return 1. + (i % 7);
    }
  };

  /// The same, with rows scaled.
  class ScaledMisfit : public DataMisfit
  {
  public:
    using DataMisfit::DataMisfit;

    void
    evaluate(const Column &q, const Column &f) override
    {
      DataMisfit::evaluate(q, f);
      const HostColumn g = to_host(f);
      set_entries(f, [&](const std::size_t i) {
        return g(i) / std::sqrt(DualMisfit::d(i));
      });
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return x(i, j) / std::sqrt(DualMisfit::d(i));
      });
    }
  };
} // namespace



TEST(Refinement, RecoversATargetInsideTheTangentSpace)
{
  const Network  network  = small_network();
  const Sampling sampling = sample(400);
  for (const auto &basis : all_bases(network, sampling, 20))
    {
      SCOPED_TRACE(basis->name());
      const Column     correction = basis->expand(random_column(20));
      const Column     t          = values(network, sampling, correction);
      DataMisfit       misfit(t);
      const Refinement refinement = refine(*basis, sampling, misfit);
      EXPECT_LT(norm(difference(refinement.values, t)), 1e-12 * norm(t));
    }
}



TEST(Refinement, ValuesAreThoseOfTheCorrectedPrediction)
{
  const Network  network  = small_network();
  const Sampling sampling = sample(300);
  const Column   t        = target(sampling);
  for (const auto &basis : all_bases(network, sampling, 60))
    {
      SCOPED_TRACE(basis->name());
      DataMisfit       misfit(t);
      const Refinement refinement = refine(*basis, sampling, misfit);
      EXPECT_LT(
        relative_difference(refinement.values,
                            values(network, sampling, refinement.correction)),
        1e-14);
      const double loss = norm(difference(refinement.values, t));
      EXPECT_NEAR(loss, refinement.refined_norm, 1e-6 * loss + 1e-12);
      EXPECT_LT(refinement.refined_norm, 1e-2 * refinement.initial_norm);
    }
}



TEST(Refinement, LossOfEachRankEqualsASolveAtThatRank)
{
  const Network          network  = small_network();
  const Sampling         sampling = sample(250);
  const Column           t        = target(sampling);
  TangentBasisParameters svd;
  svd.n_directions = 50;
  const auto basis = randomized_svd(network, sampling, Communicator(), svd);

  DataMisfit           misfit(t);
  RefinementParameters parameters;
  parameters.rank      = 50;
  const Refinement all = refine(*basis, sampling, misfit, parameters);
  ASSERT_EQ(all.profile.loss.size(), 51);
  for (const std::size_t rank : {1, 7, 20, 35, 50})
    {
      parameters.rank      = rank;
      const Refinement one = refine(*basis, sampling, misfit, parameters);
      EXPECT_EQ(one.rank, rank);
      EXPECT_NEAR(std::sqrt(all.profile.loss[rank]),
                  one.refined_norm,
                  1e-9 * one.refined_norm);

      // And an independent solve with the leading directions only.
      const Block leading = make_block(network.n_parameters(), rank);
      Kokkos::deep_copy(leading, columns(basis->columns(), 0, rank));
      const ExplicitBasis small(network, leading, "leading", true);
      parameters.rank       = {};
      parameters.rank_slack = 0;
      EXPECT_NEAR(refine(small, sampling, misfit, parameters).refined_norm,
                  one.refined_norm,
                  1e-9 * one.refined_norm);
      parameters.rank_slack = 1e-2;
    }
  for (std::size_t k = 1; k < all.profile.loss.size(); ++k)
    {
      EXPECT_LE(all.profile.loss[k], all.profile.loss[k - 1]);
      EXPECT_GE(all.profile.condition[k],
                all.profile.condition[k - 1] * (1 - 1e-12));
    }
}



TEST(Refinement, AutomaticRankIsTheStartOfThePlateau)
{
  const Network          network  = small_network();
  const Sampling         sampling = sample(300);
  TangentBasisParameters svd;
  svd.n_directions = 60;
  const auto basis = randomized_svd(network, sampling, Communicator(), svd);
  // Reachable with 12 directions; the others have nothing to add.
  const Column y = make_column_of(60, [](const std::size_t k) {
    return k < 12 ? 1. + k : 0.;
  });
  const Column t = values(network, sampling, basis->expand(y));
  add(1e-6, random_column(300), t);
  DataMisfit           misfit(t);
  RefinementParameters parameters;
  parameters.rank_slack       = 0.2;
  const Refinement refinement = refine(*basis, sampling, misfit, parameters);
  EXPECT_EQ(refinement.rank, 12);
}



TEST(Refinement, RankDeficientDirectionsGiveTheTruncatedSolution)
{
  const Network  network  = small_network();
  const Sampling sampling = sample(200);
  const Column   t        = target(sampling);
  const Block    once     = random_block(network.n_parameters(), 15);
  const Block    twice    = make_zero_block(network.n_parameters(), 40);
  Kokkos::deep_copy(columns(twice, 0, 15), once);
  Kokkos::deep_copy(columns(twice, 20, 35), once); // and ten zero columns

  const ExplicitBasis  independent(network, once, "once", false);
  const ExplicitBasis  dependent(network, twice, "twice", false);
  DataMisfit           misfit(t);
  RefinementParameters parameters;
  parameters.rank_slack     = 0;
  const Refinement expected = refine(independent, sampling, misfit, parameters);
  const Refinement found    = refine(dependent, sampling, misfit, parameters);
  EXPECT_EQ(found.numerical_rank, 15);
  EXPECT_TRUE(std::isfinite(norm(found.correction)));
  EXPECT_NEAR(found.refined_norm,
              expected.refined_norm,
              1e-10 * expected.refined_norm);
}



TEST(Refinement, IsZeroAtAStationaryPoint)
{
  // Where the residual is orthogonal to the tangent space nothing moves.
  const Network         network  = small_network();
  const Sampling        sampling = sample(120);
  const StructuredBasis basis(network, 30, 1);
  Block                 Q = make_block(120, 30);
  basis.apply(sampling.points, Q);
  orthonormalize(Q, 1e-12, Pivoting::columns, Communicator());
  const Column f  = random_column(120);
  const Column Qf = make_column(Q.extent(1));
  for (unsigned int twice = 0; twice < 2; ++twice)
    {
      multiply(1., 'T', Q, f, 0., Qf);
      multiply(-1., 'N', Q, Qf, 1., f);
    }
  DataMisfit       misfit(difference(values(network, sampling), f));
  const Refinement refinement = refine(basis, sampling, misfit);
  EXPECT_NEAR(refinement.refined_norm,
              refinement.initial_norm,
              1e-12 * refinement.initial_norm);
  EXPECT_LT(norm(difference(refinement.values, values(network, sampling))),
            1e-7 * norm(f));
}



TEST(Refinement, RelinearizesNonlinearResiduals)
{
  const Network         network  = small_network();
  const Sampling        sampling = sample(200);
  const StructuredBasis basis(network, 80, 0);
  // Near enough for f to have one root only.
  const Column y = make_column(80);
  add(0.01, random_column(80), y);
  const Column         t      = values(network, sampling, basis.expand(y));
  NonlinearMisfit      misfit = quadratic_misfit(t);
  RefinementParameters once, often;
  once.max_linearizations = 1;
  const Refinement one    = refine(basis, sampling, misfit, once);
  const Refinement many   = refine(basis, sampling, misfit, often);
  EXPECT_EQ(one.n_linearizations, 1);
  EXPECT_GT(many.n_linearizations, 1);
  EXPECT_LT(one.refined_norm, one.initial_norm);
  EXPECT_LT(many.refined_norm, 1e-8 * many.initial_norm);
  EXPECT_LT(many.refined_norm, 1e-3 * one.refined_norm);
}



TEST(Refinement, EvaluatesAgainWhatDependsOnTheLinearization)
{
  // One value, 20 from its target: two steps of Newton's method, which a
  // factor of the equation does not change.
  const Network         network  = small_network();
  const Sampling        sampling = sample(1);
  const StructuredBasis basis(network, 1, 0);
  const Column          t = values(network, sampling);
  add(-20, to_column({1.}), t);
  NormalizedMisfit     misfit(quadratic_misfit(t));
  RefinementParameters twice;
  twice.max_linearizations = 2;
  const Refinement refined = refine(basis, sampling, misfit, twice);
  double           s       = 20;
  for (unsigned int step = 0; step < 2; ++step)
    s -= (s + s * s) / (1 + 2 * s);
  EXPECT_EQ(refined.n_linearizations, 2);
  EXPECT_NEAR(to_host(refined.values)(0) - to_host(t)(0), s, 1e-8);
}



TEST(Refinement, GoesOnAfterDampedSteps)
{
  // One value, 20 from its target: the first step has length 1/256 and makes
  // the residual, 0.9988, smaller by a quarter of a per cent only.
  const Network         network  = small_network();
  const Sampling        sampling = sample(1);
  const StructuredBasis basis(network, 1, 0);
  const Column          t = values(network, sampling);
  add(20, to_column({1.}), t);
  NonlinearMisfit      misfit = bounded_misfit(t);
  RefinementParameters once;
  once.max_linearizations = 1;
  const Refinement one    = refine(basis, sampling, misfit, once);
  EXPECT_LT(one.refined_norm, one.initial_norm);
  EXPECT_GT(one.refined_norm, 0.99 * one.initial_norm);
  const Refinement many = refine(basis, sampling, misfit);
  EXPECT_LT(many.refined_norm, 1e-8);
  EXPECT_NEAR(to_host(many.values)(0), to_host(t)(0), 1e-8);
  EXPECT_LT(many.n_linearizations, 15u);
}



TEST(Refinement, DualNormEqualsScaledRows)
{
  const Network         network  = small_network();
  const Sampling        sampling = sample(200);
  const Column          t        = target(sampling);
  const StructuredBasis basis(network, 40, 0);
  RefinementParameters  parameters;
  parameters.rank_slack = 0;
  DualMisfit       dual(t);
  ScaledMisfit     scaled(t);
  const Refinement a = refine(basis, sampling, dual, parameters);
  const Refinement b = refine(basis, sampling, scaled, parameters);
  EXPECT_NEAR(a.refined_norm, b.refined_norm, 1e-9 * b.refined_norm);
  EXPECT_LT(relative_difference(a.values, b.values), 1e-7);
  ASSERT_EQ(a.profile.loss.size(), b.profile.loss.size());
  for (std::size_t k = 0; k < a.profile.loss.size(); ++k)
    EXPECT_NEAR(a.profile.loss[k], b.profile.loss[k], 1e-9 * b.profile.loss[0]);
}



TEST(Refinement, NeverMakesTheResidualLarger)
{
  const Network  network  = small_network();
  const Sampling sampling = sample(100);
  for (unsigned int seed = 0; seed < 5; ++seed)
    {
      NonlinearMisfit misfit = quadratic_misfit(random_column(100, seed));
      for (const auto &basis : all_bases(network, sampling, 30))
        {
          const Refinement refinement = refine(*basis, sampling, misfit);
          EXPECT_LE(refinement.refined_norm, refinement.initial_norm);
        }
    }
}



TEST(Refinement, LowersTheTestErrorOfATrainedNetwork)
{
  Network            network  = small_network();
  const Sampling     training = sample(600), test = sample(200, 9);
  TrainingParameters parameters;
  parameters.epochs = 100;
  train(network, training.points, target(training), parameters);
  const double before = norm(difference(values(network, test), target(test)));

  DataMisfit misfit(target(training));
  for (const auto &basis : all_bases(network, training, 150))
    {
      const Refinement refinement = refine(*basis, training, misfit);
      const double     after      = norm(
        difference(values(network, test, refinement.correction), target(test)));
      EXPECT_LT(after, 1e-2 * before) << basis->name();
    }
}



TEST(RandomizedSVD, FindsTheLeadingSingularDirections)
{
  const Network          network  = small_network();
  const Sampling         sampling = sample(150);
  TangentBasisParameters parameters;
  parameters.n_directions = 20;
  const auto basis =
    randomized_svd(network, sampling, Communicator(), parameters);
  const Block &V = basis->columns();

  const Block VV = make_block(20, 20);
  multiply(1., 'T', V, 'N', V, 0., VV);
  const HostBlock products = to_host(VV);
  for (unsigned int i = 0; i < 20; ++i)
    for (unsigned int j = 0; j < 20; ++j)
      EXPECT_NEAR(products(i, j), i == j ? 1. : 0., 1e-12);

  // J V has nearly orthogonal columns whose lengths are the singular values.
  const Block JV = make_block(150, 20), JVJV = make_block(20, 20);
  basis->apply(sampling.points, JV);
  multiply(1., 'T', JV, 'N', JV, 0., JVJV);
  const HostBlock gram = to_host(JVJV);
  for (unsigned int j = 1; j < 20; ++j)
    {
      EXPECT_LE(gram(j, j), gram(j - 1, j - 1));
      for (unsigned int i = 0; i < j; ++i)
        EXPECT_LT(std::abs(gram(i, j)), 1e-2 * gram(0, 0));
    }

  // A random direction without its projection is small under J.
  const Column v  = random_column(network.n_parameters(), 77);
  const Column Vv = make_column(20);
  const Column Jv = make_column(150), rest = make_column(150);
  network.jacobian_times(sampling.points, as_block(v), as_block(Jv));
  multiply(1., 'T', V, v, 0., Vv);
  multiply(-1., 'N', V, Vv, 1., v);
  network.jacobian_times(sampling.points, as_block(v), as_block(rest));
  EXPECT_LT(norm(rest), 0.05 * norm(Jv));
}



TEST(RandomizedSVD, OfGenericAndLayeredProductsAgree)
{
  // The same tangent space whatever the way to the products: sines of the
  // angles between the leading directions are small.
  const std::string source =
    "def forward(self, x):\n"
    "  h = torch.tanh(torch.einsum('ni,oi->no', [x, self.w1]) + self.b1)\n"
    "  return torch.einsum('ni,oi->no', [h, self.w2])\n";
  const std::string layered_source =
    "def forward(self, x):\n"
    "  h = torch.tanh(torch.linear(x, self.w1, self.b1))\n"
    "  return torch.linear(h, self.w2)\n";
  const std::vector<Parameter> parameters = {{"w1", {300, 2}},
                                             {"b1", {300}},
                                             {"w2", {1, 300}}};
  const Network                generic =
    Network::load_bytes(torchscript(parameters, source), "generic", 2);
  const Network layered =
    Network::load_bytes(torchscript(parameters, layered_source), "layered", 2);
  ASSERT_FALSE(generic.layered());
  ASSERT_TRUE(layered.layered());

  const Sampling         sampling = sample(60);
  TangentBasisParameters svd;
  svd.n_directions = 10;
  const auto  a    = randomized_svd(generic, sampling, Communicator(), svd);
  const auto  b    = randomized_svd(layered, sampling, Communicator(), svd);
  const Block rest = make_block(a->columns().extent(0), 5);
  Kokkos::deep_copy(rest, columns(a->columns(), 0, 5));
  const Block product = make_block(10, 5);
  multiply(1., 'T', b->columns(), 'N', rest, 0., product);
  multiply(-1., 'N', b->columns(), 'N', product, 1., rest);
  for (unsigned int j = 0; j < 5; ++j)
    EXPECT_LT(norm(Kokkos::subview(rest, Kokkos::ALL(), j)), 1e-6);
}

namespace
{
  /// A misfit up to a constant, which its Jacobian does not see.
  class MisfitUpToAConstant : public DataMisfit
  {
  public:
    using DataMisfit::DataMisfit;

    void
    evaluate(const Column &q, const Column &f) override
    {
      DataMisfit::evaluate(q, f);
      remove_mean(as_block(f));
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      DataMisfit::apply_jacobian(X, AX);
      remove_mean(AX);
    }

  private:
    static void
    remove_mean(const Block &columns)
    {
      const HostBlock x = to_host(columns);
      for (std::size_t j = 0; j < x.extent(1); ++j)
        {
          double mean = 0;
          for (std::size_t i = 0; i < x.extent(0); ++i)
            mean += x(i, j) / x.extent(0);
          for (std::size_t i = 0; i < x.extent(0); ++i)
            x(i, j) -= mean;
        }
      Kokkos::deep_copy(columns, x);
    }
  };
} // namespace

TEST(Refinement, TakesTheShortestCorrectionWhereTheJacobianIsSingular)
{
  FullyConnected layout;
  layout.widths           = {8, 8};
  const Network  network  = layout.build();
  const Sampling sampling = sample(300);
  // All parameters, with the bias of the output that adds a constant.
  const ParameterBasis basis(network, network.n_parameters(), 0);
  MisfitUpToAConstant  misfit(target(sampling));
  RefinementParameters parameters;
  parameters.rank_slack = 0.;
  std::string said;
  parameters.progress = [&](const std::string &line) { said += line; };

  const Refinement refined = refine(basis, sampling, misfit, parameters);
  EXPECT_NE(said.find("singular"), std::string::npos);
  EXPECT_LT(refined.refined_norm, 0.1 * refined.initial_norm);
  double mean = 0;
  for (const double change :
       to_vector(difference(refined.values, values(network, sampling))))
    mean += change / 300;
  EXPECT_NEAR(mean, 0., 1e-6);
}
