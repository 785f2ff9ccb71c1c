// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Refinements in one tangent space by Galerkin's method, on all ranks together
// and on one.

#include <lsr/base/types.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/tangent_space.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/models.h"
#include "support/problems.h"
#include "support/ranks.h"

using namespace lsr;

namespace
{
  struct Outcome
  {
    Column       correction;
    double       initial_norm, refined_norm;
    unsigned int n_reduced_matrices;
  };

  Outcome
  refine_on(const MPI_Comm communicator)
  {
    AdvectionDiffusionReaction<2>::Parameters parameters;
    parameters.diffusion       = "1 + x";
    parameters.exact_solution  = "sin(2*pi*x)*sin(pi*y)";
    parameters.right_hand_side = manufactured;
    const AdvectionDiffusionReaction<2> equation(parameters);
    test::Problem<2>                    problem(
      equation, 2, 3, "hyper_cube", "0 : 1 : true", communicator);

    FullyConnected model;
    model.widths                  = {30, 30};
    const Network         network = model.build();
    const StructuredBasis basis(network, 40, 1);
    const Sampling        sampling =
      nodal_sampling(problem.discretization.mapping(),
                     problem.discretization.dof_handler(),
                     1);
    FiniteElementResidual<2> residual(*problem.assembler, ResidualNorm::l2);
    const TangentSpace       space(basis, sampling, residual);
    RefinementParameters     galerkin;
    galerkin.galerkin = true;
    refine(space, sampling, residual, galerkin);
    const Refinement again = refine(space, sampling, residual, galerkin);
    return {again.correction,
            again.initial_norm,
            again.refined_norm,
            space.n_galerkin_matrices()};
  }
} // namespace

TEST(TangentSpaceOnRanks, GivesTheSameCorrection)
{
  test::compare_with_one_rank(
    refine_on, [](const Outcome &together, const Outcome &alone) {
      EXPECT_LT(test::relative_difference(together.correction,
                                          alone.correction),
                1e-7);
      EXPECT_NEAR(together.initial_norm,
                  alone.initial_norm,
                  1e-10 * alone.initial_norm);
      EXPECT_LT(together.refined_norm, 1e-8 * together.initial_norm);

      // The second refinement found the reduced matrix of the first.
      EXPECT_EQ(together.n_reduced_matrices, 1u);
      EXPECT_EQ(alone.n_reduced_matrices, 1u);
    });
}
