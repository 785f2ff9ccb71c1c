// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// What refine() finds out by itself in a program: norm, number of directions,
// and whether the result is any better.

#include <lsr/fe/field_distance.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/refined_field.h>
#include <lsr/network/fully_connected.h>

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_renumbering.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/numerics/matrix_tools.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "support/messages.h"
#include "support/programs.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Vector;

namespace
{
  /// $-\varepsilon \Delta u + b \cdot \nabla u + c u = f$, for all components,
  /// and with a third one as the pressure of Stokes' equations.
  struct Equation
  {
    double               diffusion = 1., reaction = 0.;
    dealii::Tensor<1, 2> velocity;
    bool                 dirichlet = true;
    bool                 stokes    = false;
  };

  struct Program
  {
    Program(const Equation                 &equation,
            const dealii::FiniteElement<2> &fe,
            const unsigned int              n_refinements,
            const bool                      values_in_matrix = false,
            const bool                      pinned           = false)
      : equation(equation)
      , dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      triangulation.refine_global(n_refinements - 2);
      for (unsigned int i = 0; i < 2 && !values_in_matrix; ++i)
        {
          for (const auto &cell : triangulation.active_cell_iterators())
            if (cell->center()[0] + cell->center()[1] > 1.3)
              cell->set_refine_flag();
          triangulation.execute_coarsening_and_refinement();
        }
      if (values_in_matrix)
        triangulation.refine_global(2);
      dof_handler.distribute_dofs(fe);
      dealii::DoFRenumbering::component_wise(dof_handler);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      std::vector<bool> velocities(fe.n_components(), true);
      if (equation.stokes)
        velocities.back() = false;
      // What flows in has to flow out.
      const BoundaryValues                     boundary(fe.n_components());
      const dealii::Functions::ZeroFunction<2> zero(fe.n_components());
      if (equation.dirichlet && !values_in_matrix)
        dealii::VectorTools::interpolate_boundary_values(
          dof_handler,
          0,
          equation.stokes ? static_cast<const dealii::Function<2> &>(zero) :
                            boundary,
          constraints,
          dealii::ComponentMask(velocities));
      // The last degree of freedom is one of the last component.
      if (pinned)
        constraints.add_line(dof_handler.n_dofs() - 1);
      constraints.close();
      dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
      dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                              pattern,
                                              constraints,
                                              true);
      sparsity.copy_from(pattern);
      matrix.reinit(sparsity);
      rhs.reinit(dof_handler.n_dofs());
      assemble();
      if (values_in_matrix)
        {
          std::map<dealii::types::global_dof_index, double> values;
          dealii::VectorTools::interpolate_boundary_values(dof_handler,
                                                           0,
                                                           BoundaryValues(1),
                                                           values);
          Vector<double> u(rhs.size());
          dealii::MatrixTools::apply_boundary_values(values, matrix, u, rhs);
        }
    }

    void
    assemble()
    {
      const auto                                  &fe = dof_handler.get_fe();
      const dealii::QGauss<2>                      quadrature(fe.degree + 1);
      dealii::FEValues<2>                          values(fe,
                                 quadrature,
                                 dealii::update_values |
                                   dealii::update_gradients |
                                   dealii::update_quadrature_points |
                                   dealii::update_JxW_values);
      const unsigned int                           n = fe.n_dofs_per_cell();
      dealii::FullMatrix<double>                   A(n, n);
      Vector<double>                               b(n);
      std::vector<dealii::types::global_dof_index> dofs(n);
      for (const auto &cell : dof_handler.active_cell_iterators())
        {
          values.reinit(cell);
          A = 0.;
          b = 0.;
          // Streamline diffusion, where there is a velocity.
          const double speed = equation.velocity.norm();
          const double delta = speed > 0. ? 0.1 * cell->diameter() : 0.;
          for (const unsigned int q : values.quadrature_point_indices())
            for (unsigned int i = 0; i < n; ++i)
              {
                const unsigned int ci = fe.system_to_component_index(i).first;
                const auto         psi =
                  values.shape_value(i, q) +
                  delta * (equation.velocity * values.shape_grad(i, q));
                for (unsigned int j = 0; j < n; ++j)
                  A(i, j) += entry(values, i, j, q, psi) * values.JxW(q);
                const auto x = values.quadrature_point(q);
                // Without boundary conditions the mean is to be zero.
                const double source =
                  equation.dirichlet ?
                    std::exp(x[0]) * std::cos(5. * x[1] + ci) :
                    std::cos(dealii::numbers::PI * x[0]);
                if (!equation.stokes || ci < 2)
                  b(i) += source * psi * values.JxW(q);
              }
          cell->get_dof_indices(dofs);
          constraints.distribute_local_to_global(A, b, dofs, matrix, rhs);
        }
    }

    double
    entry(const dealii::FEValues<2> &values,
          const unsigned int         i,
          const unsigned int         j,
          const unsigned int         q,
          const double               psi) const
    {
      const auto        &fe = values.get_fe();
      const unsigned int ci = fe.system_to_component_index(i).first,
                         cj = fe.system_to_component_index(j).first;
      if (equation.stokes && (ci == 2 || cj == 2))
        {
          if (ci == 2 && cj < 2)
            return -values.shape_value(i, q) * values.shape_grad(j, q)[cj];
          if (cj == 2 && ci < 2)
            return -values.shape_value(j, q) * values.shape_grad(i, q)[ci];
          return 0.;
        }
      if (ci != cj)
        return 0.;
      return equation.diffusion *
               (values.shape_grad(i, q) * values.shape_grad(j, q)) +
             (equation.velocity * values.shape_grad(j, q)) * psi +
             equation.reaction * values.shape_value(i, q) *
               values.shape_value(j, q);
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

    double
    distance(const Vector<double> &u) const
    {
      return relative_distance(dof_handler, u, solution());
    }

    RefinedField<Vector<double>>
    refine(const Network &network, const FieldParameters &parameters = {})
    {
      LinearResidual residual(dof_handler, constraints, matrix, rhs);
      return lsr::refine(network, dof_handler, residual, parameters);
    }

    const Equation                    equation;
    dealii::Triangulation<2>          triangulation;
    dealii::DoFHandler<2>             dof_handler;
    dealii::AffineConstraints<double> constraints;
    dealii::SparsityPattern           sparsity;
    dealii::SparseMatrix<double>      matrix;
    Vector<double>                    rhs;
  };

  const dealii::FE_Q<2> q1(1), q2(2);

  Network
  untrained(const unsigned int n_outputs = 1)
  {
    return make_network(2, n_outputs, {24, 24});
  }

  Equation
  advection()
  {
    Equation equation;
    equation.diffusion = 1e-3;
    equation.velocity  = dealii::Tensor<1, 2>({1., 0.7});
    return equation;
  }

  FieldParameters
  directions(const std::size_t n)
  {
    FieldParameters parameters;
    parameters.n_directions = n;
    return parameters;
  }

  void
  expect_same(const Vector<double> &a,
              const Vector<double> &b,
              const double          tolerance)
  {
    Vector<double> difference = a;
    difference -= b;
    EXPECT_LE(difference.linfty_norm(), tolerance * b.linfty_norm());
  }

  /// A matrix with another diagonal in the rows that are constrained.
  struct OtherDiagonal
  {
    const Program &program;
    const double   diagonal;

    void
    vmult(Vector<double> &y, const Vector<double> &x) const
    {
      program.matrix.vmult(y, x);
      for (unsigned int i = 0; i < x.size(); ++i)
        if (program.constraints.is_constrained(i))
          y(i) = diagonal * x(i);
    }
  };

  /// The mean of $u - v$ in one component, divided by that of $|v|$.
  double
  relative_mean(const Program        &program,
                const Vector<double> &u,
                const Vector<double> &v,
                const unsigned int    component)
  {
    const auto mask = program.dof_handler.get_fe().component_mask(
      dealii::FEValuesExtractors::Scalar(component));
    const auto weights = nodal_weights(program.dof_handler, mask);
    double     mean = 0, size = 0;
    for (unsigned int i = 0; i < u.size(); ++i)
      {
        mean += weights[i] * (u(i) - v(i));
        size += std::abs(weights[i] * v(i));
      }
    return mean / size;
  }
} // namespace

TEST(CheckedRefinement, TakesTheEnergyWhereTheMatrixIsDefinite)
{
  Program    program(Equation(), q2, 4);
  const auto refined = program.refine(untrained(), directions(100));
  expect_contains(refined.report(), "Minimized: energy of the error");
  EXPECT_TRUE(refined.accepted());
  EXPECT_LT(program.distance(refined.values),
            1e-3 * program.distance(refined.network_values));
  EXPECT_LT(program.distance(refined.function_values),
            1e-2 * program.distance(refined.network_values));
  // The estimates are right.
  EXPECT_NEAR(refined.check.refined_distance,
              program.distance(refined.values),
              0.5 * program.distance(refined.values));

  LinearResidual energy(program.dof_handler,
                        program.constraints,
                        program.matrix,
                        program.rhs);
  energy.minimize_energy();
  const auto explicitly =
    refine(untrained(), program.dof_handler, energy, directions(100));
  expect_same(explicitly.values, refined.values, 1e-6);
  expect_contains(explicitly.report(), "Minimized: norm as given");

  // Also where the sign of the equation is turned.
  program.matrix *= -1.;
  program.rhs *= -1.;
  expect_same(program.refine(untrained(), directions(100)).values,
              refined.values,
              1e-6);
}

TEST(CheckedRefinement, IsNotWorseForAdvectionOnAnAdaptiveMesh)
{
  Program    program(advection(), q1, 5);
  const auto refined = program.refine(untrained());
  EXPECT_EQ(refined.report().find("Minimized: energy"), std::string::npos);
  EXPECT_TRUE(refined.accepted());
  EXPECT_LT(program.distance(refined.values),
            0.1 * program.distance(refined.network_values));
}

TEST(CheckedRefinement, FindsThatAHelmholtzEquationIsIndefinite)
{
  Equation equation;
  equation.reaction = -150.;
  Program    program(equation, q2, 4);
  const auto refined = program.refine(untrained());
  EXPECT_EQ(refined.report().find("Minimized: energy"), std::string::npos);
  EXPECT_LT(program.distance(refined.values),
            0.1 * program.distance(refined.network_values));
}

TEST(CheckedRefinement, LeavesAConstantThatIsFreeToTheNetwork)
{
  Equation equation;
  equation.dirichlet = false;
  Program       program(equation, q2, 4);
  const Program pinned(equation, q2, 4, false, /* pinned */ true);
  const auto    refined = program.refine(untrained(), directions(100));
  EXPECT_EQ(refined.check.free_constants, std::vector<unsigned int>{0});
  EXPECT_NEAR(relative_mean(program, refined.values, refined.network_values, 0),
              0.,
              1e-6);
  const auto distance = [&](const Vector<double> &u) {
    return relative_distance(
      program.dof_handler, u, pinned.solution(), {}, true);
  };
  EXPECT_LT(distance(refined.values), 1e-3 * distance(refined.network_values));
  expect_contains(distance_table(program.dof_handler,
                                 refined,
                                 pinned.solution()),
                  "up to a constant");
}

TEST(CheckedRefinement, SaysThatThereIsNoSolution)
{
  Equation equation;
  equation.dirichlet = false;
  Program program(equation, q2, 4);
  program.rhs.add(program.rhs.linfty_norm());
  const auto refined = program.refine(untrained(), directions(100));
  EXPECT_FALSE(refined.accepted());
  expect_contains(refined.report(), "there is no solution");
}

TEST(CheckedRefinement, LeavesTheConstantOfAPressureToTheNetwork)
{
  const dealii::FESystem<2> taylor_hood(q2, 2, q1, 1);
  Equation                  stokes;
  stokes.stokes = true;
  Program       program(stokes, taylor_hood, 4);
  const Program pinned(stokes, taylor_hood, 4, false, /* pinned */ true);
  const auto    refined = program.refine(untrained(3));
  EXPECT_EQ(refined.check.free_constants, std::vector<unsigned int>{2});
  EXPECT_TRUE(refined.accepted());
  EXPECT_NEAR(relative_mean(program, refined.values, refined.network_values, 2),
              0.,
              1e-3);
  const Vector<double> solution = pinned.solution();
  const auto           masks = base_element_masks(program.dof_handler.get_fe());
  for (unsigned int b = 0; b < 2; ++b)
    EXPECT_LT(relative_distance(program.dof_handler,
                                refined.values,
                                solution,
                                masks[b],
                                b == 1),
              0.1 * relative_distance(program.dof_handler,
                                      refined.network_values,
                                      solution,
                                      masks[b],
                                      b == 1));
  expect_contains(refined.report(), "constant in component 2");
}

TEST(CheckedRefinement, MinimizesTheErrorWithAnInverseOfAnotherConstant)
{
  const dealii::FESystem<2> taylor_hood(q2, 2, q1, 1);
  Equation                  stokes;
  stokes.stokes = true;
  Program       program(stokes, taylor_hood, 4);
  const Program pinned(stokes, taylor_hood, 4, false, /* pinned */ true);
  dealii::SparseDirectUMFPACK inverse;
  inverse.initialize(pinned.matrix);
  LinearResidual residual(program.dof_handler,
                          program.constraints,
                          program.matrix,
                          program.rhs);
  residual.minimize_error(inverse);
  const auto refined =
    refine(untrained(3), program.dof_handler, residual, directions(128));
  EXPECT_TRUE(refined.accepted());
  expect_contains(refined.report(), "Minimized: error in L2");
  EXPECT_LT(refined.check.refined_distance,
            0.1 * refined.check.network_distance);
  EXPECT_NEAR(relative_mean(program, refined.values, refined.network_values, 2),
              0.,
              1e-3);

  // Something else is refused.
  residual.minimize_error(
    [](const Vector<double> &x, Vector<double> &y) { y = x; });
  expect_contains(
    refine(untrained(3), program.dof_handler, residual, directions(50))
      .report(),
    "is not the inverse of the Jacobian");
}

TEST(CheckedRefinement, DoesNotDependOnTheDiagonalOfConstrainedRows)
{
  for (const Equation &equation : {Equation(), advection()})
    {
      Program    program(equation, q1, 4);
      const auto refine_with = [&](const double diagonal) {
        const OtherDiagonal A{program, diagonal};
        LinearResidual      residual(program.dof_handler,
                                program.constraints,
                                A,
                                program.rhs);
        return refine(untrained(),
                      program.dof_handler,
                      residual,
                      directions(60))
          .values;
      };
      const Vector<double> expected = refine_with(1.);
      expect_same(refine_with(1e6), expected, 1e-6);
      expect_same(refine_with(1e-6), expected, 1e-6);
    }
}

TEST(CheckedRefinement, ObeysConstraintsExactly)
{
  Program    program(advection(), q2, 4);
  const auto refined     = program.refine(untrained(), directions(60));
  auto       distributed = refined.values;
  program.constraints.distribute(distributed);
  EXPECT_EQ(distributed, refined.values);
  EXPECT_GT(program.constraints.n_constraints(), 0u);
}

TEST(CheckedRefinement, FindsBoundaryValuesThatAreInTheMatrix)
{
  Program        in_matrix(Equation(), q2, 4, /* values_in_matrix */ true);
  LinearResidual residual(in_matrix.dof_handler,
                          in_matrix.matrix,
                          in_matrix.rhs);
  const auto     refined =
    refine(untrained(), in_matrix.dof_handler, residual, directions(60));
  expect_contains(refined.report(), "Minimized: energy of the error");
  std::map<dealii::types::global_dof_index, double> values;
  dealii::VectorTools::interpolate_boundary_values(in_matrix.dof_handler,
                                                   0,
                                                   BoundaryValues(1),
                                                   values);
  ASSERT_FALSE(values.empty());
  for (const auto &[i, value] : values)
    EXPECT_NEAR(refined.values(i), value, 1e-12);
  EXPECT_LT(in_matrix.distance(refined.values),
            1e-2 * in_matrix.distance(refined.network_values));
}

TEST(CheckedRefinement, KnowsBoundaryValuesOfAnUpdate)
{
  // As in a Newton loop: rows of boundary values are diagonal, and zero.
  Program program(Equation(), q2, 4, /* values_in_matrix */ true);
  std::map<dealii::types::global_dof_index, double> values;
  dealii::VectorTools::interpolate_boundary_values(program.dof_handler,
                                                   0,
                                                   BoundaryValues(1),
                                                   values);
  CallbackResidual<Vector<double>> residual(program.dof_handler);
  residual.reinit_vector = [&](Vector<double> &v) { v.reinit(program.rhs); };
  residual.residual      = [&](const Vector<double> &u, Vector<double> &f) {
    program.matrix.vmult(f, u);
    f -= program.rhs;
    for (const auto &[i, value] : values)
      f(i) = 0.;
  };
  residual.apply_jacobian = [&](const auto &x, auto &y) {
    program.matrix.vmult(y, x);
  };
  expect_contains(message([&]() {
                    refine(untrained(), program.dof_handler, residual);
                  }),
                  "whatever the values there are");
}

TEST(CheckedRefinement, DoublesDirectionsToTheResultOfAllAtOnce)
{
  Equation stokes;
  stokes.stokes = true;
  Program           program(stokes, dealii::FESystem<2>(q2, 2, q1, 1), 4);
  std::stringstream line;
  FieldParameters   parameters;
  parameters.out       = &line;
  parameters.reduction = 1e-9;
  const auto doubled   = program.refine(untrained(3), parameters);
  EXPECT_GT(doubled.check.n_directions, 128u);
  const auto at_once =
    program.refine(untrained(3), directions(doubled.check.n_directions));
  EXPECT_EQ(doubled.values, at_once.values);

  // One line.
  const std::string text = line.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  expect_contains(text, "rank");
  expect_contains(text, "1 linearization,");

  // A budget.
  parameters.out            = nullptr;
  parameters.max_directions = 20;
  const auto few            = program.refine(untrained(3), parameters);
  EXPECT_EQ(few.check.n_directions, 20u);
  EXPECT_TRUE(few.check.still_falls);
  expect_contains(few.report(), "still falls at the last direction");
}

TEST(CheckedRefinement, MinimizesTheErrorWithAnInverse)
{
  Program                     program(advection(), q1, 5);
  dealii::SparseDirectUMFPACK inverse;
  inverse.initialize(program.matrix);
  Vector<double> rhs(program.rhs);
  LinearResidual residual(program.dof_handler,
                          program.constraints,
                          program.matrix,
                          rhs);
  unsigned int   n_solves = 0;
  residual.minimize_error([&](const Vector<double> &x, Vector<double> &y) {
    ++n_solves;
    rhs = x; // as programs do whose solver takes nothing else
    inverse.vmult(y, rhs);
  });
  const auto refined = refine(untrained(), program.dof_handler, residual);
  expect_contains(refined.report(), "Minimized: error in L2");
  EXPECT_LT(program.distance(refined.values),
            0.1 * program.distance(refined.network_values));
  // No multiple of the correction is closer.
  for (const double factor : {0.98, 1.02})
    {
      Vector<double> other = refined.values;
      other.sadd(factor, 1. - factor, refined.network_values);
      program.constraints.distribute(other);
      EXPECT_GT(program.distance(other), program.distance(refined.values));
    }
  // None for the directions.
  EXPECT_LT(n_solves, 20u);
}

TEST(CheckedRefinement, IsNotWorseWhereANormMisleads)
{
  // The network is nearly the solution of this equation.
  Equation equation;
  equation.dirichlet = false;
  equation.reaction  = 1.;
  Program        program(equation, q2, 4);
  Vector<double> values(program.rhs.size());
  dealii::VectorTools::interpolate(program.dof_handler,
                                   NetworkFunction<2>(untrained()),
                                   values);
  program.constraints.distribute(values);
  for (unsigned int i = 0; i < values.size(); ++i)
    values(i) *= 1. + 0.01 * std::cos(i);
  program.constraints.distribute(values);
  program.matrix.vmult(program.rhs, values);

  // One row of the residual counts, others hardly do.
  LinearResidual residual(program.dof_handler,
                          program.constraints,
                          program.matrix,
                          program.rhs);
  residual.row_weights.resize(values.size(), 1e-9);
  residual.row_weights[values.size() / 2] = 1e6;
  const auto refined =
    refine(untrained(), program.dof_handler, residual, directions(3));
  EXPECT_LT(program.distance(refined.network_values), 0.05);
  EXPECT_LE(program.distance(refined.values),
            program.distance(refined.network_values));
  expect_contains(refined.report(), "Krylov");
}
