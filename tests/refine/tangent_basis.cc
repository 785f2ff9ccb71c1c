// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "network/jacobian.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  const std::vector<std::string> all_types = {"structured",
                                              "rsvd",
                                              "nystrom",
                                              "parameters"};

  std::unique_ptr<TangentBasis>
  make(const Network      &network,
       const std::string  &type,
       const Block        &sample,
       const std::size_t   n_directions,
       const std::uint64_t seed      = 0,
       const Precision     precision = Precision::mixed)
  {
    TangentBasisParameters parameters;
    parameters.type         = type;
    parameters.n_directions = n_directions;
    parameters.oversampling = 3;
    parameters.precision    = precision;
    parameters.seed         = seed;
    return make_tangent_basis(network, parameters, sample);
  }

  /// The directions themselves.
  Block
  directions(const Network &network, const TangentBasis &basis)
  {
    const std::size_t r = basis.n_directions();
    const Block       V = make_block(network.n_parameters(), r);
    for (std::size_t k = 0; k < r; ++k)
      {
        const Column unit = make_column(r);
        set_entry(unit, k, 1.);
        Kokkos::deep_copy(columns(V, k, k + 1), as_block(basis.expand(unit)));
      }
    return V;
  }

  Block
  product(const char   transpose_A,
          const Block &A,
          const char   transpose_B,
          const Block &B)
  {
    const Block C = make_block(A.extent(transpose_A == 'N' ? 0 : 1),
                               B.extent(transpose_B == 'N' ? 1 : 0));
    multiply(1., transpose_A, A, transpose_B, B, 0., C);
    return C;
  }

  double
  frobenius_norm(const Block &A)
  {
    return norm(Column(A.data(), A.size()));
  }

  Network
  small_network(const unsigned int n_outputs = 1)
  {
    FullyConnected layout;
    layout.widths    = {20, 20};
    layout.n_outputs = n_outputs;
    layout.seed      = 3;
    return layout.build();
  }

  Network
  zoo_model(const std::string &name)
  {
    auto zoo = layer_zoo();
    for (auto &[model_name, network] : zoo)
      if (model_name == name)
        return std::move(network);
    throw Error("no model " + name);
  }
} // namespace



TEST(TangentBases, ApplyTheDirectionsThatTheyExpand)
{
  std::vector<std::pair<std::string, Network>> models = all_models();
  for (const auto &[name, network] : models)
    for (const std::string &type : all_types)
      {
        SCOPED_TRACE(type + " basis of the network " + name);
        const Block sample = random_points(network.n_inputs(), 30);
        const Block points = random_points(network.n_inputs(), 17, 0., 1., 2);
        const auto  basis  = make(network, type, sample, 12);
        EXPECT_EQ(basis->name(), type);
        ASSERT_EQ(basis->n_directions(), 12u);

        const std::size_t n  = 17 * network.n_outputs();
        const Block       JV = make_block(n, 12), expected = make_block(n, 12);
        basis->apply(points, JV);
        network.jacobian_times(points, directions(network, *basis), expected);
        EXPECT_LT(relative_difference(JV, expected), 1e-11);
      }
}



TEST(TangentBases, ContractIsTheTransposeOfExpand)
{
  for (const auto &[name, network] : all_models())
    for (const std::string &type : all_types)
      {
        SCOPED_TRACE(type + " basis of the network " + name);
        const auto basis =
          make(network, type, random_points(network.n_inputs(), 30), 12);
        const Column g        = random_column(network.n_parameters(), 1);
        const Column expected = make_column(12);
        multiply(1., 'T', directions(network, *basis), g, 0., expected);
        EXPECT_LT(relative_difference(as_block(basis->contract(g)),
                                      as_block(expected)),
                  1e-12);
      }
}



TEST(TangentBases, AreReproducibleAndDependOnTheSeed)
{
  const Network network = small_network(2);
  const Block   sample  = random_points(2, 60);
  for (const std::string &type : all_types)
    {
      SCOPED_TRACE(type);
      const auto of_seed = [&](const std::uint64_t seed) {
        return directions(network, *make(network, type, sample, 9, seed));
      };
      EXPECT_EQ(relative_difference(of_seed(1), of_seed(1)), 0.);
      EXPECT_GT(relative_difference(of_seed(1), of_seed(2)), 0.01);
    }
}



TEST(TangentBases, ImpossibleRequestsAreErrors)
{
  const Network network = small_network();
  const Block   sample  = random_points(2, 20);
  EXPECT_THROW(make(network, "svd", sample, 5), Error);
  for (const std::string &type : all_types)
    {
      SCOPED_TRACE(type);
      EXPECT_THROW(make(network, type, sample, 0), Error);
      EXPECT_THROW(make(network, type, sample, network.n_parameters() + 1),
                   Error);
    }
  EXPECT_THROW(make(network, "nystrom", sample, 21), Error);
}



TEST(NystromBasis, TakesEveryRowOfTheJacobianOnceHoweverOftenPointsOccur)
{
  for (const std::string model :
       {"linear layers", "several vectors for a point"})
    {
      SCOPED_TRACE(model);
      const Network network =
        model == "linear layers" ? small_network(2) : zoo_model(model);
      const std::size_t n = 11, k = network.n_outputs();
      ASSERT_EQ(k, 2u);

      // All points three times.
      const Block points = random_points(network.n_inputs(), n);
      const Block sample = make_block(network.n_inputs(), 3 * n);
      for (std::size_t i = 0; i < 3 * n; ++i)
        Kokkos::deep_copy(columns(sample, i, i + 1),
                          columns(points, i % n, i % n + 1));
      const auto  basis = make(network, "nystrom", sample, n * k);
      const Block V     = directions(network, *basis);
      EXPECT_THROW(make(network, "nystrom", sample, n * k + 1), Error);

      const Block J = make_block(n * k, network.n_parameters());
      NetworkJacobian(network, points).rows(J);
      const HostBlock       host_V = to_host(V), host_J = to_host(J);
      std::set<std::size_t> found;
      for (std::size_t j = 0; j < n * k; ++j)
        for (std::size_t i = 0; i < n * k; ++i)
          {
            double difference = 0;
            for (std::size_t p = 0; p < V.extent(0); ++p)
              difference =
                std::max(difference, std::abs(host_V(p, j) - host_J(i, p)));
            if (difference < 1e-12)
              found.insert(i);
          }
      EXPECT_EQ(found.size(), n * k);
    }
}



TEST(ParameterBasis, MovesDistinctParameters)
{
  const Network        network = small_network();
  const std::size_t    m       = network.n_parameters();
  const ParameterBasis all(network, m, 4);
  EXPECT_EQ(std::set<std::size_t>(all.parameters().begin(),
                                  all.parameters().end())
              .size(),
            m);
  EXPECT_FALSE(
    std::is_sorted(all.parameters().begin(), all.parameters().end()));

  const ParameterBasis some(network, 7, 4);
  const HostBlock      V = to_host(directions(network, some));
  for (std::size_t k = 0; k < 7; ++k)
    for (std::size_t p = 0; p < m; ++p)
      EXPECT_EQ(V(p, k), p == some.parameters()[k] ? 1. : 0.);
}



TEST(RandomizedSVDBasis, IsOrthonormalAndNearlyOptimalInBothPrecisions)
{
  const Network     network = small_network(2);
  const Block       sample  = random_points(2, 120, -1., 1.);
  const std::size_t r       = 40;
  const Block       J       = make_block(240, network.n_parameters());
  NetworkJacobian(network, sample).rows(J);

  double error[2];
  for (const Precision precision : {Precision::float64, Precision::mixed})
    {
      const Block V =
        directions(network, *make(network, "rsvd", sample, r, 0, precision));
      const Block N = identity(r);
      multiply(1., 'T', V, 'N', V, -1., N);
      EXPECT_LT(frobenius_norm(N), 1e-12);
      const Block rest = make_block(J.extent(0), J.extent(1));
      Kokkos::deep_copy(rest, J);
      multiply(-1., 'N', product('N', J, 'N', V), 'T', V, 1., rest);
      error[precision == Precision::mixed] = frobenius_norm(rest);
    }
  // Nothing is better than the singular directions, here those of a sketch
  // with many more columns.
  TangentBasisParameters exact;
  exact.type         = "rsvd";
  exact.n_directions = r;
  exact.oversampling = 80;
  exact.precision    = Precision::float64;
  const Block V =
    directions(network, *make_tangent_basis(network, exact, sample));
  const Block rest = make_block(J.extent(0), J.extent(1));
  Kokkos::deep_copy(rest, J);
  multiply(-1., 'N', product('N', J, 'N', V), 'T', V, 1., rest);
  const double best = frobenius_norm(rest);
  EXPECT_LT(best, error[0] * (1 + 1e-6));
  EXPECT_LT(error[0], 3 * best);
  EXPECT_LT(error[1], 3 * best);
}



TEST(RandomizedSVDBasis, MixedPrecisionRefinesAsWellAsDouble)
{
  // Enough directions that the last ones are far below single precision.
  const Network network = small_network();
  Sampling      sampling;
  sampling.points         = random_points(2, 500, -1., 1.);
  const HostBlock x       = to_host(sampling.points);
  const Column    targets = make_column_of(500, [&](const std::size_t i) {
    return std::sin(2 * x(0, i)) * std::cos(x(1, i));
  });

  double norm[2];
  for (const Precision precision : {Precision::float64, Precision::mixed})
    {
      const auto basis =
        make(network, "rsvd", sampling.points, 300, 0, precision);
      DataMisfit       residual(targets);
      const Refinement refinement = refine(*basis, sampling, residual);
      norm[precision == Precision::mixed] =
        refinement.refined_norm / refinement.initial_norm;
    }
  EXPECT_LT(norm[0], 1e-8);
  EXPECT_LT(norm[1], 10 * norm[0]);
}
