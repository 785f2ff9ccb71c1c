// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Untrained networks, refined for boundary value problems of many kinds: the
// refined field is close to the finite-element solution.

#include <lsr/fe/comparison.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/dofs/dof_tools.h>

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <sstream>

#include "refine/point_sample.h"
#include "support/make_problem.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;

namespace
{
  /// Lines of a section `Equation`, and of other sections.
  struct Input
  {
    std::string equation;
    std::string other;
  };

  std::string
  mesh(const unsigned int refinements, const unsigned int degree)
  {
    return section("Mesh",
                   "set Global refinements = " + std::to_string(refinements)) +
           section("Finite element",
                   "set Finite element degree = " + std::to_string(degree));
  }

  const std::string weak_dirichlet =
    section("Finite element", "set Strong Dirichlet conditions = false");

  Network
  make_network(const unsigned int dim)
  {
    FullyConnected model;
    model.n_inputs    = dim;
    model.widths      = {40, 40, 40};
    model.input_shift = std::vector<double>(dim, 0.5);
    model.input_scale = std::vector<double>(dim, 4.);
    return model.build();
  }

  enum class Subspace
  {
    structured,
    rsvd,
    rsvd_of_the_residual
  };

  /// How a network is refined.
  struct Options
  {
    ResidualNorm norm                 = ResidualNorm::dual;
    Subspace     subspace             = Subspace::structured;
    std::size_t  n_directions         = 300;
    unsigned int max_linearizations   = 20;
    double       dirichlet_row_weight = 100.;
  };

  /// A refinement, and its distance to the finite-element solution.
  struct Outcome
  {
    Refinement refinement;
    double     network_distance = 0;
    double     refined_distance = 0;

    /// Norm of the residual of Refinement::values.
    double norm_of_values = 0;

    /// Largest difference between Refinement::values and the refined network.
    double evaluation_error = 0;
  };

  Column
  nodal_values(const Network &network, const Sampling &sampling)
  {
    return sampling.evaluate(network);
  }

  template <int dim>
  class RefinedProblem
  {
  public:
    explicit RefinedProblem(std::unique_ptr<Problem<dim>> given)
      : problem(std::move(given))
      , network(make_network(dim))
    {
      sample();
    }

    explicit RefinedProblem(const Input &input)
      : RefinedProblem(
          make_problem<dim>(section("Equation", input.equation) + input.other))
    {}

    /// Refine the mesh where the field of the network is rough.
    void
    adapt()
    {
      const FiniteElementResidual<dim> residual(problem->assembler(),
                                                ResidualNorm::l2);
      problem->adapt(residual.field(nodal_values(network, sampling)));
      sample();
    }

    FEVector
    solve() const
    {
      std::ostringstream         nobody;
      dealii::ConditionalOStream silent(nobody, false);
      return problem->solve(silent);
    }

    Outcome
    refine(const Options &options) const
    {
      return refine(options, solve());
    }

    /// Compare with a given finite-element solution.
    Outcome
    refine(const Options &options, const FEVector &fem) const
    {
      FiniteElementResidual<dim> residual(problem->assembler(),
                                          options.norm,
                                          options.dirichlet_row_weight);
      const auto                 basis = make_basis(options, residual);
      RefinementParameters       parameters;
      parameters.max_linearizations = options.max_linearizations;

      Outcome outcome;
      outcome.refinement = lsr::refine(*basis, sampling, residual, parameters);
      const Refinement &refinement = outcome.refinement;
      outcome.network_distance =
        distance(residual.field(nodal_values(network, sampling)), fem);
      outcome.refined_distance =
        distance(residual.field(refinement.values), fem);
      outcome.evaluation_error = evaluation_error(refinement);
      outcome.norm_of_values   = norm_of_values(residual, refinement);
      return outcome;
    }

    const Problem<dim> &
    operator*() const
    {
      return *problem;
    }

  private:
    void
    sample()
    {
      sampling = nodal_sampling(problem->discretization.mapping(),
                                problem->discretization.dof_handler(),
                                1);
    }

    std::unique_ptr<TangentBasis>
    make_basis(const Options &options, Residual &residual) const
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
                                            options.n_directions + 200,
                                            MPI_COMM_WORLD),
                               {}},
                              Communicator(),
                              svd);
      residual.linearize(nodal_values(network, sampling));
      return randomized_svd(
        network, sampling, residual.communicator(), svd, &residual);
    }

    double
    distance(const FEVector &field, const FEVector &fem) const
    {
      return compute_difference(problem->discretization.mapping(),
                                problem->discretization.dof_handler(),
                                field,
                                fem)
        .L2;
    }

    /// Evaluate the refined network at the nodes in the way a program would
    /// that visits cells: from the last to the first, few at a time.
    double
    evaluation_error(const Refinement &refinement) const
    {
      const NetworkFunction<dim> function(
        network.refined(refinement.correction));
      std::map<dealii::types::global_dof_index, Point<dim>> nodes;
      dealii::DoFTools::map_dofs_to_support_points(
        problem->discretization.mapping(),
        problem->discretization.dof_handler(),
        nodes);

      const std::size_t batch   = 100;
      double            largest = 0;
      for (std::size_t end = nodes.size(); end > 0; end -= std::min(batch, end))
        {
          const std::size_t       n = std::min(batch, end);
          std::vector<Point<dim>> points(n);
          std::vector<double>     values(n);
          for (std::size_t i = 0; i < n; ++i)
            points[i] = nodes.at(end - 1 - i);
          function.value_list(points, values);
          for (std::size_t i = 0; i < n; ++i)
            largest =
              std::max(largest,
                       std::abs(values[i] - refinement.values(end - 1 - i)));
        }
      return largest;
    }

    double
    norm_of_values(FiniteElementResidual<dim> &residual,
                   const Refinement           &refinement) const
    {
      const Column f = make_column(residual.n_rows());
      residual.evaluate(refinement.values, f);
      return residual.norm(f);
    }

    std::unique_ptr<Problem<dim>> problem;
    Network                       network;
    Sampling                      sampling;
  };

  /// Holds for every refinement.
  void
  expect_success(const Outcome &outcome)
  {
    const Refinement &refinement = outcome.refinement;
    std::cout << "  distance " << outcome.network_distance << " -> "
              << outcome.refined_distance << ", residual "
              << refinement.initial_norm << " -> " << refinement.refined_norm
              << ", rank " << refinement.rank << " of "
              << refinement.numerical_rank << ", linearizations "
              << refinement.n_linearizations << ", evaluation "
              << outcome.evaluation_error << std::endl;
    EXPECT_LE(outcome.norm_of_values, refinement.initial_norm);
    EXPECT_NEAR(outcome.norm_of_values,
                refinement.refined_norm,
                1e-8 * refinement.initial_norm);
    EXPECT_LT(100. * outcome.refined_distance, outcome.network_distance);
    EXPECT_LT(outcome.evaluation_error, 1e-8);
  }

  const std::string smooth_solution =
    "set Exact solution = sin(2*pi*x)*sin(pi*y)\n"
    "set Right hand side = manufactured\n";
} // namespace

class EachNorm : public testing::TestWithParam<ResidualNorm>
{};

INSTANTIATE_TEST_SUITE_P(
  RefinedProblems,
  EachNorm,
  testing::Values(ResidualNorm::l2, ResidualNorm::mass, ResidualNorm::dual),
  [](const auto &info) { return to_string(info.param); });

TEST_P(EachNorm, PoissonEquation)
{
  Options options;
  options.norm = GetParam();
  RefinedProblem<2> problem(Input{smooth_solution, mesh(4, 2)});
  const Outcome     outcome = problem.refine(options);
  expect_success(outcome);
  // The problem is linear: the first step is the last.
  EXPECT_LE(outcome.refinement.n_linearizations, 2u);
}

TEST_P(EachNorm, AdaptiveMeshesWithHangingNodes)
{
  Options options;
  options.norm         = GetParam();
  options.n_directions = 200;
  RefinedProblem<2> problem(Input{smooth_solution, mesh(4, 2)});
  problem.adapt();
  problem.adapt();
  ASSERT_TRUE((*problem).discretization.triangulation().has_hanging_nodes());
  expect_success(problem.refine(options));
}

TEST_P(EachNorm, NeumannAndRobinConditions)
{
  Options options;
  options.norm = GetParam();
  expect_success(
    RefinedProblem<2>(
      Input{"set Exact solution = sin(2*x + y) + x*y\n"
            "set Right hand side = manufactured\n"
            "set Dirichlet conditions = 0: manufactured\n"
            "set Neumann conditions = 1: manufactured; 2: manufactured\n"
            "set Robin conditions = 3: 1 + x, manufactured",
            mesh(3, 3)})
      .refine(options));
}

TEST_P(EachNorm, NonlinearDiffusion)
{
  Options options;
  options.norm = GetParam();
  expect_success(
    RefinedProblem<2>(Input{"set Diffusion = 1 + x*y + 0.5*u^2\n"
                            "set Exact solution = sin(pi*x)*sin(pi*y) + x\n"
                            "set Right hand side = manufactured\n"
                            "set Dirichlet conditions = all: manufactured\n",
                            mesh(4, 2)})
      .refine(options));
}

TEST_P(EachNorm, Advection)
{
  Options options;
  options.norm = GetParam();
  expect_success(
    RefinedProblem<2>(Input{"set Diffusion = 0.1\n"
                            "set Advection = 1 + y, x\n"
                            "set Exact solution = sin(pi*x)*cos(2*y)\n"
                            "set Right hand side = manufactured\n"
                            "set Dirichlet conditions = all: manufactured\n",
                            mesh(4, 2)})
      .refine(options));
}

TEST(RefinedProblems, OneDimension)
{
  Options options;
  options.n_directions = 100;
  expect_success(
    RefinedProblem<1>(Input{"set Diffusion = 1 + x\n"
                            "set Exact solution = sin(5*x) + x\n"
                            "set Right hand side = manufactured\n"
                            "set Dirichlet conditions = 0: manufactured\n"
                            "set Robin conditions = 1: 2, manufactured",
                            mesh(6, 3)})
      .refine(options));
}

TEST(RefinedProblems, ThreeDimensions)
{
  Options options;
  options.n_directions = 500;
  expect_success(
    RefinedProblem<3>(Input{"set Exact solution = sin(2*x)*cos(y + z)\n"
                            "set Right hand side = manufactured\n"
                            "set Reaction = u\n"
                            "set Dirichlet conditions = all: manufactured\n",
                            mesh(3, 2)})
      .refine(options));
}

TEST(RefinedProblems, NonlinearReactionsNeedMoreThanOneLinearization)
{
  RefinedProblem<2> problem(Input{"set Reaction = 20*u^3\n"
                                  "set Exact solution = "
                                  "2*sin(2*pi*x)*sin(pi*y)\n"
                                  "set Right hand side = manufactured\n",
                                  mesh(4, 2)});
  Options           options;
  const Outcome     outcome = problem.refine(options);
  expect_success(outcome);
  EXPECT_GT(outcome.refinement.n_linearizations, 2u);
  options.max_linearizations = 1;
  const Outcome one          = problem.refine(options);
  EXPECT_EQ(one.refinement.n_linearizations, 1u);
  EXPECT_LE(one.refinement.refined_norm, one.refinement.initial_norm);
  EXPECT_GT(one.refinement.refined_norm, 10 * outcome.refinement.refined_norm);
  EXPECT_GT(one.refined_distance, 10 * outcome.refined_distance);
}

namespace
{
  /// Dirichlet conditions on the whole boundary, imposed strongly or by rows.
  Input
  dirichlet_problem(const bool strong)
  {
    return {"set Exact solution = sin(2*x + y)\n"
            "set Right hand side = manufactured\n"
            "set Reaction = u^3\n"
            "set Dirichlet conditions = all: manufactured\n",
            mesh(4, 2) + (strong ? "" : weak_dirichlet)};
  }
} // namespace

TEST(RefinedProblems, DirichletConditionsAsWeightedRows)
{
  const FEVector fem = RefinedProblem<2>(dirichlet_problem(true)).solve();
  const RefinedProblem<2> problem(dirichlet_problem(false));
  for (const ResidualNorm norm : {ResidualNorm::l2, ResidualNorm::mass})
    {
      Options options;
      options.norm = norm;
      expect_success(problem.refine(options, fem));
    }
}

TEST(RefinedProblems, WeightedRowsLeaveTheFiniteElementSolutionAsItIs)
{
  const FEVector fem  = RefinedProblem<2>(dirichlet_problem(true)).solve();
  FEVector difference = RefinedProblem<2>(dirichlet_problem(false)).solve();
  difference -= fem;
  EXPECT_LT(difference.linfty_norm(), 1e-9 * fem.linfty_norm());
}

TEST(RefinedProblems, FewDirectionsNeverMakeTheResidualLarger)
{
  const RefinedProblem<2> problem(
    Input{"set Diffusion = 1 + u^2\n"
          "set Reaction = -5*exp(u)\n"
          "set Dirichlet conditions = all: 3*sin(9*x)\n",
          mesh(3, 2)});
  const FEVector zero = (*problem).discretization.make_vector();
  for (const ResidualNorm norm :
       {ResidualNorm::l2, ResidualNorm::mass, ResidualNorm::dual})
    for (const std::size_t n_directions : {1, 3, 30})
      {
        Options options;
        options.norm          = norm;
        options.n_directions  = n_directions;
        const Outcome outcome = problem.refine(options, zero);
        EXPECT_LE(outcome.norm_of_values, outcome.refinement.initial_norm);
        EXPECT_GT(outcome.norm_of_values, 0.);
      }
}

TEST(RefinedProblems, SubspacesOfSingularDirections)
{
  RefinedProblem<2> problem(Input{smooth_solution, mesh(4, 2)});
  for (const ResidualNorm norm : {ResidualNorm::mass, ResidualNorm::dual})
    for (const Subspace subspace :
         {Subspace::rsvd, Subspace::rsvd_of_the_residual})
      {
        Options options;
        options.norm         = norm;
        options.subspace     = subspace;
        options.n_directions = 200;
        expect_success(problem.refine(options));
      }
}
