// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/refine/linear_case.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/hanging_nodes.h"
#include "support/messages.h"
#include "support/models.h"

using namespace lsr::test;
using lsr::make_block;
using lsr::make_column;
using lsr::ResidualNorm;
using Parameters = lsr::AdvectionDiffusionReaction<2>::Parameters;

namespace
{
  Parameters
  linear_parameters()
  {
    Parameters parameters;
    parameters.diffusion       = "2 + x";
    parameters.reaction        = "3*u";
    parameters.right_hand_side = "exp(x*y)";
    parameters.dirichlet       = "0: y; 1: 0; 2: x; 3: 1 - x";
    return parameters;
  }

  Parameters
  nonlinear_parameters()
  {
    Parameters parameters = linear_parameters();
    parameters.reaction   = "u^3";
    return parameters;
  }

  const std::vector<Case> cases = {{ResidualNorm::l2, true},
                                   {ResidualNorm::l2, false},
                                   {ResidualNorm::mass, true},
                                   {ResidualNorm::mass, false},
                                   {ResidualNorm::dual, true}};

  lsr::Column
  evaluate(lsr::Residual &residual, const lsr::Column &q)
  {
    const lsr::Column f = make_column(residual.n_rows());
    residual.evaluate(q, f);
    return f;
  }
} // namespace

TEST(Linearization, OfALinearProblemIsTheResidualItself)
{
  for (const Case &c : cases)
    {
      SCOPED_TRACE(to_string(c.norm) + (c.strong_dirichlet ? ", strong" : ""));
      const Model model(linear_parameters(), c.strong_dirichlet);
      ASSERT_TRUE(model.discretization.triangulation().has_hanging_nodes());
      lsr::FiniteElementResidual<2> residual(*model.assembler, c.norm, 7.);
      const std::size_t             n = residual.n_values();
      lsr::LinearizedResidual       linearized(
        residual.linearization(random_column(n, 1)));
      ASSERT_EQ(linearized.n_values(), n);
      ASSERT_EQ(linearized.n_rows(), n);
      const bool diagonal = residual.inner_product().diagonal();
      EXPECT_EQ(linearized.inner_product().diagonal(), diagonal);
      // A diagonal inner product becomes a part of the rows.
      const auto scale = [&](const lsr::Block &rows) {
        if (diagonal)
          residual.inner_product().scale(rows);
      };

      // At other values, which do not obey the constraints.
      const lsr::Column q = random_column(n, 2);
      residual.linearize(q);
      const lsr::Column f    = evaluate(residual, q);
      const double      norm = residual.norm(f);
      scale(lsr::as_block(f));
      EXPECT_LT(relative_difference(evaluate(linearized, q), f), 1e-13);
      EXPECT_NEAR(linearized.norm(f), norm, 1e-11 * norm);

      const lsr::Block X = random_block(n, 3, 3), Y = random_block(n, 3, 3);
      residual.set_zero(X);
      linearized.set_zero(Y);
      EXPECT_EQ(relative_difference(Y, X), 0.);
      const lsr::Block AX = make_block(n, 3), other = make_block(n, 3);
      residual.apply_jacobian(X, AX);
      scale(AX);
      linearized.apply_jacobian(X, other);
      EXPECT_LT(relative_difference(other, AX), 1e-14);
      linearized.apply_transposed_jacobian(X, other);
      scale(X);
      residual.apply_transposed_jacobian(X, AX);
      EXPECT_LT(relative_difference(other, AX), 1e-14);

      const lsr::Column u = random_column(n, 4), v = random_column(n, 4);
      residual.distribute(u);
      linearized.distribute(v);
      EXPECT_LT(relative_difference(v, u), 1e-15);
    }
}

TEST(Linearization, OfANonlinearProblemIsItsTangent)
{
  for (const bool strong_dirichlet : {true, false})
    {
      const Model model(nonlinear_parameters(), strong_dirichlet);
      lsr::FiniteElementResidual<2> residual(*model.assembler,
                                             ResidualNorm::mass);
      const std::size_t             n = residual.n_values();
      const lsr::Column             q = random_column(n, 1);
      lsr::LinearizedResidual       linearized(residual.linearization(q));
      const lsr::Column f = evaluate(residual, q);
      residual.inner_product().scale(lsr::as_block(f));
      EXPECT_LT(relative_difference(evaluate(linearized, q), f), 1e-14);
      const lsr::Block X = random_block(n, 3, 3), AX = make_block(n, 3),
                       other = make_block(n, 3);
      residual.linearize(q);
      residual.set_zero(X);
      residual.apply_jacobian(X, AX);
      residual.inner_product().scale(AX);
      linearized.apply_jacobian(X, other);
      EXPECT_LT(relative_difference(other, AX), 1e-14);
    }
}

TEST(Linearization, DoesNotKeepTheResidualFromItsNorm)
{
  const Model                   model(linear_parameters(), true);
  lsr::FiniteElementResidual<2> residual(*model.assembler, ResidualNorm::dual);
  const lsr::Column             q = random_column(residual.n_values(), 1);
  residual.linearization(q);
  residual.linearize(q);
  EXPECT_GT(residual.norm(evaluate(residual, q)), 0.);
}

TEST(Linearization, NormsWithAnotherMatrixAreRefused)
{
  const Model nonlinear(nonlinear_parameters(), true);
  const Model linear(linear_parameters(), true);
  Parameters  advective = linear_parameters();
  advective.advection   = "1, y";
  const Model nonsymmetric(advective, true);
  const auto  refusal = [](const Model &model, const ResidualNorm norm) {
    lsr::FiniteElementResidual<2> residual(*model.assembler, norm);
    return message(
      [&]() { residual.linearization(make_column(residual.n_values())); });
  };
  expect_contains(refusal(nonlinear, ResidualNorm::dual),
                  "The dual norm of this residual needs a matrix besides");
  expect_contains(refusal(nonsymmetric, ResidualNorm::dual), "expected l2");
  expect_contains(refusal(linear, ResidualNorm::sobolev), "The sobolev norm");
  EXPECT_EQ(refusal(linear, ResidualNorm::dual), "");
}
