// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/tangent_space.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n_points = 200;

  /// Of two coordinates and a parameter.
  Network
  parametric_network()
  {
    FullyConnected layout;
    layout.n_inputs = 3;
    layout.widths   = {24, 24};
    layout.seed     = 3;
    return layout.build();
  }

  Sampling
  sample(const double mu)
  {
    const HostBlock x = to_host(random_points(2, n_points, -1., 1.));
    Sampling        sampling;
    sampling.points =
      make_block_of(3, n_points, [&](const std::size_t d, const std::size_t i) {
        return d < 2 ? x(d, i) : mu;
      });
    return sampling;
  }

  Column
  values(const Network &network, const Sampling &sampling)
  {
    const Column q = make_column(n_points);
    network.evaluate(sampling.points, q);
    return q;
  }

  /// q(mu) + J(mu_0) V y
  Column
  in_span(const Network      &network,
          const TangentBasis &basis,
          const Column       &y,
          const double        mu_0,
          const double        mu)
  {
    const Block change = make_block(n_points, 1);
    network.jacobian_times(sample(mu_0).points,
                           as_block(basis.expand(y)),
                           change);
    const Column t = values(network, sample(mu));
    add(1., Column(change.data(), n_points), t);
    return t;
  }

  /// f_i = d_i (s + c s^3) with s = q_i - t_i, in the dual norm of D where c is
  /// 0.
  class EnergyMisfit : public DataMisfit
  {
  public:
    EnergyMisfit(const Column &targets,
                 const double  scale = 1.,
                 const double  cubic = 0.)
      : DataMisfit(targets)
      , cubic(cubic)
      , d("d", targets.size())
      , slope("slope", targets.size())
    {
      for (std::size_t i = 0; i < d.size(); ++i)
        d(i) = scale * (1. + i % 7);
      set_inner_product(std::make_shared<Energy>(d));
    }

    void
    evaluate(const Column &q, const Column &f) override
    {
      DataMisfit::evaluate(q, f);
      const HostColumn s = to_host(f);
      set_entries(f, [&](const std::size_t i) {
        return d(i) * (s(i) + cubic * std::pow(s(i), 3));
      });
    }

    void
    linearize(const Column &q) override
    {
      const Column difference = make_column(d.size());
      DataMisfit::evaluate(q, difference);
      const HostColumn s = to_host(difference);
      for (std::size_t i = 0; i < d.size(); ++i)
        slope(i) = d(i) * (1. + 3 * cubic * s(i) * s(i));
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override
    {
      n_columns_applied += X.extent(1);
      const HostBlock x = to_host(X);
      set_entries(AX, [&](const std::size_t i, const std::size_t j) {
        return slope(i) * x(i, j);
      });
    }

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override
    {
      apply_jacobian(X, ATX);
    }

    std::uint64_t
    jacobian_version() const override
    {
      return cubic == 0. ? 1000 * d(0) : Residual::jacobian_version();
    }

    std::size_t n_columns_applied = 0;

  private:
    /// K = D, the Jacobian of this residual.
    class Energy : public DualNorm
    {
    public:
      explicit Energy(const HostColumn &d)
        : DualNorm([d](const std::size_t i) { return d(i); })
      {}

      bool
      gram_is_jacobian_of(const Residual &) const override
      {
        return true;
      }
    };

    const double     cubic;
    const HostColumn d, slope;
  };
} // namespace



TEST(TangentSpace, IsTheRangeOfTheJacobian)
{
  const Network         network = parametric_network();
  const StructuredBasis basis(network, 30, 0);
  DataMisfit            misfit(make_column(n_points));
  const TangentSpace    space(basis, sample(0.2), misfit);
  const Block          &B = space.columns();
  ASSERT_EQ(space.basis().n_directions(), 30u);
  ASSERT_EQ(B.extent(1), 30u);

  // Its Gram matrix, and that tests are those with orthonormal columns.
  const Block  BB = make_block(30, 30), CC = make_block(30, 30);
  const Block &C = space.orthonormal_factor(Communicator());
  multiply(1., 'T', B, 'N', B, 0., BB);
  multiply(1., 'T', C, 'N', C, 0., CC);
  EXPECT_LT(relative_difference(BB, CC), 1e-13);
  const Block Q = make_block(n_points, 30);
  Kokkos::deep_copy(Q, B);
  divide_by_upper_triangular(Q, C);
  EXPECT_LT(relative_difference(space.test(Q, Communicator()), identity(30)),
            1e-12);

  // B z is what the correction does, and what change() says it does.
  const Column z  = random_column(30);
  const Column Bz = make_column(n_points);
  const Block  Jy = make_block(n_points, 1);
  const Column y  = space.coefficients(z);
  multiply(1., 'N', B, z, 0., Bz);
  network.jacobian_times(sample(0.2).points, as_block(basis.expand(y)), Jy);
  EXPECT_LT(relative_difference(space.change(y), Bz), 1e-8);
  EXPECT_LT(relative_difference(space.change(y),
                                Column(Kokkos::subview(Jy, Kokkos::ALL(), 0))),
            1e-8);
}



TEST(TangentSpace, OfTheInstanceItselfGivesTheUsualRefinement)
{
  const Network         network  = parametric_network();
  const Sampling        sampling = sample(0.2);
  const StructuredBasis basis(network, 40, 0);
  DataMisfit            misfit(random_column(n_points));
  const Refinement      expected = refine(basis, sampling, misfit);
  const TangentSpace    space(basis, sampling, misfit);
  // Twice, for nothing of the first may stay in the space.
  for (unsigned int i = 0; i < 2; ++i)
    {
      const Refinement found = refine(space, sampling, misfit);
      EXPECT_LT(relative_difference(found.values, expected.values), 1e-8);
      EXPECT_EQ(relative_difference(found.correction, expected.correction), 0.);
    }
  EXPECT_GT(space.timer().seconds("reduce"), 0.);
  EXPECT_GT(expected.timer.seconds("reduce"), 0.);
}



TEST(TangentSpace, RecoversAnInstanceInTheSpanOfTheReference)
{
  const Network         network = parametric_network();
  const StructuredBasis basis(network, 20, 0);
  DataMisfit            any(make_column(n_points));
  const TangentSpace    space(basis, sample(0.), any);
  for (const double mu : {-0.9, 0.4, 0.8})
    {
      const Column     t = in_span(network, basis, random_column(20), 0., mu);
      DataMisfit       misfit(t);
      const Refinement refinement = refine(space, sample(mu), misfit);
      EXPECT_GT(refinement.initial_norm, 1e-2 * norm(t));
      EXPECT_LT(relative_difference(refinement.values, t), 1e-11);
      EXPECT_LT(refinement.refined_norm, 1e-11 * refinement.initial_norm);
    }
}



TEST(TangentSpace, RefusesOtherPoints)
{
  const Network         network = parametric_network();
  const StructuredBasis basis(network, 20, 0);
  DataMisfit            misfit(make_column(n_points));
  DataMisfit            smaller(make_column(n_points - 1));
  EXPECT_THROW(TangentSpace(basis, sample(0.), smaller), Error);
  const TangentSpace space(basis, sample(0.), misfit);
  Sampling           fewer = sample(0.);
  fewer.points             = columns(fewer.points, 0, n_points - 1);
  EXPECT_THROW(refine(space, fewer, smaller), Error);
}



TEST(Galerkin, MinimizesTheEnergy)
{
  const Network         network  = parametric_network();
  const Sampling        sampling = sample(0.3);
  const StructuredBasis basis(network, 40, 0);
  EnergyMisfit          misfit(random_column(n_points));
  const TangentSpace    space(basis, sample(0.), misfit);

  RefinementParameters parameters;
  parameters.rank_slack     = 0;
  parameters.tolerance      = 1e-8;
  const Refinement expected = refine(space, sampling, misfit, parameters);
  parameters.galerkin       = true;
  const Refinement found    = refine(space, sampling, misfit, parameters);
  EXPECT_LT(relative_difference(found.values, expected.values), 1e-7);
  EXPECT_LT(found.refined_norm, 1e-9 * found.initial_norm);
  EXPECT_EQ(found.n_linearizations, 1u);
}



TEST(Galerkin, ComputesTheReducedMatrixOfAJacobianOnce)
{
  const Network         network = parametric_network();
  const StructuredBasis basis(network, 40, 0);
  EnergyMisfit          first(random_column(n_points, 1));
  const TangentSpace    space(basis, sample(0.), first);
  RefinementParameters  parameters;
  parameters.tolerance = 1e-8;
  parameters.galerkin  = true;
  refine(space, sample(0.1), first, parameters);
  EXPECT_EQ(space.n_galerkin_matrices(), 1u);
  EXPECT_GE(first.n_columns_applied, 40u);

  // Another source, the same Jacobian: not all columns are multiplied again,
  // and the result is the one of a fresh start.
  EnergyMisfit     second(random_column(n_points, 2));
  const Refinement found = refine(space, sample(0.2), second, parameters);
  EXPECT_EQ(space.n_galerkin_matrices(), 1u);
  EXPECT_LT(second.n_columns_applied, 10u);
  const TangentSpace fresh(basis, sample(0.), first);
  const Refinement   expected = refine(fresh, sample(0.2), second, parameters);
  EXPECT_EQ(relative_difference(found.values, expected.values), 0.);

  // Another coefficient.
  EnergyMisfit third(random_column(n_points, 2), 1.5);
  refine(space, sample(0.2), third, parameters);
  EXPECT_EQ(space.n_galerkin_matrices(), 2u);
  EXPECT_GE(third.n_columns_applied, 40u);

  // A Jacobian that says nothing about itself is another one each time.
  EnergyMisfit unknown(random_column(n_points, 2), 1.5, 1e-12);
  for (unsigned int i = 1; i <= 2; ++i)
    {
      parameters.max_linearizations = 1;
      refine(space, sample(0.2), unknown, parameters);
      EXPECT_EQ(space.n_galerkin_matrices(), 2u + i);
    }
}



TEST(Galerkin, SolvesNonlinearProblemsToATolerance)
{
  const Network         network = parametric_network();
  const StructuredBasis basis(network, 20, 0);
  const Column          y = make_column(20);
  add(0.1, random_column(20), y);
  const Column         t = in_span(network, basis, y, 0., 0.5);
  EnergyMisfit         misfit(t, 1., 0.5);
  const TangentSpace   space(basis, sample(0.), misfit), again(space);
  RefinementParameters parameters;
  parameters.galerkin    = true;
  parameters.tolerance   = 1e-2;
  const Refinement rough = refine(space, sample(0.5), misfit, parameters);
  parameters.tolerance   = 1e-9;
  const Refinement fine  = refine(again, sample(0.5), misfit, parameters);
  EXPECT_LE(rough.refined_norm, 1e-2 * rough.initial_norm);
  EXPECT_LT(fine.refined_norm, 1e-9 * fine.initial_norm);
  EXPECT_LT(rough.n_linearizations, fine.n_linearizations);
  EXPECT_LT(relative_difference(fine.values, t), 1e-7);
  // Each linearization has its own Jacobian.
  EXPECT_EQ(again.n_galerkin_matrices(), fine.n_linearizations);
}
