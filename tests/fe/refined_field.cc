// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/field_distance.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/refined_field.h>
#include <lsr/network/fully_connected.h>

#include <deal.II/dofs/dof_renumbering.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/block_sparse_matrix.h>
#include <deal.II/lac/block_sparsity_pattern.h>
#include <deal.II/lac/block_vector.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/numerics/matrix_tools.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/programs.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Vector;
using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;

namespace
{
  constexpr unsigned int n_directions = 150;

  /// A program with a sparse matrix, as most tutorials of deal.II.
  struct Program
  {
    /// Hanging nodes and boundary values are constraints, or the mesh is
    /// uniform and boundary values are put into the matrix afterwards.
    explicit Program(const dealii::FiniteElement<2> &fe,
                     const bool                      constrained = true)
      : dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      if (constrained)
        make_grid_with_hanging_nodes(triangulation);
      else
        triangulation.refine_global(4);
      dof_handler.distribute_dofs(fe);
      dealii::DoFRenumbering::component_wise(dof_handler);
      if (constrained)
        make_constraints(dof_handler, constraints);
      constraints.close();

      dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
      dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                              pattern,
                                              constraints,
                                              false);
      sparsity.copy_from(pattern);
      matrix.reinit(sparsity);
      rhs.reinit(dof_handler.n_dofs());
      assemble(dof_handler, constraints, matrix, rhs);
      if (!constrained)
        apply_boundary_values();
    }

    void
    apply_boundary_values()
    {
      std::map<dealii::types::global_dof_index, double> values;
      dealii::VectorTools::interpolate_boundary_values(dof_handler,
                                                       0,
                                                       BoundaryValues(1),
                                                       values);
      Vector<double> u(rhs.size());
      dealii::MatrixTools::apply_boundary_values(values, matrix, u, rhs);
    }

    Vector<double>
    solution() const
    {
      dealii::SparseDirectUMFPACK inverse;
      inverse.initialize(matrix);
      Vector<double> u(rhs.size());
      inverse.vmult(u, rhs);
      constraints.distribute(u);
      return u;
    }

    /// A residual whose norm is the energy of the error.
    template <typename MatrixType, typename VectorType>
    LinearResidual<MatrixType, VectorType>
    energy(const MatrixType &A, const VectorType &b) const
    {
      LinearResidual residual(dof_handler, constraints, A, b);
      residual.minimize_energy();
      return residual;
    }

    /// Refine an untrained network by a matrix and right hand side of any type.
    template <typename MatrixType, typename VectorType>
    RefinedField<VectorType>
    refine(const MatrixType &A, const VectorType &b) const
    {
      auto residual = energy(A, b);
      return lsr::refine(make_network(2,
                                      dof_handler.get_fe().n_components(),
                                      {20, 20}),
                         dof_handler,
                         residual,
                         n_directions);
    }

    dealii::Triangulation<2>          triangulation;
    dealii::DoFHandler<2>             dof_handler;
    dealii::AffineConstraints<double> constraints;
    dealii::SparsityPattern           sparsity;
    dealii::SparseMatrix<double>      matrix;
    Vector<double>                    rhs;
  };

  dealii::FESystem<2>
  taylor_hood()
  {
    return dealii::FESystem<2>(dealii::FE_Q<2>(2), 2, dealii::FE_Q<2>(1), 1);
  }

  /// A matrix-free operator, in the eyes of the library.
  struct Operator
  {
    const dealii::SparseMatrix<double> &A;

    void
    vmult(ParallelVector &y, const ParallelVector &x) const
    {
      A.vmult(y, x);
    }
  };

  template <typename First, typename Second>
  void
  expect_same(const First &a, const Second &b)
  {
    for (std::size_t i = 0; i < b.size(); ++i)
      EXPECT_NEAR(a(i), b(i), 1e-7);
  }
} // namespace

TEST(RefinedField, IsCloseToTheSolutionAndObeysConstraints)
{
  for (const auto &fe : {dealii::FE_Q<2>(2).clone(), taylor_hood().clone()})
    {
      SCOPED_TRACE(fe->get_name());
      const Program        program(*fe);
      const Vector<double> solution = program.solution();
      const auto refined  = program.refine(program.matrix, program.rhs);
      const auto distance = [&](const Vector<double> &u) {
        return relative_distance(program.dof_handler, u, solution);
      };
      EXPECT_LT(distance(refined.values),
                1e-2 * distance(refined.network_values));

      Vector<double> distributed = refined.values;
      program.constraints.distribute(distributed);
      distributed -= refined.values;
      EXPECT_EQ(distributed.linfty_norm(), 0.);
      EXPECT_GT(program.constraints.n_constraints(), 0u);

      // So does the function, if not exactly.
      EXPECT_LT(distance(refined.function_values),
                0.1 * distance(refined.network_values));

      // The energy is the least that the subspace has: no multiple of the
      // correction has less.
      auto       residual = program.energy(program.matrix, program.rhs);
      const auto norm     = [&](const double factor) {
        const Column q = make_column(solution.size()),
                     f = make_column(solution.size());
        for (std::size_t i = 0; i < q.size(); ++i)
          q(i) = (1. - factor) * refined.network_values(i) +
                 factor * refined.function_values(i);
        residual.evaluate(q, f);
        return residual.norm(f);
      };
      EXPECT_LT(norm(1.), norm(0.99));
      EXPECT_LT(norm(1.), norm(1.01));
    }
}

TEST(RefinedField, IsTheSameForAllVectorsAndMatrices)
{
  const Program        program(taylor_hood());
  const auto           expected = program.refine(program.matrix, program.rhs);
  const ParallelVector parallel_rhs = [&]() {
    ParallelVector b(program.rhs.size());
    for (std::size_t i = 0; i < b.size(); ++i)
      b(i) = program.rhs(i);
    return b;
  }();
  expect_same(program.refine(Operator{program.matrix}, parallel_rhs).values,
              expected.values);

  const std::vector<dealii::types::global_dof_index> sizes =
    dealii::DoFTools::count_dofs_per_fe_component(program.dof_handler);
  dealii::BlockDynamicSparsityPattern pattern(sizes, sizes);
  dealii::DoFTools::make_sparsity_pattern(program.dof_handler,
                                          pattern,
                                          program.constraints,
                                          false);
  dealii::BlockSparsityPattern sparsity;
  sparsity.copy_from(pattern);
  dealii::BlockSparseMatrix<double> matrix(sparsity);
  dealii::BlockVector<double>       rhs(sizes);
  assemble(program.dof_handler, program.constraints, matrix, rhs);
  const auto refined = program.refine(matrix, rhs);
  EXPECT_EQ(refined.values.n_blocks(), 3u);
  expect_same(refined.values, expected.values);

  // The components are not coupled: the energy is the sum of those of blocks.
  std::vector<dealii::SparseDirectUMFPACK> inverses(3);
  for (unsigned int b = 0; b < 3; ++b)
    inverses[b].initialize(matrix.block(b, b));
  LinearResidual residual(program.dof_handler,
                          program.constraints,
                          matrix,
                          rhs);
  const auto     refine_by = [&](const auto &...blocks) {
    residual.use_block_preconditioner(blocks...);
    return lsr::refine(make_network(2, 3, {20, 20}),
                       program.dof_handler,
                       residual,
                       n_directions);
  };
  expect_same(refine_by(inverses[0], inverses[1], inverses[2]).values,
              expected.values);
  expect_contains(message([&]() { refine_by(inverses[0], inverses[1]); }),
                  "2 preconditioners for a vector of 3 blocks");
}

TEST(RefinedField, BoundaryValuesMayBeInTheMatrix)
{
  const Program  program(dealii::FE_Q<2>(1), /* constrained */ false);
  LinearResidual residual(program.dof_handler, program.matrix, program.rhs);
  residual.minimize_energy();
  const auto refined  = refine(make_network(2, 1, {20, 20}),
                              program.dof_handler,
                              residual,
                              n_directions);
  const auto distance = [&](const Vector<double> &u) {
    return relative_distance(program.dof_handler, u, program.solution());
  };
  EXPECT_LT(distance(refined.values), 1e-2 * distance(refined.network_values));
}

TEST(RefinedField, TimeIsAnInputOfTheNetwork)
{
  const Program program(dealii::FE_Q<2>(2));
  const auto    network  = make_network(3, 1, {20, 20});
  auto          residual = program.energy(program.matrix, program.rhs);
  const auto    refined  = refine(
    network, program.dof_handler, residual, n_directions, /* time */ 0.7);

  NetworkFunction<2> function(refined.network);
  function.set_time(0.7);
  Vector<double> expected(program.rhs.size());
  dealii::VectorTools::interpolate(program.dof_handler, function, expected);
  expect_same(refined.function_values, expected);
}

TEST(RefinedField, AlignmentStartsTheNextRefinement)
{
  const Program program(dealii::FE_Q<2>(2));
  auto          network  = make_network(2, 1, {20, 20});
  auto          residual = program.energy(program.matrix, program.rhs);
  const auto    first =
    refine(network, program.dof_handler, residual, n_directions);
  align(network, first, residual);

  // The network has changed, what was refined has not.
  Vector<double> expected(program.rhs.size());
  dealii::VectorTools::interpolate(program.dof_handler,
                                   NetworkFunction<2>(first.network),
                                   expected);
  expect_same(first.function_values, expected);

  const auto second =
    refine(network, program.dof_handler, residual, n_directions);
  const Vector<double> solution = program.solution();
  EXPECT_LT(
    relative_distance(program.dof_handler, second.network_values, solution),
    0.2 *
      relative_distance(program.dof_handler, first.network_values, solution));
  EXPECT_LT(second.refinement.refined_norm, first.refinement.refined_norm);
}

TEST(LinearResidual, AMatrixThatIsNotPositiveDefiniteIsReported)
{
  Program program(dealii::FE_Q<2>(1));
  program.matrix *= -1.;
  expect_contains(message(
                    [&]() { program.refine(program.matrix, program.rhs); }),
                  "expected a positive definite matrix");
}

TEST(NodalDistance, IsExactForPolynomialsOfTheElement)
{
  const Program program(dealii::FE_Q<2>(2));
  const auto    values = [&](const auto &function) {
    Vector<double> u(program.rhs.size());
    dealii::VectorTools::interpolate(program.dof_handler, function, u);
    return u;
  };
  class Linear : public dealii::Function<2>
  {
  public:
    explicit Linear(const double slope)
      : slope(slope)
    {}

    double
    value(const dealii::Point<2> &p, const unsigned int) const override
    {
      return slope * p[0] + p[1];
    }

  private:
    const double slope;
  };

  double area = 0;
  for (const double weight : nodal_weights(program.dof_handler))
    area += weight;
  EXPECT_NEAR(area, 1., 1e-12);
  // |x| / |y| on the unit square is 1
  EXPECT_NEAR(relative_distance(program.dof_handler,
                                values(Linear(2.)),
                                values(Linear(0.))),
              2.,
              1e-12);

  // Components that are masked out do not count.
  const Program  flow(taylor_hood());
  Vector<double> one(flow.rhs.size()), other;
  one           = 1.;
  other         = one;
  other(0)      = 5.;
  const auto of = [&](const unsigned int component) {
    return relative_distance(flow.dof_handler,
                             other,
                             one,
                             taylor_hood().component_mask(
                               dealii::FEValuesExtractors::Scalar(component)));
  };
  EXPECT_GT(of(0), 0.1);
  EXPECT_EQ(of(1), 0.);
  EXPECT_EQ(of(2), 0.);
}
