// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/burgers_data.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <gtest/gtest.h>

#include "applications/studies/data-driven-operators/operator_networks.h"

using namespace lsr_studies;

namespace
{
  BurgersData
  few_functions(const std::string &field)
  {
    BurgersData parameters;
    parameters.n_fit        = 12;
    parameters.n_validation = 4;
    parameters.n_test       = 4;
    parameters.field        = field;
    return parameters;
  }

  double
  largest_difference(const Column &a, const Column &b)
  {
    const HostColumn x = to_host(a), y = to_host(b);
    double           largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::abs(x(i) - y(i)));
    return largest;
  }
} // namespace

TEST(BurgersData, IsConvergedInTheQuadrature)
{
  for (const std::string field : {"smooth", "published"})
    {
      BurgersData   parameters = few_functions(field);
      const DataSet data       = parameters.on_grid();
      parameters.n_quadrature *= 2;
      EXPECT_LT(largest_difference(data.targets, parameters.on_grid().targets),
                1e-8)
        << field;
    }
}

TEST(BurgersData, IsTheSameWhateverIsAddedToIt)
{
  BurgersData   parameters = few_functions("smooth");
  const DataSet data       = parameters.on_grid();
  EXPECT_EQ(largest_difference(data.targets, parameters.on_grid().targets), 0.);

  parameters.n_fit *= 2;
  const HostColumn more    = to_host(parameters.on_grid().targets),
                   targets = to_host(data.targets);
  for (std::size_t i = 0; i < targets.size(); ++i)
    EXPECT_EQ(more(i), targets(i));

  parameters.seed = 1;
  EXPECT_GT(largest_difference(data.targets, parameters.on_grid().targets),
            0.1);
}

TEST(BurgersData, RowsAreTheFunctionsOnTheGrid)
{
  const DataSet data = few_functions("smooth").on_grid(), rows = as_rows(data);
  ASSERT_EQ(data.n_outputs(), n_sensors);
  ASSERT_EQ(rows.n_points(), n_sensors * data.n_points());
  EXPECT_EQ(rows.n_outputs(), 1u);
  EXPECT_EQ(rows.select(DataSet::fit).n_points(), 12 * n_sensors);
  EXPECT_EQ(rows.select(DataSet::validation).n_points(), 4 * n_sensors);

  // The networks of both forms are the same function.
  OperatorNetwork layout;
  const Column    values = make_column(rows.targets.size()),
               on_grid   = make_column(rows.targets.size());
  layout.build().evaluate(rows.points, values);
  layout.build(n_sensors).evaluate(data.points, on_grid);
  EXPECT_LT(largest_difference(values, on_grid), 1e-12);
}

TEST(BurgersData, FieldsThatAreNoneAreRefused)
{
  BurgersData parameters = few_functions("rough");
  EXPECT_THROW(parameters.on_grid(), Error);
  parameters.field = "smooth";
  parameters.tau2  = -1;
  EXPECT_THROW(parameters.on_grid(), Error);
}
