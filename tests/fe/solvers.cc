// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/automatic_weak_form.h>
#include <lsr/fe/linear_solver.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "fe/block_product.h"
#include "support/messages.h"
#include "support/problems.h"

using namespace lsr;
using namespace lsr::test;
using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

namespace
{
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

  Block
  random_block(const std::size_t n_rows, const std::size_t n_columns)
  {
    std::mt19937                     generator(1);
    std::normal_distribution<double> normal;
    const Block                      block = make_block(n_rows, n_columns);
    for (std::size_t j = 0; j < n_columns; ++j)
      for (std::size_t i = 0; i < n_rows; ++i)
        block(i, j) = normal(generator);
    return block;
  }

  /// The largest entry of X - Y.
  double
  difference(const Block &X, const Block &Y)
  {
    double result = 0.;
    for (std::size_t j = 0; j < X.extent(1); ++j)
      for (std::size_t i = 0; i < X.extent(0); ++i)
        result = std::max(result, std::abs(X(i, j) - Y(i, j)));
    return result;
  }

  /// Linear elasticity with a known solution of the space.
  struct Elasticity : public AutomaticForm<2, 2>
  {
    template <typename Number>
    void
    volume(const dealii::Point<2> & /*x*/,
           const Values<Number> & /*u*/,
           const Gradients<Number> &grad_u,
           Values<Number>          &source,
           Gradients<Number>       &flux) const
    {
      // u = (x^2, x y): the stress is 2 mu eps + lambda div u.
      const Number divergence = grad_u[0][0] + grad_u[1][1];
      for (unsigned int i = 0; i < 2; ++i)
        {
          for (unsigned int j = 0; j < 2; ++j)
            flux[i][j] = grad_u[i][j] + grad_u[j][i];
          flux[i][i] += 2. * divergence;
        }
      source[0] = 11.;
    }

    bool
    is_linear() const
    {
      return true;
    }

    bool
    is_symmetric_positive_definite() const
    {
      return true;
    }
  };

  class ElasticityForm : public AutomaticWeakForm<2, Elasticity>
  {
  public:
    BoundaryFunctions<2>
    dirichlet_conditions() const override
    {
      return {{all_boundaries, exact_solution()}};
    }

    std::shared_ptr<const dealii::Function<2>>
    exact_solution() const override
    {
      return std::make_shared<ExpressionFunction<2>>(
        std::vector<Expression<2>>{Expression<2>("x^2", ""),
                                   Expression<2>("x*y", "")});
    }
  };
} // namespace

TEST(FiniteElementSolver, ReproducesPolynomialsOnMeshesWithHangingNodes)
{
  const std::vector<std::string> solutions = {"1 + x - 2*y",
                                              "x^2 - x*y + y^2",
                                              "x^3*y - y^3 + 2*x^2*y^2",
                                              "x^4*y^4 - x*y^3 + y"};
  for (unsigned int degree = 1; degree <= 4; ++degree)
    {
      auto parameters      = manufactured_problem<2>(solutions[degree - 1]);
      parameters.diffusion = "1 + x*y";
      parameters.reaction  = "u";
      const AdvectionDiffusionReaction<2> equation(parameters);
      Problem<2>                          problem(equation, degree, 2);
      for (unsigned int cycle = 0; cycle < 2; ++cycle)
        {
          // An estimate that asks for refinement at one side.
          FEVector steep = problem.discretization.make_vector();
          dealii::VectorTools::interpolate(problem.discretization.dof_handler(),
                                           ExpressionFunction<2>(
                                             {Expression<2>("exp(-20*x)", "")}),
                                           steep);
          problem.discretization.refine(steep);
          problem.setup();
        }
      ASSERT_TRUE(problem.discretization.triangulation().has_hanging_nodes());
      problem.solve();
      EXPECT_LT(problem.errors().L2, 1e-10) << "degree " << degree;
    }
}

TEST(FiniteElementSolver, ReproducesPolynomialsIn3dWithHangingNodes)
{
  const AdvectionDiffusionReaction<3> equation(
    manufactured_problem<3>("x^2 - y*z + z^2*x"));
  Problem<3> problem(equation, 2, 1);
  problem.solve();
  problem.discretization.refine(problem.solution);
  problem.setup();
  ASSERT_TRUE(problem.discretization.triangulation().has_hanging_nodes());
  problem.solve();
  EXPECT_LT(problem.errors().L2, 1e-10);
}

TEST(FiniteElementSolver, SolvesSystems)
{
  const ElasticityForm form;
  Problem<2>           problem(form, 2, 3);
  const auto           statistics = problem.solve();
  EXPECT_EQ(statistics.newton_steps, 1u);
  EXPECT_LT(problem.errors().L2, 1e-10);
}

TEST(FiniteElementSolver, HighDegreesAreSolvedToRounding)
{
  // A polynomial of degree six is reproduced by all of these.
  const AdvectionDiffusionReaction<2> equation(
    manufactured_problem<2>("x^6 - 3*x*y^5 + y"));
  for (const unsigned int degree : {6, 7, 8})
    {
      Problem<2> problem(equation, degree, 2);
      problem.solve();
      EXPECT_LT(problem.errors().L2, 1e-11) << "degree " << degree;
    }
}

TEST(FiniteElementSolver, NewtonConvergesQuadraticallyFromZero)
{
  auto parameters      = manufactured_problem<2>("2*sin(3*x)*cos(2*y)");
  parameters.diffusion = "1 + u^2";
  parameters.reaction  = "exp(u)";
  const AdvectionDiffusionReaction<2> equation(parameters);
  Problem<2>                          problem(equation, 2, 3);
  const auto                          statistics = problem.solve();
  EXPECT_GT(statistics.newton_steps, 2u);
  EXPECT_LT(statistics.newton_steps, 15u);

  FEVector zero = problem.discretization.make_vector(), f;
  problem.assembler->residual(zero, f);
  const double at_start = f.l2_norm();
  problem.assembler->residual(problem.solution, f);
  EXPECT_LT(f.l2_norm(), 1e-11 * at_start);
  EXPECT_LE(FiniteElementSolver()
              .solve(*problem.assembler, problem.solution)
              .newton_steps,
            2u);
}

TEST(FiniteElementSolver, AdvectionDominatedProblemsAreSolved)
{
  auto parameters      = manufactured_problem<2>("sin(x)*cos(y)");
  parameters.diffusion = "1e-4";
  parameters.advection = "1, 0.5 - x";
  const AdvectionDiffusionReaction<2> equation(parameters);
  Problem<2>                          problem(equation, 3, 3);
  problem.solve();
  EXPECT_LT(problem.errors().L2, 1e-4);
}

TEST(FiniteElementSolver, FailuresAreReported)
{
  // No real solution: beyond the fold of the Bratu problem.
  AdvectionDiffusionReaction<2>::Parameters parameters;
  parameters.reaction = "-100*exp(u)";
  const AdvectionDiffusionReaction<2> bratu(parameters);
  Problem<2>                          problem(bratu, 1, 2);
  expect_contains(message([&]() { problem.solve(); }), "Newton's method");

  parameters.reaction = "1/u";
  const AdvectionDiffusionReaction<2> singular(parameters);
  Problem<2>                          undefined(singular, 1, 2);
  expect_contains(message([&]() { undefined.solve(); }), "not finite");
}

TEST(FiniteElementSolver, ProblemsWithoutAUniqueSolutionAreNamed)
{
  const auto complaint =
    [](const std::function<void(AdvectionDiffusionReaction<2>::Parameters &)>
         &change) {
      auto parameters = manufactured_problem<2>("cos(pi*x)*cos(pi*y)");
      change(parameters);
      const AdvectionDiffusionReaction<2> equation(parameters);
      Problem<2>                          problem(equation, 2, 3);
      return message([&]() { problem.solve(); });
    };

  // Compatible or not, constants may be added.
  for (const std::string right_hand_side : {"manufactured", "1 + x"})
    expect_contains(complaint([&](auto &p) {
                      p.dirichlet       = "";
                      p.right_hand_side = right_hand_side;
                    }),
                    "no unique solution",
                    "a constant may be added to component 0");
  // A reaction fixes them.
  EXPECT_EQ(complaint([](auto &p) {
              p.dirichlet = "";
              p.neumann   = "all: manufactured";
              p.reaction  = "1e-3*u";
            }),
            "");
  // Helmholtz at an eigenvalue of the mesh's problem is nearly singular, away
  // from it not.
  EXPECT_EQ(complaint([](auto &p) { p.reaction = "-30*u"; }), "");

  expect_contains(complaint([](auto &p) { p.diffusion = "x - 0.4"; }),
                  "not elliptic at the point",
                  "derivatives by coordinate 1 of component 0");
  for (const std::string extreme : {"1e-300", "1e300"})
    expect_contains(complaint([&](auto &p) { p.diffusion = extreme; }),
                    "expected a number between 1e-140 and 1e140");
}

TEST(BlockProduct, AgreesWithProductsOfVectors)
{
  auto parameters      = manufactured_problem<2>("x*y");
  parameters.advection = "1, y";
  const AdvectionDiffusionReaction<2> equation(parameters);
  Problem<2>                          problem(equation, 3, 2);
  SparseMatrix                        A;
  problem.assembler->jacobian(problem.solution, A);

  const std::size_t n = problem.solution.locally_owned_size();
  // Columns of a larger block, so that the leading dimension matters.
  const Block X  = columns(random_block(n, 7), 2, 6);
  const Block AX = make_block(n, 4);
  for (const bool transpose : {false, true})
    {
      BlockProduct(A).multiply(X, AX, transpose);
      const Block expected = make_block(n, 4);
      for (std::size_t j = 0; j < 4; ++j)
        {
          FEVector x = problem.solution, y = problem.solution;
          std::copy_n(&X(0, j), n, x.begin());
          transpose ? A.Tvmult(y, x) : A.vmult(y, x);
          std::copy_n(y.begin(), n, &expected(0, j));
        }
      EXPECT_LT(difference(AX, expected), 1e-13);
    }
}

TEST(LinearSolver, SolvesBlocksByAllMethods)
{
  auto parameters     = manufactured_problem<2>("x*y");
  parameters.reaction = "u";
  const AdvectionDiffusionReaction<2> equation(parameters);
  Problem<2>                          problem(equation, 4, 2);
  SparseMatrix                        K;
  problem.assembler->jacobian(problem.solution, K);

  const std::size_t n = problem.solution.locally_owned_size();
  const Block       X = random_block(n, 3);
  const Block       B = make_block(n, 3), solution = make_block(n, 3);
  BlockProduct(K).multiply(X, B);
  for (const auto method : {LinearSolver::Method::direct,
                            LinearSolver::Method::conjugate_gradients,
                            LinearSolver::Method::gmres})
    {
      LinearSolver solver(K, problem.discretization, method);
      solver.solve(solution, B);
      EXPECT_LT(difference(solution, X), 1e-9);
    }
}
