// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Equations by name, with that of plugin/template as the user's own: a system
// whose Jacobian, finite-element solution and refinement are tested here.

#include <lsr/base/exceptions.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/problem.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include "../../plugin/template/nonlinear_elasticity.cc"
#include "support/make_problem.h"
#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  const std::string name = "nonlinear elasticity";

  /// The template's problem on a small mesh, with other lines in its section.
  template <int dim>
  std::unique_ptr<Problem<dim>>
  template_problem(const std::string &lines)
  {
    return make_problem<dim>(
      section("Equation", "set Name = " + name) +
        section("Nonlinear elasticity", "set Lame modulus = 2\n" + lines) +
        section("Mesh",
                "set Grid generator arguments = 0 : 10 : true\n"
                "set Global refinements = " +
                  std::to_string(dim == 2 ? 3 : 1)),
      name);
  }

  /// A smooth deformation of some per cent, with the Dirichlet values.
  template <int dim>
  FEVector
  some_deformation(const Problem<dim> &problem)
  {
    FEVector u = problem.discretization.make_vector();
    for (const auto dof : problem.discretization.locally_owned_dofs())
      u(dof) = 0.05 * std::sin(1. + 3. * dof);
    return problem.discretization.make_conforming(
      u, problem.assembler().constraints());
  }

  /// The largest difference between A v and a difference quotient of f,
  /// relative to A v.
  template <int dim>
  double
  error_of_tangent(const Problem<dim> &problem)
  {
    const Assembler<dim> &assembler = problem.assembler();
    const FEVector        u         = some_deformation(problem);
    FEVector              v         = u;
    for (const auto dof : problem.discretization.locally_owned_dofs())
      v(dof) = assembler.constraints().is_constrained(dof) ?
                 0. :
                 std::cos(2. + 5. * dof);

    dealii::TrilinosWrappers::SparseMatrix A;
    assembler.jacobian(u, A);
    FEVector Av = v, quotient, f;
    A.vmult(Av, v);

    const double h     = 1e-5;
    FEVector     moved = u;
    moved.add(h, v);
    assembler.residual(moved, quotient);
    moved.add(-2. * h, v);
    assembler.residual(moved, f);
    quotient -= f;
    quotient /= 2. * h;
    quotient -= Av;
    return quotient.linfty_norm() / Av.linfty_norm();
  }
} // namespace

TEST(EquationRegistry, MakesEquationsByNameForTheirDimensions)
{
  EXPECT_EQ(make_equation<2>(name)->n_components(), 2u);
  EXPECT_EQ(make_equation<3>(name)->n_components(), 3u);
  EXPECT_EQ(make_equation<1>(default_equation)->n_components(), 1u);
  EXPECT_THROW(make_equation<1>(name), Error);
  expect_contains(message([]() { make_equation<1>(name); }),
                  "registered for 2 and 3 dimensions, but Dimension is 1");
  const std::string unknown = message([]() { make_equation<2>("no name"); });
  expect_contains(unknown, "'no name'");
  expect_contains(unknown, "'" + name + "'");
  expect_contains(unknown, std::string("'") + default_equation + "'");
  expect_contains(describe_equations(), name + " (the displacement");
}

TEST(EquationRegistry, RegistrationsThatFailAreReportedOnce)
{
  using Registration = internal::EquationRegistration<NonlinearElasticity>;
  Registration(LSR_BUILT_WITH, name, "again");
  expect_contains(message([]() { make_equation<2>(name); }),
                  "registered twice");
  EXPECT_EQ(make_equation<2>(name)->n_components(), 2u);

  Registration("dealii_lsr 99.9", "from elsewhere", "");
  const std::string other = message([]() { make_equation<2>(name); });
  expect_contains(other, "'from elsewhere'");
  expect_contains(other, "built with dealii_lsr 99.9");
  expect_contains(message([]() { make_equation<2>("from elsewhere"); }),
                  "expected one of");
}

TEST(EquationRegistry, ProblemsInsistOnTheirEquation)
{
  dealii::ParameterAcceptor::clear();
  const Problem<2> problem(MPI_COMM_WORLD);
  auto            &prm = dealii::ParameterAcceptor::prm;
  dealii::ParameterAcceptor::declare_all_parameters(prm);
  prm.parse_input_from_string("subsection Equation\n set Name = " + name +
                              "\nend\n");
  expect_contains(message([&]() {
                    dealii::ParameterAcceptor::parse_all_parameters(prm);
                  }),
                  "expected 'advection-diffusion-reaction'");

  const auto elasticity = template_problem<2>("");
  EXPECT_THROW(elasticity->advection_diffusion_reaction(), Error);
}

TEST(EquationRegistry, TangentOfTheTemplateIsTheDerivative)
{
  EXPECT_LT(error_of_tangent(
              *template_problem<2>("set Tractions = 1: 0.1, -0.2")),
            1e-8);
  EXPECT_LT(error_of_tangent(
              *template_problem<3>("set Displacements = 0: 0, 0, 0\n"
                                   "set Tractions = 1: 0.1, -0.2, 0.1")),
            1e-8);
}

TEST(EquationRegistry, BoundaryValuesThatTurnCellsInsideOutAreExtended)
{
  // Half of a cell: with zeros inside, the cells at the boundary have det F <
  // 0.
  const auto problem =
    template_problem<2>("set Displacements = 0: 0, 0; 1: -1.5, 0");
  FEVector f, zero = problem->discretization.make_vector();
  problem->assembler().residual(zero, f);
  double sum = 0;
  for (const double entry : f)
    sum += entry;
  ASSERT_FALSE(std::isfinite(sum));

  const FEVector u =
    problem->solve(dealii::ConditionalOStream(std::cout, false));
  problem->assembler().residual(u, f);
  EXPECT_LT(f.linfty_norm(), 1e-10);
  EXPECT_NEAR(u.linfty_norm(), 1.5, 0.1);
}

TEST(EquationRegistry, RefinementApproachesTheSolutionOfTheTemplate)
{
  const auto     problem = template_problem<2>("set Tractions = 1: 0, -0.05");
  const FEVector solution =
    problem->solve(dealii::ConditionalOStream(std::cout, false));

  const auto    &space = problem->discretization;
  const Sampling nodes =
    nodal_sampling(space.mapping(), space.dof_handler(), 2);
  FullyConnected layout;
  layout.n_outputs                 = 2;
  layout.widths                    = {30, 30};
  layout.input_shift               = {5., 5.};
  layout.input_scale               = {0.3, 0.3};
  const Network            network = layout.build();
  FiniteElementResidual<2> residual(problem->assembler(), ResidualNorm::dual);
  const StructuredBasis    basis(network, 200, 0);
  const Refinement         refinement = refine(basis, nodes, residual);
  EXPECT_LT(100. * refinement.refined_norm, refinement.initial_norm);

  const auto distance = [&](const Column &values) {
    return compute_difference(space.mapping(),
                              space.dof_handler(),
                              residual.field(values),
                              solution)
      .L2;
  };
  const double of_network = distance(nodes.evaluate(network)),
               of_refined = distance(refinement.values);
  std::cout << "distance to the finite-element solution: network " << of_network
            << ", refined " << of_refined << std::endl;
  EXPECT_LT(10. * of_refined, of_network);
}
