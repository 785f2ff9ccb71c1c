// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Statements of the paper about stationary points, and its scalar example
// (S4.1, S4.3).

#include <lsr/dense/blas.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// The part of @p x that is orthogonal to the columns of @p J.
  Column
  orthogonal_part(const Block &J, const Column &x)
  {
    Block Q = make_block(J.extent(0), J.extent(1));
    Kokkos::deep_copy(Q, J);
    orthonormalize(Q, 1e-14, Pivoting::columns, Communicator());
    const Column part = make_column(x.size()), y = make_column(Q.extent(1));
    Kokkos::deep_copy(part, x);
    for (unsigned int i = 0; i < 2; ++i) // twice is enough
      {
        multiply(1., 'T', Q, part, 0., y);
        multiply(-1., 'N', Q, y, 1., part);
      }
    return part;
  }



  // A small network with targets t = q - f, where f is a residual with
  // J^T f = 0.
  struct StationaryPoint : testing::Test
  {
    StationaryPoint()
      : network(FullyConnected{2, 1, {6, 6}}.build())
      , q(make_column(n))
      , J(make_block(n, network.n_parameters()))
      , f(make_column(n))
    {
      sampling.points = random_points(2, n, -1., 1.);
      network.evaluate(sampling.points, q);
      const std::size_t m = network.n_parameters();
      network.jacobian_times(sampling.points, identity(m), J);
      f = orthogonal_part(J, random_column(n, 5));
    }

    /// The refinement for a given residual of the network.
    Refinement
    refinement(const std::string &basis, const Column &residual) const
    {
      const Column t = make_column(n);
      Kokkos::deep_copy(t, q);
      add(-1., residual, t);
      DataMisfit           misfit(t);
      RefinementParameters best;
      best.rank_slack = 0;
      if (basis == "structured")
        return refine(StructuredBasis(network, 30, 1), sampling, misfit, best);
      return refine(ParameterBasis(network, network.n_parameters(), 1),
                    sampling,
                    misfit,
                    best);
    }

    static constexpr std::size_t n = 200;

    Network  network;
    Sampling sampling;
    Column   q;
    Block    J;
    Column   f;
  };



  /// The scalar model of S4.3, $q = (\theta - 1)^2 + 2 \geq 2$.
  Network
  scalar_model(const double theta)
  {
    Network network = Network::load_bytes(
      torchscript({{"theta", {1}}},
                  "def forward(self, x):\n"
                  "  return (self.theta - 1.0) ** 2 + 2.0 + 0.0 * x\n"),
      "scalar model",
      1);
    network.set_parameters(to_column({theta}));
    return network;
  }



  /// The refined prediction for the target 1, which no parameter attains.
  double
  refined_scalar(const double theta)
  {
    const Network network = scalar_model(theta);
    Sampling      sampling;
    sampling.points = make_block(1, 1);
    DataMisfit       misfit(to_column({1.}));
    const Refinement refinement =
      refine(ExplicitBasis(network, identity(1), "the parameter", false),
             sampling,
             misfit);
    return to_vector(refinement.values)[0];
  }
} // namespace



TEST_F(StationaryPoint, HasAVanishingGradient)
{
  const Column gradient = make_column(network.n_parameters());
  multiply(1., 'T', J, f, 0., gradient);
  EXPECT_LT(norm(gradient), 1e-11 * norm(f));
  EXPECT_GT(norm(f), 1.);
}

TEST_F(StationaryPoint, IsNotMovedByRefinement)
{
  for (const std::string basis : {"structured", "all parameters"})
    {
      const Refinement result = refinement(basis, f);
      // The loss is flat here: its rounding allows for moves of the root.
      EXPECT_LT(relative_difference(result.values, q), 1e-6) << basis;
      EXPECT_NEAR(result.refined_norm, result.initial_norm, 1e-12 * norm(f))
        << basis;
    }
}

TEST_F(StationaryPoint, IsAllThatRefinementLeavesElsewhere)
{
  // A residual that a change of the parameters could lower, too.
  const Column w = random_column(network.n_parameters(), 6), g = make_column(n);
  Kokkos::deep_copy(g, f);
  multiply(0.1, 'N', J, w, 1., g);
  EXPECT_GT(norm(g), 1.01 * norm(f));
  const Refinement all = refinement("all parameters", g);
  EXPECT_NEAR(all.refined_norm, norm(f), 1e-9 * norm(f));
  const Refinement some = refinement("structured", g);
  EXPECT_LT(some.refined_norm, norm(g));
  EXPECT_GT(some.refined_norm, (1 - 1e-12) * norm(f));
}

TEST(ScalarExample, AttainsWhatTheModelCannot)
{
  for (const double theta : {-3., 0., 0.9, 1.1, 2.5})
    EXPECT_NEAR(refined_scalar(theta), 1., 1e-13) << theta;
}

TEST(ScalarExample, StaysWhereTheModelIsAtItsBest)
{
  EXPECT_EQ(refined_scalar(1.), 2.);
}
