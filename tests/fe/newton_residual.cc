// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Programs with a Newton loop of their own, which assemble at their present
// solution.

#include <lsr/dealii.h>

#include <deal.II/fe/fe_q.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/numerics/matrix_tools.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/programs.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Vector;

namespace
{
  using BoundaryMap = SolutionConstraints<2>::BoundaryValues;

  /// The minimal surface of deal.II's step-15, on a mesh with hanging nodes.
  struct MinimalSurface
  {
    MinimalSurface()
      : fe(2)
      , dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      make_grid_with_hanging_nodes(triangulation);
      dof_handler.distribute_dofs(fe);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler,
                                                      hanging_nodes);
      hanging_nodes.close();
      solution.reinit(dof_handler.n_dofs());
      rhs.reinit(dof_handler.n_dofs());
      update.reinit(dof_handler.n_dofs());
      dealii::VectorTools::interpolate(dof_handler,
                                       BoundaryValues(1),
                                       solution);
      hanging_nodes.distribute(solution);

      dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
      dealii::DoFTools::make_sparsity_pattern(dof_handler, pattern);
      hanging_nodes.condense(pattern);
      sparsity.copy_from(pattern);
      matrix.reinit(sparsity);
    }

    BoundaryMap
    boundary_map(const dealii::Function<2> &function) const
    {
      BoundaryMap values;
      dealii::VectorTools::interpolate_boundary_values(dof_handler,
                                                       0,
                                                       function,
                                                       values);
      return values;
    }

    dealii::AffineConstraints<double>
    all_constraints(const dealii::Function<2> &function) const
    {
      dealii::AffineConstraints<double> constraints;
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      dealii::VectorTools::interpolate_boundary_values(dof_handler,
                                                       0,
                                                       function,
                                                       constraints);
      constraints.close();
      return constraints;
    }

    /// Condense and apply_boundary_values(), as the tutorial does.
    void
    assemble_system()
    {
      ++n_assemblies;
      matrix = 0.;
      rhs    = 0.;
      const dealii::QGauss<2> quadrature(3);
      dealii::FEValues<2>     fe_values(
        fe, quadrature, dealii::update_gradients | dealii::update_JxW_values);
      const unsigned int                           n = fe.n_dofs_per_cell();
      dealii::FullMatrix<double>                   cell_matrix(n, n);
      Vector<double>                               cell_rhs(n);
      std::vector<dealii::Tensor<1, 2>>            gradients(quadrature.size());
      std::vector<dealii::types::global_dof_index> dofs(n);
      for (const auto &cell : dof_handler.active_cell_iterators())
        {
          fe_values.reinit(cell);
          cell_matrix = 0.;
          cell_rhs    = 0.;
          fe_values.get_function_gradients(solution, gradients);
          for (unsigned int q = 0; q < quadrature.size(); ++q)
            {
              const auto  &g = gradients[q];
              const double c = 1. / std::sqrt(1. + g * g);
              for (unsigned int i = 0; i < n; ++i)
                {
                  const auto grad_i = fe_values.shape_grad(i, q);
                  for (unsigned int j = 0; j < n; ++j)
                    {
                      const auto grad_j = fe_values.shape_grad(j, q);
                      cell_matrix(i, j) +=
                        (grad_i * c * grad_j -
                         grad_i * c * c * c * (grad_j * g) * g) *
                        fe_values.JxW(q);
                    }
                  cell_rhs(i) -= grad_i * c * g * fe_values.JxW(q);
                }
            }
          cell->get_dof_indices(dofs);
          matrix.add(dofs, cell_matrix);
          rhs.add(dofs, cell_rhs);
        }
      hanging_nodes.condense(matrix);
      hanging_nodes.condense(rhs);
      dealii::MatrixTools::apply_boundary_values(
        boundary_map(dealii::Functions::ZeroFunction<2>()),
        matrix,
        update,
        rhs);
    }

    void
    solve()
    {
      for (unsigned int step = 0; step < 6; ++step)
        {
          assemble_system();
          dealii::SparseDirectUMFPACK inverse;
          inverse.initialize(matrix);
          inverse.vmult(update, rhs);
          hanging_nodes.distribute(update);
          solution += update;
        }
    }

    auto
    residual(const SolutionConstraints<2> &constraints)
    {
      return NewtonResidual(dof_handler,
                            constraints,
                            matrix,
                            rhs,
                            solution,
                            [this]() { assemble_system(); });
    }

    dealii::FE_Q<2>                   fe;
    dealii::Triangulation<2>          triangulation;
    dealii::DoFHandler<2>             dof_handler;
    dealii::AffineConstraints<double> hanging_nodes;
    dealii::SparsityPattern           sparsity;
    dealii::SparseMatrix<double>      matrix;
    Vector<double>                    solution, rhs, update;
    unsigned int                      n_assemblies = 0;
  };

  Column
  column(const std::size_t size, const double frequency)
  {
    const Column q = make_column(size);
    for (std::size_t i = 0; i < size; ++i)
      q(i) = std::sin(1. + frequency * i);
    return q;
  }
} // namespace

TEST(NewtonResidual, RefinesInTheProgramOfATutorial)
{
  MinimalSurface program;
  program.solve();
  const Vector<double> solution = program.solution;
  NewtonResidual       residual(program.dof_handler,
                          {program.hanging_nodes, BoundaryValues(1)},
                          program.matrix,
                          program.rhs,
                          program.solution,
                          [&]() { program.assemble_system(); });
  residual.minimize_energy();
  const auto refined =
    refine(make_network(2, 1, {20, 20}), program.dof_handler, residual, 150);
  const auto distance = [&](const Vector<double> &u) {
    return relative_distance(program.dof_handler, u, solution);
  };
  EXPECT_LT(distance(refined.values), 1e-2 * distance(refined.network_values));
  EXPECT_GT(refined.refinement.n_linearizations, 1u);
  EXPECT_EQ(program.solution, solution);

  // On the boundary it is exact, at hanging nodes it is continuous.
  Vector<double> distributed = refined.values;
  program.all_constraints(BoundaryValues(1)).distribute(distributed);
  distributed -= refined.values;
  EXPECT_LT(distributed.linfty_norm(), 1e-14);
}

TEST(NewtonResidual, ConstraintsMayHaveAnyForm)
{
  MinimalSurface program;
  const auto     n        = program.solution.size();
  const Column   q        = column(n, 3.);
  const auto     expected = program.all_constraints(BoundaryValues(1));
  Vector<double> field    = program.residual(expected).to_vector(q);
  expected.distribute(field);

  const auto zero =
    program.all_constraints(dealii::Functions::ZeroFunction<2>());
  const BoundaryValues function(1);
  const auto           values = program.boundary_map(function);
  for (const SolutionConstraints<2> &constraints :
       {SolutionConstraints<2>(expected),
        SolutionConstraints<2>(zero), // of updates of the present solution
        SolutionConstraints<2>(program.hanging_nodes, values),
        SolutionConstraints<2>(program.hanging_nodes, function)})
    {
      Vector<double> difference = program.residual(constraints).field(q);
      difference -= field;
      EXPECT_LT(difference.linfty_norm(), 1e-14);
    }

  // Without hanging nodes: boundary values alone.
  for (const auto &u :
       {program.residual(values).field(q), program.residual(function).field(q)})
    for (unsigned int i = 0; i < n; ++i)
      {
        const auto value = values.find(i);
        EXPECT_EQ(u(i), value == values.end() ? q(i) : value->second);
      }
}

TEST(NewtonResidual, TheJacobianIsThatOfTheLinearization)
{
  MinimalSurface program;
  const auto     n = program.solution.size();
  auto newton = program.residual({program.hanging_nodes, BoundaryValues(1)});
  Residual    &residual = newton;
  const Column q = column(n, 3.), dq = column(n, 5.), f = make_column(n);
  residual.set_zero(as_block(dq));
  const Block before = make_block(n, 1), after = make_block(n, 1);
  residual.evaluate(q, f);
  residual.linearize(q);
  residual.apply_jacobian(as_block(dq), before);

  // Another point does not change it, and costs no more than assemblies.
  residual.evaluate(column(n, 7.), f);
  residual.apply_jacobian(as_block(dq), after);
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_EQ(before(i, 0), after(i, 0));

  // It is the derivative in the directions that constraints leave.
  const auto constraints = program.all_constraints(BoundaryValues(1));
  const auto at          = [&](const double step) {
    const Column moved = make_column(n), value = make_column(n);
    for (std::size_t i = 0; i < n; ++i)
      moved(i) = q(i) + step * dq(i);
    residual.evaluate(moved, value);
    return value;
  };
  const Column plus = at(1e-5), minus = at(-1e-5);
  double       largest = 0;
  for (std::size_t i = 0; i < n; ++i)
    largest = std::max(largest, std::abs(before(i, 0)));
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR((plus(i) - minus(i)) / 2e-5, before(i, 0), 1e-6 * largest);
}

TEST(NewtonResidual, AnInverseMayUseTheMatrixOfTheProgram)
{
  MinimalSurface program;
  program.solve();
  auto residual = program.residual({program.hanging_nodes, BoundaryValues(1)});
  residual.minimize_error([&](const Vector<double> &x, Vector<double> &y) {
    program.rhs = x;
    dealii::SparseDirectUMFPACK inverse;
    inverse.initialize(program.matrix);
    inverse.vmult(y, program.rhs);
  });
  const auto refined =
    refine(make_network(2, 1, {20, 20}), program.dof_handler, residual);
  const auto distance = [&](const Vector<double> &u) {
    return relative_distance(program.dof_handler, u, program.solution);
  };
  EXPECT_LT(distance(refined.values), 1e-2 * distance(refined.network_values));
}

TEST(NewtonResidual, BoundaryValuesOfTheUpdateAreNotEnough)
{
  MinimalSurface program;
  auto           residual = program.residual(program.hanging_nodes);
  expect_contains(message([&]() {
                    refine(make_network(2, 1, {20}),
                           program.dof_handler,
                           residual);
                  }),
                  "expected constraints with the boundary values of the "
                  "solution");
}

TEST(NewtonResidual, ThePresentSolutionSurvivesAnException)
{
  MinimalSurface       program;
  const Vector<double> solution = program.solution;
  NewtonResidual       newton(program.dof_handler,
                        BoundaryValues(1),
                        program.matrix,
                        program.rhs,
                        program.solution,
                        []() { throw std::runtime_error("no"); });
  Residual            &residual = newton;
  const Column         q        = column(solution.size(), 3.);
  EXPECT_EQ(message([&]() { residual.evaluate(q, make_column(q.size())); }),
            "no");
  EXPECT_EQ(program.solution, solution);
}

TEST(NewtonResidual, AssemblesTheRightHandSideAloneWhereThatIsEnough)
{
  MinimalSurface program;
  unsigned int   n_rhs = 0;
  NewtonResidual newton(
    program.dof_handler,
    {program.hanging_nodes, BoundaryValues(1)},
    program.matrix,
    program.rhs,
    program.solution,
    [&]() { program.assemble_system(); },
    [&]() {
      ++n_rhs;
      const dealii::SparseMatrix<double> *const kept = &program.matrix;
      dealii::SparseMatrix<double>              matrix(program.sparsity);
      matrix.copy_from(*kept);
      program.assemble_system();
      --program.n_assemblies;
      program.matrix.copy_from(matrix);
    });
  Residual    &residual = newton;
  const auto   n        = program.solution.size();
  const Column q        = column(n, 3.);
  residual.linearize(q);
  const Block AX = make_block(n, 1);
  residual.apply_jacobian(as_block(column(n, 5.)), AX);
  for (unsigned int i = 0; i < 4; ++i)
    residual.evaluate(column(n, i), make_column(n));
  residual.apply_jacobian(as_block(column(n, 5.)), AX);
  EXPECT_EQ(program.n_assemblies, 1u);
  EXPECT_EQ(n_rhs, 5u);
}
