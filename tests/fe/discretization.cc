// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/discretization.h>
#include <lsr/fe/nodal_sampling.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/problems.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  std::string
  report_of_make_grid(const Discretization<2>::Parameters &parameters)
  {
    return message(
      [&]() { Discretization<2>(MPI_COMM_WORLD, 1, parameters).make_grid(); });
  }
} // namespace

TEST(Discretization, ReadsItsParameters)
{
  dealii::ParameterAcceptor::clear();
  {
    Discretization<2>             discretization(MPI_COMM_WORLD);
    AdvectionDiffusionReaction<2> equation;
    std::istringstream            input(
      "subsection Mesh\n"
                 "  set Grid generator = subdivided_hyper_rectangle\n"
                 "  set Grid generator arguments = 3, 2 : 0, 0 : 3, 2 : true\n"
                 "  set Global refinements = 1\n"
                 "end\n"
                 "subsection Finite element\n"
                 "  set Finite element degree = 3\n"
                 "end\n"
                 "subsection Equation\n"
                 "  set Constants = k: 4\n"
                 "  set Dirichlet conditions = 0: k; all: 0\n"
                 "end\n");
    dealii::ParameterAcceptor::declare_all_parameters();
    dealii::ParameterAcceptor::prm.parse_input(input);
    dealii::ParameterAcceptor::parse_all_parameters();
    discretization.make_grid();
    discretization.setup_dofs(equation.dirichlet_conditions());
    EXPECT_EQ(discretization.triangulation().n_global_active_cells(), 24u);
    EXPECT_EQ(discretization.dof_handler().n_dofs(), 19u * 13u);
    // The left side has nodes that it does not share with bottom or top.
    unsigned int n_k = 0;
    for (const auto &[dof, value] : discretization.dirichlet_values())
      n_k += value == 4.;
    EXPECT_GE(n_k, 11u);
    EXPECT_EQ(discretization.dirichlet_values().size(), 2u * (19u + 13u) - 4u);
  }
  dealii::ParameterAcceptor::clear();
}

TEST(Discretization, WeakDirichletValuesAreKnownButNotImposed)
{
  const AdvectionDiffusionReaction<2> equation;
  const Problem<2>                    problem(equation, 2, 2);
  EXPECT_EQ(problem.discretization.dirichlet_values().size(), 32u);
  EXPECT_EQ(problem.discretization.constraints().n_constraints(), 32u);

  // Without them the residual of a constant is not constrained anywhere, and
  // the Jacobian has the constants in its kernel.
  const Assembler<2> weak(equation, problem.discretization, false);
  EXPECT_EQ(weak.constraints().n_constraints(), 0u);
  dealii::TrilinosWrappers::SparseMatrix A;
  weak.jacobian(problem.solution, A);
  FEVector one = problem.solution, product = problem.solution;
  one = 1.;
  A.vmult(product, one);
  EXPECT_LT(product.linfty_norm(), 1e-13);
}

TEST(Discretization, RefinementFollowsTheError)
{
  // A steep layer at the left end.
  AdvectionDiffusionReaction<1>::Parameters parameters;
  parameters.exact_solution  = "exp(-50*x)";
  parameters.right_hand_side = manufactured;
  parameters.dirichlet       = "all: manufactured";
  const AdvectionDiffusionReaction<1> equation(parameters);
  Problem<1>                          problem(equation, 2, 3);
  problem.solve();
  for (unsigned int cycle = 0; cycle < 12; ++cycle)
    {
      problem.discretization.refine(problem.solution);
      problem.setup();
      problem.solve();
    }
  Problem<1> uniform(equation, 2, 6);
  uniform.solve();
  EXPECT_LT(problem.discretization.dof_handler().n_dofs(),
            uniform.discretization.dof_handler().n_dofs());
  EXPECT_LT(problem.errors().L2, uniform.errors().L2);
}

TEST(Discretization, MeshFilesAreRead)
{
  const TemporaryFolder         folder;
  const std::string             name = folder.write("two_cells.inp",
                                        "6 2 0 0 0\n1 0 0 0\n2 1 0 0\n3 2 0 0\n"
                                                    "4 0 1 0\n5 1 1 0\n6 2 1 0\n"
                                                    "1 0 quad 1 2 5 4\n2 0 quad 2 3 6 5\n");
  Discretization<2>::Parameters parameters;
  parameters.mesh_file          = name;
  parameters.global_refinements = 1;
  Discretization<2> discretization(MPI_COMM_WORLD, 1, parameters);
  discretization.make_grid();
  EXPECT_EQ(discretization.triangulation().n_global_active_cells(), 8u);
}

TEST(Discretization, MeshCoordinatesAreThoseBeforeGrading)
{
  Discretization<2>::Parameters parameters;
  parameters.grid_generator     = "subdivided_hyper_rectangle";
  parameters.grid_arguments     = "3, 2 : -1, 0 : 2, 1 : true";
  parameters.grading            = "sinh(2*x), y + 0.1*x*y";
  parameters.global_refinements = 2;
  parameters.degree             = 5;
  Discretization<2> discretization(MPI_COMM_WORLD, 1, parameters);
  discretization.make_grid();
  discretization.setup_dofs({});
  const auto nodes = [&](const dealii::Mapping<2> &mapping) {
    return nodal_sampling(mapping, discretization.dof_handler(), 1).points;
  };
  const Block x  = nodes(discretization.mapping()),
              xi = nodes(*discretization.mesh_coordinates());
  ASSERT_EQ(x.extent(1), xi.extent(1));
  for (std::size_t i = 0; i < x.extent(1); ++i)
    {
      EXPECT_NEAR(x(0, i), std::sinh(2 * xi(0, i)), 1e-12);
      EXPECT_NEAR(x(1, i), xi(1, i) + 0.1 * xi(0, i) * xi(1, i), 1e-12);
    }
}

TEST(Discretization, WithoutGradingMeshCoordinatesAreTheCoordinates)
{
  const AdvectionDiffusionReaction<3> equation;
  const Problem<3>                    problem(equation, 2, 1);
  const Discretization<3>            &discretization = problem.discretization;
  const auto nodes = [&](const dealii::Mapping<3> &mapping) {
    return nodal_sampling(mapping, discretization.dof_handler(), 1).points;
  };
  const Block x  = nodes(discretization.mapping()),
              xi = nodes(*discretization.mesh_coordinates());
  for (std::size_t i = 0; i < x.extent(1); ++i)
    for (unsigned int d = 0; d < 3; ++d)
      EXPECT_NEAR(x(d, i), xi(d, i), 1e-15);
}

TEST(Discretization, GradingsThatFoldTheMeshHaveNoInverse)
{
  const Grading<1>        grading("x^2", "test");
  const InverseGrading<1> inverse(grading);
  EXPECT_NEAR(inverse(dealii::Point<1>(4.), dealii::Point<1>(1.))[0],
              2.,
              1e-14);
  expect_contains(message([&]() {
                    inverse(dealii::Point<1>(-1.), dealii::Point<1>(1.));
                  }),
                  "x^2");
}

TEST(Discretization, MistakesAreReported)
{
  Discretization<2>::Parameters parameters;
  parameters.mesh_file = "/nowhere/mesh.msh";
  expect_contains(report_of_make_grid(parameters), "/nowhere/mesh.msh");

  const TemporaryFolder folder;
  parameters           = {};
  parameters.mesh_file = folder.write("no_mesh.msh", "no mesh at all\n");
  expect_contains(report_of_make_grid(parameters), parameters.mesh_file);

  parameters                = {};
  parameters.grid_generator = "hyper_cubicle";
  expect_contains(report_of_make_grid(parameters), "hyper_cubicle");

  parameters                = {};
  parameters.grid_arguments = "0 : one : true";
  expect_contains(report_of_make_grid(parameters), "0 : one : true");

  parameters        = {};
  parameters.degree = 17;
  expect_contains(report_of_make_grid(parameters), "1...16");

  AdvectionDiffusionReaction<2>::Parameters equation_parameters;
  equation_parameters.dirichlet = "7: 0";
  const AdvectionDiffusionReaction<2> equation(equation_parameters);
  const std::string                   report =
    message([&]() { Problem<2> problem(equation, 1, 1); });
  expect_contains(report, "boundary id 7");
  expect_contains(report, "0, 1, 2, 3");
}
