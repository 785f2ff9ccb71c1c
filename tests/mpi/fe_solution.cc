// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Quantities that distributed memory must not change: each is computed on all
// ranks together and on one.

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/linear_solver.h>

#include <gtest/gtest.h>

#include "fe/block_product.h"
#include "support/problems.h"
#include "support/ranks.h"

using namespace lsr;
using namespace lsr::test;
using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

namespace
{
  /// Numbers that do not depend on the numbering of degrees of freedom.
  struct Invariants
  {
    unsigned int n_dofs;
    Errors       errors;
    double       norm;
    double       mass;
    double       energy;
    double       dual_norm;
  };

  template <int dim>
  Invariants
  compute(MPI_Comm                               communicator,
          const AdvectionDiffusionReaction<dim> &equation,
          const unsigned int                     degree,
          const unsigned int                     refinements)
  {
    Problem<dim> problem(equation,
                         degree,
                         refinements,
                         "hyper_cube",
                         "0 : 1 : true",
                         communicator);
    problem.solve();
    problem.discretization.refine(problem.solution);
    problem.setup();
    problem.solve();

    Invariants result;
    result.n_dofs = problem.discretization.dof_handler().n_dofs();
    result.errors = problem.errors();
    result.norm   = problem.solution.l2_norm();

    const FEVector mass = problem.assembler->lumped_mass();
    result.mass         = mass.l2_norm();

    // The energy norm and the dual norm of the residual at another function.
    FEVector u = problem.discretization.make_vector();
    dealii::VectorTools::interpolate(problem.discretization.mapping(),
                                     problem.discretization.dof_handler(),
                                     ExpressionFunction<dim>(
                                       {Expression<dim>("1 + x^2", "")}),
                                     u);
    FEVector f;
    problem.assembler->residual(u, f);
    SparseMatrix K;
    problem.assembler->gram_matrix(u, K);
    const std::size_t n = f.locally_owned_size();
    const Block       F = make_block(n, 1), KF = make_block(n, 1);
    std::copy_n(f.begin(), n, F.data());
    BlockProduct(K).multiply(F, KF);
    const auto dot = [&](const Block &X) {
      double sum = 0.;
      for (std::size_t i = 0; i < n; ++i)
        sum += F(i, 0) * X(i, 0);
      return dealii::Utilities::MPI::sum(sum, communicator);
    };
    result.energy = dot(KF);
    LinearSolver(K,
                 problem.discretization,
                 LinearSolver::Method::conjugate_gradients)
      .solve(KF, F);
    result.dual_norm = dot(KF);
    LinearSolver(K, problem.discretization, LinearSolver::Method::direct)
      .solve(KF, F);
    EXPECT_NEAR(dot(KF), result.dual_norm, 1e-9 * result.dual_norm);
    return result;
  }

  template <int dim>
  void
  expect_independence_of_ranks(
    const typename AdvectionDiffusionReaction<dim>::Parameters &parameters,
    const unsigned int                                          degree,
    const unsigned int                                          refinements)
  {
    const AdvectionDiffusionReaction<dim> equation(parameters);
    compare_with_one_rank(
      [&](const MPI_Comm communicator) {
        return compute<dim>(communicator, equation, degree, refinements);
      },
      [](const Invariants &together, const Invariants &alone) {
        const auto expect_equal = [](const double a, const double b) {
          EXPECT_NEAR(a, b, 1e-10 * std::abs(b));
        };
        EXPECT_EQ(together.n_dofs, alone.n_dofs);
        EXPECT_NEAR(together.errors.L2, alone.errors.L2, 1e-11);
        EXPECT_NEAR(together.errors.H1, alone.errors.H1, 1e-11);
        expect_equal(together.norm, alone.norm);
        expect_equal(together.mass, alone.mass);
        expect_equal(together.energy, alone.energy);
        expect_equal(together.dual_norm, alone.dual_norm);
      });
  }

  template <int dim>
  typename AdvectionDiffusionReaction<dim>::Parameters
  nonlinear_problem(const std::string &exact)
  {
    typename AdvectionDiffusionReaction<dim>::Parameters parameters;
    parameters.exact_solution  = exact;
    parameters.right_hand_side = manufactured;
    parameters.diffusion       = "1 + 0.3*u^2";
    parameters.reaction        = "u^3";
    parameters.dirichlet       = "0: manufactured";
    parameters.robin           = "all: 1, manufactured";
    return parameters;
  }
} // namespace

TEST(Ranks, DoNotChangeTheSolutionIn2d)
{
  expect_independence_of_ranks<2>(nonlinear_problem<2>("exp(-10*x)*cos(y) + x"),
                                  3,
                                  2);
}

TEST(Ranks, DoNotChangeTheSolutionIn1d)
{
  expect_independence_of_ranks<1>(nonlinear_problem<1>("exp(-10*x) + x"), 2, 4);
}

TEST(Ranks, DoNotChangeTheSolutionIn3d)
{
  expect_independence_of_ranks<3>(nonlinear_problem<3>("exp(-10*x)*cos(y + z)"),
                                  1,
                                  2);
}
