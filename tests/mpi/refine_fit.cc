// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/fully_connected.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/fit.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  DataSet
  data_set(const std::size_t n_points, const std::uint64_t seed)
  {
    DataSet data;
    data.points  = random_points(2, n_points, -1., 1., seed);
    data.targets = make_column(n_points);
    for (std::size_t i = 0; i < n_points; ++i)
      data.targets(i) = std::sin(2 * data.points(0, i)) * data.points(1, i);
    return data;
  }

  /// The points of this rank: every size()-th one.
  DataSet
  share(const DataSet &data, const Communicator &communicator)
  {
    std::vector<std::size_t> indices;
    for (std::size_t i = communicator.rank(); i < data.n_points();
         i += communicator.size())
      indices.push_back(i);
    return data.select(indices);
  }
} // namespace

TEST(DistributedFit, IsThatOfOneProcess)
{
  const Communicator world(MPI_COMM_WORLD);
  FullyConnected     layout;
  layout.widths                 = {20, 20};
  const Network         network = layout.build();
  const StructuredBasis basis(network, 30, 1);
  const DataSet         data = data_set(400, 1), validation = data_set(90, 2),
                my_data       = share(data, world),
                my_validation = share(validation, world);
  const DataStream rows(data), validation_rows(validation), my_rows(my_data),
    my_validation_rows(my_validation);

  FitParameters all_columns;
  all_columns.choice.rank   = 30;
  all_columns.choice.lambda = 0.;
  for (const bool with_validation : {false, true})
    {
      const Fit serial   = fit(basis,
                             rows,
                             all_columns,
                             with_validation ? &validation_rows : nullptr);
      const Fit parallel = fit(basis,
                               my_rows,
                               all_columns,
                               with_validation ? &my_validation_rows : nullptr,
                               world);
      EXPECT_EQ(parallel.n_rows, serial.n_rows);
      EXPECT_NEAR(parallel.loss, serial.loss, 1e-9 * serial.initial_loss);
      EXPECT_NEAR(parallel.validation, serial.validation, 1e-9);
      const Column expected = make_column(90), found = make_column(90);
      network.evaluate(validation.points, expected, serial.correction);
      network.evaluate(validation.points, found, parallel.correction);
      EXPECT_LT(relative_difference(found, expected), 1e-9);
    }
}

TEST(DistributedFit, HoldsOutFoldsThatAreSpreadOverAllProcesses)
{
  const Communicator world(MPI_COMM_WORLD);
  FullyConnected     layout;
  layout.widths                 = {20, 20};
  const Network         network = layout.build();
  const StructuredBasis basis(network, 30, 1);
  const DataSet         my_data = share(data_set(400, 1), world);
  const Fit             result =
    fit(basis, DataStream(my_data, 4), {}, nullptr, world);
  EXPECT_EQ(result.rule, SelectionRule::cross_validation);
  EXPECT_EQ(result.n_rows, 400u);
  EXPECT_LT(result.loss, 1e-3 * result.initial_loss);
  EXPECT_NEAR(result.predicted.front(),
              result.initial_loss,
              1e-9 * result.initial_loss);
}
