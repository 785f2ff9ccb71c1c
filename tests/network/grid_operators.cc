// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Networks that map whole fields to whole fields: FNO, U-Net, transformer, graph
// network, attention over points, as PyTorch writes them.

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/network.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "network/jacobian.h"
#include "support/messages.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  struct File
  {
    std::string              name;
    std::vector<std::size_t> sizes;

    std::size_t
    n_inputs() const
    {
      std::size_t n = 1;
      for (const std::size_t size : sizes)
        n *= size;
      return n;
    }
  };

  /// Traced, scripted and exported.
  std::vector<File>
  files()
  {
    std::vector<File> result;
    for (const auto &[name, sizes] :
         std::vector<std::pair<std::string, std::vector<std::size_t>>>{
           {"fno", {1, 12, 12}},
           {"fno1d", {16, 2}},
           {"unet", {2, 8, 8}},
           {"vit", {1, 8, 8}},
           {"graph", {9, 2}},
           {"cloud", {2, 9}}})
      for (const char *ending : {".pt", "-script.pt", ".pt2"})
        result.push_back({name + ending, sizes});
    return result;
  }

  Network
  load(const File &file, const Network::Scaling &scaling = {})
  {
    Network::Inputs inputs;
    inputs.sample_sizes = file.sizes;
    return Network::load(LSR_TESTS "/network/grid/" + file.name,
                         file.n_inputs(),
                         std::nullopt,
                         {scaling, inputs, ""});
  }

  Column
  values(const Network &network, const Block &x, const Column &correction = {})
  {
    const Column q = make_column(x.extent(1) * network.n_outputs());
    network.evaluate(x, q, correction);
    return q;
  }

  Block
  product(const Network &network, const Block &x, const Block &V)
  {
    const Block JV = make_block(x.extent(1) * network.n_outputs(), V.extent(1));
    network.jacobian_times(x, V, JV);
    return JV;
  }

  /// $a + \alpha b$
  Column
  sum(const Column &a, const double alpha, const Column &b)
  {
    const Column result = make_column(a.size());
    Kokkos::deep_copy(result, a);
    add(alpha, b, result);
    return result;
  }

  Column
  column(const Block &block, const std::size_t j)
  {
    return Kokkos::subview(block, Kokkos::ALL(), j);
  }
} // namespace



TEST(GridOperators, ManyDirectionsAtOnceAreThoseOfForwardModeAndOfDifferences)
{
  for (const File &file : files())
    {
      SCOPED_TRACE(file.name);
      Network network = load(file);
      EXPECT_NE(network.description().find("many directions at once"),
                std::string::npos)
        << network.description();
      // Two samples.
      const Block  x     = random_points(file.n_inputs(), 2, 0.5, 1.5);
      const Block  V     = random_block(network.n_parameters(), 5);
      const Block  JV    = product(network, x, V);
      const Column theta = network.parameters(), q = values(network, x);
      for (const std::size_t j : {0, 4})
        {
          // A refined prediction is computed by LibTorch's forward mode.
          const Column change = sum(values(network, x, column(V, j)), -1., q);
          EXPECT_LT(relative_difference(column(JV, j), change), 1e-12);

          const double h = 1e-6;
          network.set_parameters(sum(theta, h, column(V, j)));
          const Column after = values(network, x);
          network.set_parameters(sum(theta, -h, column(V, j)));
          const Column difference = sum(after, -1., values(network, x));
          network.set_parameters(theta);
          const Column predicted = make_column(difference.size());
          add(2 * h, column(JV, j), predicted);
          EXPECT_LT(relative_difference(difference, predicted), 1e-7);
        }
    }
}



TEST(GridOperators, TransposedProductsAreThoseOfTheTranspose)
{
  for (const File &file : files())
    {
      SCOPED_TRACE(file.name);
      const Network network = load(file);
      const Block   x       = random_points(file.n_inputs(), 1, 0.5, 1.5);
      const Block   V       = random_block(network.n_parameters(), 3, 2);
      const Block   U       = random_block(network.n_outputs(), 2, 3);
      const Block   JTU     = make_block(network.n_parameters(), 2);
      network.transposed_jacobian_times(x, U, JTU);
      const Block left = make_block(2, 3), right = make_block(2, 3);
      multiply(1., 'T', U, 'N', product(network, x, V), 0., left);
      multiply(1., 'T', JTU, 'N', V, 0., right);
      EXPECT_LT(relative_difference(left, right), 1e-12);
    }
}



TEST(GridOperators, StructuredDirectionsAreTheirExplicitColumns)
{
  const File              file    = files()[0];
  const Network           network = load(file);
  const RankOneDirections structured =
    NetworkJacobian::random_directions(network, 40, 1);
  const Block x  = random_points(file.n_inputs(), 1, 0.5, 1.5);
  const Block JV = make_block(network.n_outputs(), 40);
  network.jacobian_times(x, structured, JV);
  EXPECT_LT(relative_difference(JV,
                                product(network,
                                        x,
                                        NetworkJacobian::expand_columns(
                                          network, structured, 0, 40))),
            1e-13);
}



TEST(GridOperators, ARefinedOneKeepsTheSizesOfItsSamplesInItsFile)
{
  for (const std::string name : {"fno.pt", "fno.pt2"})
    {
      const File        file{name, {1, 12, 12}};
      const Network     network = load(file);
      const Block       x       = random_points(file.n_inputs(), 1, 0.5, 1.5);
      const Column      correction = random_column(network.n_parameters());
      const std::string bytes      = network.to_bytes(correction);
      const Network     refined =
        Network::load_bytes(bytes, "refined", file.n_inputs());
      EXPECT_TRUE(refined.is_refined());
      EXPECT_LT(relative_difference(values(refined, x),
                                    values(network, x, correction)),
                1e-14);
      EXPECT_LT(relative_difference(values(refined.clone(), x),
                                    values(network, x, correction)),
                1e-14);

      Network::Inputs others;
      others.sample_sizes = {144, 1};
      EXPECT_THROW(Network::load_bytes(bytes,
                                       "refined",
                                       file.n_inputs(),
                                       std::nullopt,
                                       {{}, others, ""}),
                   Error);
    }
}



TEST(GridOperators, AScalingMayHaveOneNumberForAllValues)
{
  const File       file = files()[0];
  Network::Scaling scaling;
  scaling.output_shift  = {1.};
  scaling.output_scale  = {3.};
  const Block   x       = random_points(file.n_inputs(), 1, 0.5, 1.5);
  const Network network = load(file), scaled = load(file, scaling);
  const Column  expected = make_column(network.n_outputs());
  Kokkos::deep_copy(expected, 1.);
  add(3., values(network, x), expected);
  EXPECT_LT(relative_difference(values(scaled, x), expected), 1e-14);
  const Block  V         = random_block(network.n_parameters(), 1);
  const Column predicted = make_column(network.n_outputs());
  add(3., column(product(network, x, V), 0), predicted);
  EXPECT_LT(relative_difference(column(product(scaled, x, V), 0), predicted),
            1e-14);
}



TEST(GridOperators, SaysWhatDoesNotFit)
{
  File file  = files()[0];
  file.sizes = {1, 12};
  EXPECT_THROW(load(file), Error);
  file.sizes = {3, 12, 12};
  expect_contains(message([&]() { load(file); }), "[1, 3, 12, 12]");

  const Network network = load(files()[0]);
  const Block   x       = random_points(network.n_inputs(), 1);
  expect_contains(message([&]() {
                    network.evaluate_gradients(x,
                                               make_block(network.n_inputs(),
                                                          network.n_outputs()));
                  }),
                  "grid operator");
}
