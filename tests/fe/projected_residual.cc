// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Networks in finite elements whose degrees of freedom are no values at points.

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/projected_residual.h>
#include <lsr/network/make_network.h>
#include <lsr/refine/refinement.h>

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/fe/fe_tools.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/numerics/fe_field_function.h>
#include <deal.II/numerics/vector_tools_rhs.h>

#include <gtest/gtest.h>

#include "problems.h"
#include "programs.h"
#include "support/models.h"

using namespace lsr;
using dealii::Vector;

namespace
{
  /// A finite-element space on a mesh with hanging nodes.
  struct Space
  {
    explicit Space(const std::string &element)
      : fe(dealii::FETools::get_fe_by_name<2, 2>(element))
      , dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      test::make_grid_with_hanging_nodes(triangulation);
      dof_handler.distribute_dofs(*fe);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      constraints.close();
    }

    std::unique_ptr<dealii::FiniteElement<2>> fe;
    dealii::Triangulation<2>                  triangulation;
    dealii::DoFHandler<2>                     dof_handler;
    dealii::AffineConstraints<double>         constraints;
    const dealii::MappingQ1<2>                mapping;
  };

  /// All components of a finite-element function at points.
  Column
  values(const Space &space, const Vector<double> &u, const Block &points)
  {
    const dealii::Functions::FEFieldFunction<2> function(space.dof_handler,
                                                         u,
                                                         space.mapping);
    const unsigned int                          n = space.fe->n_components();
    const Column           q = make_column(points.extent(1) * n);
    dealii::Vector<double> value(n);
    for (std::size_t i = 0; i < points.extent(1); ++i)
      {
        function.vector_value({points(0, i), points(1, i)}, value);
        for (unsigned int c = 0; c < n; ++c)
          q(i * n + c) = value(c);
      }
    return q;
  }

  /// $f(u) = u$, with the space's constraints.
  struct Identity
  {
    explicit Identity(const Space &space)
      : matrix(space.dof_handler.n_dofs())
      , rhs(space.dof_handler.n_dofs())
      , residual(space.dof_handler, space.constraints, matrix, rhs)
    {}

    dealii::IdentityMatrix                                 matrix;
    Vector<double>                                         rhs;
    LinearResidual<dealii::IdentityMatrix, Vector<double>> residual;
  };
} // namespace

class ProjectedResidualOf : public testing::TestWithParam<const char *>
{};

INSTANTIATE_TEST_SUITE_P(Elements,
                         ProjectedResidualOf,
                         testing::Values("FE_Q_Hierarchical<2>(3)",
                                         "FE_DGP<2>(2)",
                                         "FE_RaviartThomas<2>(1)",
                                         "FE_Q<2>(2)",
                                         "FESystem<2>[FE_Q<2>(2)^2-FE_DGP<2>("
                                         "1)]"));

TEST_P(ProjectedResidualOf, reproduces_finite_element_functions)
{
  const Space                space(GetParam());
  Identity                   identity(space);
  const ProjectedResidual<2> projected(identity.residual,
                                       space.mapping,
                                       space.dof_handler);
  Vector<double>             u(space.dof_handler.n_dofs());
  for (unsigned int i = 0; i < u.size(); ++i)
    u(i) = std::sin(1. + 3. * i);
  space.constraints.distribute(u);

  const Block  points = projected.sampling().points;
  const Column q      = projected.project(values(space, u, points));
  ASSERT_EQ(q.size(), u.size());
  EXPECT_EQ(projected.n_values(), points.extent(1) * space.fe->n_components());
  for (unsigned int i = 0; i < u.size(); ++i)
    if (!space.constraints.is_constrained(i))
      {
        EXPECT_NEAR(q(i), u(i), 1e-12 * u.linfty_norm()) << i;
      }
}

TEST(ProjectedResidual, refines_a_network_in_hierarchical_elements)
{
  const Space                    space("FE_Q_Hierarchical<2>(3)");
  dealii::DynamicSparsityPattern pattern(space.dof_handler.n_dofs());
  dealii::DoFTools::make_sparsity_pattern(space.dof_handler,
                                          pattern,
                                          space.constraints);
  dealii::SparsityPattern sparsity;
  sparsity.copy_from(pattern);
  dealii::SparseMatrix<double> matrix(sparsity);
  Vector<double>               rhs(space.dof_handler.n_dofs());
  test::assemble(space.dof_handler, space.constraints, matrix, rhs);
  // That has the solution 1: let it be less simple.
  Vector<double> source(rhs.size());
  dealii::VectorTools::create_right_hand_side(
    space.mapping,
    space.dof_handler,
    dealii::QGauss<2>(6),
    dealii::ScalarFunctionFromFunctionObject<2>(
      [](const auto &p) { return 20. * std::cos(4. * p[0] + 3. * p[1]); }),
    source,
    space.constraints);
  rhs += source;
  Vector<double>              solution(rhs.size());
  dealii::SparseDirectUMFPACK inverse;
  inverse.initialize(matrix);
  inverse.vmult(solution, rhs);
  space.constraints.distribute(solution);

  LinearResidual of_program(space.dof_handler, space.constraints, matrix, rhs);
  of_program.minimize_energy();
  ProjectedResidual<2>  residual(of_program, space.mapping, space.dof_handler);
  const auto            network = make_network(2, 1, {30, 30});
  const StructuredBasis basis(*network, space.dof_handler.n_dofs() / 4, 0);
  const Refinement      refinement =
    refine(*network, basis, residual.sampling(), residual);

  // The norm of the residual is the energy of the error.
  Vector<double> error = of_program.field(residual.project(refinement.values));
  error -= solution;
  space.constraints.set_zero(error); // the matrix is condensed
  EXPECT_NEAR(std::sqrt(matrix.matrix_norm_square(error)),
              refinement.refined_norm,
              1e-6 * refinement.initial_norm);
  EXPECT_LT(refinement.refined_norm, 0.05 * refinement.initial_norm);
}

TEST(ProjectedResidual, has_the_products_of_its_residual)
{
  AdvectionDiffusionReaction<2>::Parameters parameters;
  parameters.diffusion       = "1 + u^2";
  parameters.advection       = "1, x";
  parameters.right_hand_side = "1";
  const AdvectionDiffusionReaction<2> equation(parameters);
  test::Problem<2>                    problem(equation, 2, 3);
  FiniteElementResidual<2> of_nodes(*problem.assembler, ResidualNorm::mass);
  ProjectedResidual<2>     residual(of_nodes,
                                problem.discretization.mapping(),
                                problem.discretization.dof_handler());

  const Column q  = Kokkos::subview(test::random_points(residual.n_values(), 1),
                                   Kokkos::ALL(),
                                   0);
  const Block  X  = test::random_points(residual.n_values(), 3),
              Y   = test::random_points(residual.n_rows(), 2);
  const Block AX  = make_block(residual.n_rows(), 3),
              ATY = make_block(residual.n_values(), 2);
  residual.linearize(q);
  residual.apply_tangent(X, AX);
  residual.apply_transposed_tangent(Y, ATY);

  const Block YTAX = make_block(2, 3), ATYTX = make_block(2, 3);
  multiply(1., 'T', Y, 'N', AX, 0., YTAX);
  multiply(1., 'T', ATY, 'N', X, 0., ATYTX);
  EXPECT_LT(test::relative_difference(ATYTX, YTAX), 1e-12);

  // A X against central differences.
  const double h        = 1e-5;
  const Column plus     = make_column(residual.n_rows()),
               minus    = make_column(residual.n_rows());
  const Column at_plus  = make_column(q.size()),
               at_minus = make_column(q.size());
  for (std::size_t i = 0; i < q.size(); ++i)
    {
      at_plus(i)  = q(i) + h * X(i, 0);
      at_minus(i) = q(i) - h * X(i, 0);
    }
  residual.evaluate(at_plus, plus);
  residual.evaluate(at_minus, minus);
  const Block difference = make_block(plus.size(), 1);
  for (std::size_t i = 0; i < plus.size(); ++i)
    difference(i, 0) = (plus(i) - minus(i)) / (2. * h);
  EXPECT_LT(test::relative_difference(difference, columns(AX, 0, 1)), 1e-7);
}

TEST(ProjectedResidual, refuses_a_residual_of_other_degrees_of_freedom)
{
  const Space space("FE_DGP<2>(1)"), other("FE_DGP<2>(2)");
  Identity    identity(other);
  EXPECT_THROW(ProjectedResidual<2>(identity.residual,
                                    space.mapping,
                                    space.dof_handler),
               Error);
}
