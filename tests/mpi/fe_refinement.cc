// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// A network is refined on all ranks together and on one, and the refined fields
// are compared.

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <iostream>
#include <optional>

#include "refine/point_sample.h"
#include "support/models.h"
#include "support/problems.h"
#include "support/ranks.h"

using namespace lsr;
using namespace lsr::test;
using Parameters2 = AdvectionDiffusionReaction<2>::Parameters;

namespace
{
  enum class Subspace
  {
    structured,
    rsvd,
    rsvd_of_the_residual
  };

  struct Options
  {
    ResidualNorm               norm;
    Subspace                   subspace;
    std::size_t                n_directions = 80;
    std::optional<std::size_t> rank         = std::nullopt;
  };

  /// Numbers that do not depend on the numbering of degrees of freedom.
  struct Outcome
  {
    unsigned int        n_dofs           = 0;
    bool                hanging_nodes    = false;
    double              initial_norm     = 0;
    double              refined_norm     = 0;
    std::size_t         rank             = 0;
    std::size_t         numerical_rank   = 0;
    double              condition        = 0;
    double              network_distance = 0;
    double              refined_distance = 0;
    std::vector<double> values;
  };

  Network
  make_network()
  {
    FullyConnected model;
    model.widths      = {30, 30};
    model.input_shift = {0.5, 0.5};
    model.input_scale = {4., 4.};
    return model.build();
  }

  std::unique_ptr<TangentBasis>
  make_basis(const Options  &options,
             const Network  &network,
             const Sampling &sampling,
             const Column   &q,
             Residual       &residual)
  {
    if (options.subspace == Subspace::structured)
      return std::make_unique<StructuredBasis>(network,
                                               options.n_directions,
                                               1);
    TangentBasisParameters svd;
    svd.n_directions = options.n_directions;
    if (options.subspace == Subspace::rsvd)
      return randomized_svd(network,
                            {point_sample(sampling.points,
                                          options.n_directions + 100,
                                          residual.communicator()),
                             {}},
                            Communicator(),
                            svd);
    residual.linearize(q);
    return randomized_svd(
      network, sampling, residual.communicator(), svd, &residual);
  }

  /// Values of a function at points that belong to no mesh.
  std::vector<double>
  values_at_fixed_points(const dealii::Function<2> &function)
  {
    const Block                   block = random_points(2, 200);
    std::vector<dealii::Point<2>> points(block.extent(1));
    for (std::size_t i = 0; i < points.size(); ++i)
      points[i] = {block(0, i), block(1, i)};
    std::vector<double> values(points.size());
    function.value_list(points, values);
    return values;
  }

  /// Refine the cells near a corner, so that there are hanging nodes.
  void
  refine_corner(test::Problem<2> &problem)
  {
    FEVector steep = problem.discretization.make_vector();
    dealii::VectorTools::interpolate(problem.discretization.dof_handler(),
                                     ExpressionFunction<2>(
                                       {Expression<2>("exp(-9*x - 4*y)", "")}),
                                     steep);
    problem.discretization.refine(steep);
    problem.setup();
  }

  Outcome
  compute(MPI_Comm                             communicator,
          const AdvectionDiffusionReaction<2> &equation,
          const Options                       &options)
  {
    test::Problem<2> problem(
      equation, 2, 3, "hyper_cube", "0 : 1 : true", communicator);
    refine_corner(problem);
    problem.solve();

    const auto     network = make_network();
    const Sampling sampling =
      nodal_sampling(problem.discretization.mapping(),
                     problem.discretization.dof_handler(),
                     1);
    const Column q = sampling.evaluate(network);

    FiniteElementResidual<2> residual(*problem.assembler, options.norm);
    const auto basis = make_basis(options, network, sampling, q, residual);
    RefinementParameters parameters;
    parameters.rank = options.rank;
    const Refinement refinement =
      refine(*basis, sampling, residual, parameters);

    const auto distance = [&](const Column &values) {
      return compute_difference(problem.discretization.mapping(),
                                problem.discretization.dof_handler(),
                                residual.field(values),
                                problem.solution)
        .L2;
    };
    Outcome outcome;
    outcome.n_dofs = problem.discretization.dof_handler().n_dofs();
    outcome.hanging_nodes =
      problem.discretization.triangulation().has_hanging_nodes();
    outcome.initial_norm     = refinement.initial_norm;
    outcome.refined_norm     = refinement.refined_norm;
    outcome.rank             = refinement.rank;
    outcome.numerical_rank   = refinement.numerical_rank;
    outcome.condition        = refinement.profile.condition.back();
    outcome.network_distance = distance(q);
    outcome.refined_distance = distance(refinement.values);
    outcome.values           = values_at_fixed_points(
      NetworkFunction<2>(network.refined(refinement.correction)));
    return outcome;
  }

  double
  relative_distance(const std::vector<double> &a, const std::vector<double> &b)
  {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
      }
    return std::sqrt(difference / norm);
  }

  Parameters2
  linear_problem()
  {
    Parameters2 parameters;
    parameters.diffusion       = "1 + x";
    parameters.exact_solution  = "sin(2*pi*x)*sin(pi*y) + x*y";
    parameters.right_hand_side = manufactured;
    parameters.dirichlet       = "all: manufactured";
    return parameters;
  }

  Parameters2
  nonlinear_problem()
  {
    Parameters2 parameters = linear_problem();
    parameters.diffusion   = "1 + 0.3*u^2";
    parameters.advection   = "1, x";
    parameters.reaction    = "u^3";
    parameters.robin       = "2: 1, manufactured";
    return parameters;
  }

  /// The relative distance of refined values is at most 1e-9, or what the
  /// condition of the basis makes of rounding.
  void
  expect_independence_of_ranks(const Parameters2 &parameters,
                               const Options     &options,
                               const bool         ill_conditioned = false)
  {
    const AdvectionDiffusionReaction<2> equation(parameters);
    compare_with_one_rank(
      [&](const MPI_Comm communicator) {
        const Outcome outcome = compute(communicator, equation, options);
        expect_same_bits(outcome.values.data(),
                         outcome.values.size(),
                         communicator);
        return outcome;
      },
      [=](const Outcome &together, const Outcome &alone) {
        const double distance =
          relative_distance(together.values, alone.values);
        std::cout << "  rank " << together.rank << ", condition "
                  << together.condition << ", distance to finite elements "
                  << together.network_distance << " -> "
                  << together.refined_distance << ", to the serial values "
                  << distance << std::endl;

        EXPECT_TRUE(together.hanging_nodes);
        EXPECT_EQ(together.n_dofs, alone.n_dofs);
        EXPECT_NEAR(together.initial_norm,
                    alone.initial_norm,
                    1e-11 * alone.initial_norm);
        EXPECT_EQ(together.rank, alone.rank);
        EXPECT_EQ(together.numerical_rank, alone.numerical_rank);
        const double tolerance =
          ill_conditioned ? 1e-15 * alone.condition : 1e-9;
        EXPECT_TRUE(alone.condition > 1e8 || !ill_conditioned);
        EXPECT_NEAR(together.refined_norm,
                    alone.refined_norm,
                    tolerance * alone.refined_norm);
        EXPECT_LT(distance, tolerance);
        EXPECT_LT(100. * alone.refined_distance, alone.network_distance);
      });
  }
} // namespace

class RefinementOnRanks
  : public testing::TestWithParam<std::pair<ResidualNorm, Subspace>>
{
protected:
  Options
  options() const
  {
    return {GetParam().first, GetParam().second};
  }
};

INSTANTIATE_TEST_SUITE_P(
  Refinement,
  RefinementOnRanks,
  testing::Values(
    std::make_pair(ResidualNorm::l2, Subspace::structured),
    std::make_pair(ResidualNorm::mass, Subspace::structured),
    std::make_pair(ResidualNorm::dual, Subspace::structured),
    std::make_pair(ResidualNorm::mass, Subspace::rsvd),
    std::make_pair(ResidualNorm::dual, Subspace::rsvd),
    std::make_pair(ResidualNorm::mass, Subspace::rsvd_of_the_residual),
    std::make_pair(ResidualNorm::dual, Subspace::rsvd_of_the_residual)),
  [](const auto &info) {
    const std::string norm = to_string(info.param.first);
    switch (info.param.second)
      {
        case Subspace::structured:
          return norm + "_structured";
        case Subspace::rsvd:
          return norm + "_rsvd";
        default:
          return norm + "_rsvd_of_the_residual";
      }
  });

TEST_P(RefinementOnRanks, GivesTheSameFieldForALinearProblem)
{
  expect_independence_of_ranks(linear_problem(), options());
}

TEST_P(RefinementOnRanks, GivesTheSameFieldForANonlinearProblem)
{
  expect_independence_of_ranks(nonlinear_problem(), options());
}

TEST_P(RefinementOnRanks, GivesTheSameFieldWithAFixedRank)
{
  Options fixed      = options();
  fixed.n_directions = 150;
  fixed.rank         = 75;
  expect_independence_of_ranks(linear_problem(), fixed);
}

TEST(RefinementOnRanks, DirectionsThatNearlyDependAmplifyRounding)
{
  // So many directions that the last ones are hardly more than rounding: values
  // of J V differ in their last digits between the batches of the ranks, and
  // the condition of the basis is what they are multiplied by.
  Options options{ResidualNorm::dual, Subspace::structured};
  options.n_directions = 120;
  expect_independence_of_ranks(linear_problem(), options, true);
}

TEST(PointSample, DoesNotDependOnTheNumberOfRanks)
{
  const AdvectionDiffusionReaction<2> equation(linear_problem());
  for (const std::size_t n_points : {10, 150, 100000})
    compare_with_one_rank(
      [&](const MPI_Comm communicator) {
        test::Problem<2> problem(
          equation, 2, 3, "hyper_cube", "0 : 1 : true", communicator);
        refine_corner(problem);
        return point_sample(nodal_sampling(problem.discretization.mapping(),
                                           problem.discretization.dof_handler(),
                                           1)
                              .points,
                            n_points,
                            communicator);
      },
      [](const Block &together, const Block &alone) {
        ASSERT_EQ(together.extent(1), alone.extent(1));
        EXPECT_LT(relative_difference(together, alone), 1e-14);
      });
}
