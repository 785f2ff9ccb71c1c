// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Steady flow: elements of Taylor and Hood, the constant of the pressure, the
// norm of residuals, and untrained networks that become solutions.

#include <lsr/fe/comparison.h>
#include <lsr/fe/field_distance.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/dofs/dof_tools.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <string>

#include "support/make_problem.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  template <int dim = 2>
  std::unique_ptr<Problem<dim>>
  flow(const std::string &lines,
       const unsigned int refinements,
       const unsigned int degree,
       const std::string &other = "")
  {
    return make_problem<dim>(
      section("Navier-Stokes", lines) +
        section("Mesh",
                "set Global refinements = " + std::to_string(refinements)) +
        section("Finite element",
                "set Finite element degree = " + std::to_string(degree)) +
        other,
      "navier-stokes");
  }

  const std::string cavity =
    "set Dirichlet conditions = 3: 4*x*(1 - x), 0; all: 0, 0\n";

  /// Kovasznay's solution for Re = 40.
  const std::string kovasznay =
    "set Reynolds number = 40\n"
    "set Constants = k: -0.963740544195769\n"
    "set Exact solution = 1 - exp(k*x)*cos(2*pi*y), "
    "k/(2*pi)*exp(k*x)*sin(2*pi*y), -exp(2*k*x)/2\n"
    "set Dirichlet conditions = all: manufactured\n";

  template <int dim>
  FEVector
  solve(const Problem<dim> &problem)
  {
    return problem.solve(dealii::ConditionalOStream(std::cout, false));
  }

  /// Relative L2 distances of velocity and pressure, the latter up to a
  /// constant, to the interpolant of the exact solution.
  std::pair<double, double>
  errors(const Problem<2> &problem, const FEVector &solution)
  {
    const auto &space = problem.discretization;
    FEVector    exact(space.locally_owned_dofs(), space.communicator());
    dealii::VectorTools::interpolate(space.mapping(),
                                     space.dof_handler(),
                                     *problem.equation.exact_solution(),
                                     exact);
    const auto masks    = base_element_masks(space.finite_element());
    const auto distance = [&](const unsigned int base) {
      return relative_distance(
        space.dof_handler(), solution, exact, masks[base], base == 1);
    };
    return {distance(0), distance(1)};
  }

  /// The square of the norm that a Gram matrix defines, for v = (x (1 - x) y (1
  /// - y), 0) and q = x.
  double
  square(const Problem<2>                             &problem,
         const dealii::TrilinosWrappers::SparseMatrix &K)
  {
    const auto                 &space = problem.discretization;
    const ExpressionFunction<2> function(
      {{"x*(1 - x)*y*(1 - y)", "v"}, Expression<2>(), {"x", "q"}});
    FEVector v(space.locally_owned_dofs(), space.communicator()), Kv(v);
    dealii::VectorTools::interpolate(space.mapping(),
                                     space.dof_handler(),
                                     function,
                                     v);
    space.constraints().set_zero(v);
    K.vmult(Kv, v);
    return v * Kv;
  }
} // namespace

TEST(NavierStokes, JacobianIsTheDerivativeOfTheResidual)
{
  const auto check = [](const auto &problem) {
    FiniteElementResidual residual(problem.assembler(), ResidualNorm::dual);
    expect_jacobian(residual, random_column(residual.n_values(), 3));
  };
  const auto problem = flow(cavity, 2, 3);
  check(*problem);
  problem->adapt(solve(*problem));
  ASSERT_TRUE(problem->discretization.triangulation().has_hanging_nodes());
  check(*problem);
  check(*flow<3>("set Dirichlet conditions = 5: 1, 0, 0; all: 0, 0, 0", 1, 2));
}

TEST(NavierStokes, KovasznayFlowHasOptimalOrders)
{
  for (const unsigned int degree : {2, 3})
    {
      std::pair<double, double> coarse, fine;
      const auto                problem = flow(kovasznay, 2, degree);
      for (const unsigned int level : {1, 2})
        {
          problem->setup(level);
          coarse = fine;
          fine   = errors(*problem, solve(*problem));
          std::cout << "Q" << degree << "-Q" << degree - 1 << ": velocity "
                    << fine.first << ", pressure " << fine.second << std::endl;
        }
      EXPECT_GT(std::log2(coarse.first / fine.first), degree + 0.85);
      EXPECT_GT(std::log2(coarse.second / fine.second), degree - 0.15);
    }
}

TEST(NavierStokes, ThePressureIsFixedAtOnePointOnlyWhereItsConstantIsFree)
{
  const auto n_pressures = [](const Problem<2> &problem) {
    const auto       &space = problem.discretization;
    const FEVector    u     = solve(problem);
    std::vector<bool> mask  = {false, false, true};
    const auto        dofs =
      dealii::DoFTools::extract_dofs(space.dof_handler(),
                                     dealii::ComponentMask(mask));
    unsigned int n = 0;
    for (const auto &[dof, value] : space.dirichlet_values())
      if (dofs.is_element(dof))
        {
          ++n;
          EXPECT_EQ(u(dof), value);
        }
    return n;
  };
  EXPECT_EQ(n_pressures(*flow(cavity, 2, 2)), 1u);

  // A channel, whose outlet is the boundary 1.
  const auto channel =
    flow("set Dirichlet conditions = 0: 4*y*(1 - y), 0; 2: 0, 0; 3: 0, 0\n"
         "set Exact solution = 4*y*(1 - y), 0, 8/Re*(1 - x)",
         2,
         2);
  EXPECT_EQ(n_pressures(*channel), 0u);
  const auto [velocity, pressure] = errors(*channel, solve(*channel));
  EXPECT_LT(velocity, 1e-12);
  EXPECT_LT(pressure, 1e-12);
}

TEST(NavierStokes, NormsMeasureMomentumInHMinusOneAndTheDivergenceInL2)
{
  const auto problem = flow("set Reynolds number = 7\n" + cavity, 2, 2);
  dealii::TrilinosWrappers::SparseMatrix K;
  problem->assembler().gram_matrix(solve(*problem), K);
  EXPECT_NEAR(square(*problem, K), (1. / 45. + 1. / 3.) / 7., 1e-12);
  problem->assembler().sobolev_matrix(0.5, K);
  EXPECT_NEAR(square(*problem, K), 1. / 900. + 0.5 / 45. + 1. / 3., 1e-12);
}

TEST(NavierStokes, UntrainedNetworksBecomeFlows)
{
  const auto     problem = flow(cavity, 3, 2);
  const auto    &space   = problem->discretization;
  FullyConnected layout;
  layout.n_outputs       = 3;
  layout.widths          = {40, 40, 40};
  layout.input_shift     = {0.5, 0.5};
  layout.input_scale     = {3., 3.};
  const Network  network = layout.build();
  const Sampling nodes =
    nodal_sampling(space.mapping(), space.dof_handler(), 3);
  const FEVector fem = solve(*problem);
  for (const ResidualNorm norm : {ResidualNorm::dual, ResidualNorm::sobolev})
    {
      FiniteElementResidual<2> residual(problem->assembler(), norm);
      const StructuredBasis    basis(network, 400, 1);
      const Refinement         refinement = refine(basis, nodes, residual, {});
      const auto               distance   = [&](const Column &q) {
        return compute_difference(space.mapping(),
                                  space.dof_handler(),
                                  residual.field(q),
                                  fem);
      };
      const FieldDifference refined = distance(refinement.values),
                            before  = distance(nodes.evaluate(network));
      std::cout << to_string(norm) << ": velocity " << before.L2 << " -> "
                << refined.L2 << ", pressure " << before.multiplier << " -> "
                << refined.multiplier << ", rank " << refinement.rank
                << std::endl;
      EXPECT_LT(refined.L2, 5e-3);
      EXPECT_LT(refined.multiplier, 1e-2);
    }
}

TEST(NavierStokes, MistakesAreNamed)
{
  expect_contains(message([]() { flow(cavity, 2, 1); }),
                  "Finite element degree is 1, expected 2 or more",
                  "multiplier");
  expect_contains(message([]() {
                    flow(cavity,
                         2,
                         2,
                         section("Finite element",
                                 "set Petrov-Galerkin in time = true"));
                  }),
                  "Petrov-Galerkin in time is true, expected false");
  expect_contains(message([]() { flow("set Force = 1", 2, 2); }),
                  "Navier-Stokes/Force has 1 components, expected 2");
  expect_contains(message([]() {
                    flow("set Dirichlet conditions = all: manufactured", 2, 2);
                  }),
                  "manufactured, expected an Exact solution");
}
