// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/advection_diffusion_reaction.h>

#include <deal.II/base/convergence_table.h>

#include <gtest/gtest.h>

#include <iostream>

#include "support/problems.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /**
   * Solve on meshes that are refined once more each time, print the errors and
   * expect the order p + 1 in L2 and p in H1 between the last two.
   */
  template <int dim>
  void
  expect_optimal_orders(
    const typename AdvectionDiffusionReaction<dim>::Parameters &parameters,
    const unsigned int                                          degree,
    const unsigned int                                          coarsest,
    const std::string &grid      = "hyper_cube",
    const std::string &arguments = "0 : 1 : true")
  {
    const AdvectionDiffusionReaction<dim> equation(parameters);
    dealii::ConvergenceTable              table;
    std::vector<Errors>                   errors;
    for (unsigned int level = coarsest; level < coarsest + 3; ++level)
      {
        Problem<dim> problem(equation, degree, level, grid, arguments);
        problem.solve();
        errors.push_back(problem.errors());
        table.add_value(
          "cells",
          problem.discretization.triangulation().n_global_active_cells());
        table.add_value("dofs", problem.discretization.dof_handler().n_dofs());
        table.add_value("L2", errors.back().L2);
        table.add_value("H1", errors.back().H1);
      }
    for (const std::string column : {"L2", "H1"})
      {
        table.set_scientific(column, true);
        table.evaluate_convergence_rates(
          column, "cells", dealii::ConvergenceTable::reduction_rate_log2, dim);
      }
    std::cout << "Q" << degree << " in " << dim << "D\n";
    table.write_text(std::cout);

    const double order_L2 = std::log2(errors[1].L2 / errors[2].L2);
    const double order_H1 = std::log2(errors[1].H1 / errors[2].H1);
    EXPECT_GT(order_L2, degree + 0.85);
    EXPECT_GT(order_H1, degree - 0.15);
  }

  template <int dim>
  typename AdvectionDiffusionReaction<dim>::Parameters
  manufactured_problem(const std::string &exact)
  {
    typename AdvectionDiffusionReaction<dim>::Parameters parameters;
    parameters.exact_solution  = exact;
    parameters.right_hand_side = manufactured;
    parameters.dirichlet       = "all: manufactured";
    return parameters;
  }
} // namespace

class Degree : public testing::TestWithParam<unsigned int>
{};

INSTANTIATE_TEST_SUITE_P(Convergence, Degree, testing::Values(1, 2, 3, 4));

TEST_P(Degree, Poisson2dHasOrderPPlusOne)
{
  expect_optimal_orders<2>(manufactured_problem<2>("sin(pi*x^2)*sin(pi*y)"),
                           GetParam(),
                           2);
}

TEST_P(Degree, VariableCoefficientsKeepTheOrder)
{
  auto parameters      = manufactured_problem<2>("exp(x)*cos(2*y)");
  parameters.diffusion = "1 + x*y + 0.5*sin(5*x)";
  parameters.advection = "y, -x";
  parameters.reaction  = "(1 + x^2)*u";
  expect_optimal_orders<2>(parameters, GetParam(), 1);
}

TEST_P(Degree, NonlinearProblemWithNeumannAndRobinKeepsTheOrder)
{
  auto parameters      = manufactured_problem<2>("sin(2*x + y)");
  parameters.diffusion = "1 + 0.5*u^2";
  parameters.advection = "u, 1";
  parameters.reaction  = "u^3 - u";
  parameters.neumann   = "1: manufactured";
  parameters.robin     = "2: 1 + x + u^2, manufactured";
  expect_optimal_orders<2>(parameters, GetParam(), 1);
}

TEST_P(Degree, OneDimension)
{
  auto parameters      = manufactured_problem<1>("sin(5*x) + x");
  parameters.diffusion = "1 + x";
  parameters.robin     = "1: 2, manufactured";
  expect_optimal_orders<1>(parameters, GetParam(), 3);
}

TEST(Convergence, ThreeDimensions)
{
  auto parameters     = manufactured_problem<3>("sin(2*x)*cos(y + z)");
  parameters.reaction = "u^3";
  expect_optimal_orders<3>(parameters, 1, 1);
  expect_optimal_orders<3>(parameters, 2, 0);
}

TEST(Convergence, CurvedBoundaryKeepsTheOrder)
{
  const auto parameters = manufactured_problem<2>("exp(x - y)*sin(3*x)");
  expect_optimal_orders<2>(parameters, 3, 1, "hyper_ball", "0, 0 : 1 : false");
}
