// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Programs with more than quadrilaterals with straight edges and sparse
// matrices: curved cells, triangles, and operators without a matrix.

#include <lsr/fe/field_distance.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/refined_field.h>
#include <lsr/network/fully_connected.h>

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/fe/mapping_fe.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/precondition.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/matrix_free/matrix_free.h>
#include <deal.II/matrix_free/operators.h>
#include <deal.II/numerics/matrix_creator.h>
#include <deal.II/numerics/vector_tools_boundary.h>
#include <deal.II/numerics/vector_tools_rhs.h>

#include <gtest/gtest.h>

#include <iostream>

using namespace lsr;
using dealii::Vector;

namespace
{
  /// Poisson's equation with $u = 0$ on the boundary, in a space.
  struct Space
  {
    Space(const dealii::Triangulation<2> &triangulation,
          const dealii::FiniteElement<2> &fe,
          const dealii::Mapping<2>       &mapping,
          const dealii::Quadrature<2>    &quadrature)
      : mapping(mapping)
      , quadrature(quadrature)
      , dof_handler(triangulation)
    {
      dof_handler.distribute_dofs(fe);
      dealii::VectorTools::interpolate_boundary_values(
        mapping,
        dof_handler,
        0,
        dealii::Functions::ZeroFunction<2>(),
        constraints);
      constraints.close();
    }

    Vector<double>
    right_hand_side() const
    {
      Vector<double> rhs(dof_handler.n_dofs());
      dealii::VectorTools::create_right_hand_side(
        mapping,
        dof_handler,
        quadrature,
        dealii::ScalarFunctionFromFunctionObject<2>(
          [](const auto &p) { return std::cos(3. * p[0] + 2. * p[1]); }),
        rhs,
        constraints);
      return rhs;
    }

    const dealii::Mapping<2>         &mapping;
    const dealii::Quadrature<2>      &quadrature;
    dealii::DoFHandler<2>             dof_handler;
    dealii::AffineConstraints<double> constraints;
  };

  template <typename MatrixType, typename VectorType>
  VectorType
  solve(const Space &space, const MatrixType &A, const VectorType &b)
  {
    VectorType            u(b);
    dealii::SolverControl control(5000, 1e-13 * b.l2_norm());
    u = 0.;
    dealii::SolverCG<VectorType>(control).solve(A,
                                                u,
                                                b,
                                                dealii::PreconditionIdentity());
    space.constraints.distribute(u);
    return u;
  }

  /// Refine an untrained network, and compare with the solution.
  template <typename MatrixType, typename VectorType>
  void
  expect_refinement(const Space      &space,
                    const MatrixType &A,
                    const VectorType &b)
  {
    LinearResidual residual(space.dof_handler, space.constraints, A, b);
    residual.minimize_energy();
    const auto refined  = refine(make_network(2, 1, {30, 30}),
                                space.mapping,
                                space.dof_handler,
                                residual,
                                150);
    VectorType solution = solve(space, A, b);
    VectorType change   = solution;
    change -= refined.values;
    VectorType of_network = solution;
    of_network -= refined.network_values;
    const double distance         = change.l2_norm() / solution.l2_norm();
    const double network_distance = of_network.l2_norm() / solution.l2_norm();
    std::cout << "  " << space.dof_handler.n_dofs()
              << " degrees of freedom, distance to the solution "
              << network_distance << " -> " << distance << std::endl;
    EXPECT_GT(network_distance, 0.1);
    EXPECT_LT(distance, 1e-3);
  }

  void
  expect_refinement_with_a_matrix(const Space &space)
  {
    dealii::DynamicSparsityPattern pattern(space.dof_handler.n_dofs());
    dealii::DoFTools::make_sparsity_pattern(space.dof_handler, pattern);
    dealii::SparsityPattern sparsity;
    sparsity.copy_from(pattern);
    dealii::SparseMatrix<double> matrix(sparsity);
    dealii::MatrixCreator::create_laplace_matrix<2, 2>(space.mapping,
                                                       space.dof_handler,
                                                       space.quadrature,
                                                       matrix,
                                                       nullptr,
                                                       space.constraints);
    expect_refinement(space, matrix, space.right_hand_side());
  }
} // namespace

TEST(OtherSpaces, CurvedCells)
{
  dealii::Triangulation<2> disk;
  dealii::GridGenerator::hyper_ball(disk);
  disk.refine_global(2);
  expect_refinement_with_a_matrix(Space(
    disk, dealii::FE_Q<2>(3), dealii::MappingQ<2>(3), dealii::QGauss<2>(4)));
}

TEST(OtherSpaces, Triangles)
{
  dealii::Triangulation<2> square;
  dealii::GridGenerator::subdivided_hyper_cube_with_simplices(square, 12);
  expect_refinement_with_a_matrix(
    Space(square,
          dealii::FE_SimplexP<2>(2),
          dealii::MappingFE<2>(dealii::FE_SimplexP<2>(1)),
          dealii::QGaussSimplex<2>(3)));
}

TEST(OtherSpaces, TrianglesHaveADefaultMapping)
{
  dealii::Triangulation<2> square;
  dealii::GridGenerator::subdivided_hyper_cube_with_simplices(square, 4);
  dealii::DoFHandler<2> dof_handler(square);
  dof_handler.distribute_dofs(dealii::FE_SimplexP<2>(2));
  const dealii::IdentityMatrix A(dof_handler.n_dofs());
  const Vector<double>         b(dof_handler.n_dofs());
  LinearResidual               residual(dof_handler, A, b);

  const auto network    = make_network(2, 1, {10});
  const auto linear     = refine(network,
                             dealii::MappingFE<2>(dealii::FE_SimplexP<2>(1)),
                             dof_handler,
                             residual,
                             20);
  const auto by_default = refine(network, dof_handler, residual, 20);
  EXPECT_EQ(by_default.network_values, linear.network_values);
  EXPECT_GT(linear.network_values.l2_norm(), 0.1);
}

TEST(OtherSpaces, OperatorWithoutAMatrix)
{
  using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;
  dealii::Triangulation<2> square;
  dealii::GridGenerator::hyper_cube(square);
  square.refine_global(4);
  const dealii::MappingQ<2> mapping(1);
  const dealii::QGauss<2>   quadrature(3);
  const Space space(square, dealii::FE_Q<2>(2), mapping, quadrature);

  const auto matrix_free = std::make_shared<dealii::MatrixFree<2, double>>();
  matrix_free->reinit(mapping,
                      space.dof_handler,
                      space.constraints,
                      dealii::QGauss<1>(3),
                      dealii::MatrixFree<2, double>::AdditionalData());
  dealii::MatrixFreeOperators::LaplaceOperator<2, 2, 3, 1, ParallelVector>
    laplace;
  laplace.initialize(matrix_free);

  ParallelVector rhs;
  matrix_free->initialize_dof_vector(rhs);
  const Vector<double> serial = space.right_hand_side();
  for (unsigned int i = 0; i < serial.size(); ++i)
    rhs(i) = serial(i);
  expect_refinement(space, laplace, rhs);
}
