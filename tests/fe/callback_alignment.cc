// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Alignment in pseudo-time with the residual of a program.

#include <lsr/dense/blas.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/alignment.h>
#include <lsr/refine/refinement.h>

#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_matrix.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/models.h"
#include "support/programs.h"
#include "support/residuals.h"

using namespace lsr;
using dealii::Vector;
using Method = AlignmentParameters::Method;

namespace
{
  /// A problem with hanging nodes, and a network that is refined for it.
  struct Program
  {
    Program()
      : dof_handler(triangulation)
      , network(make_network(2, 1, {20, 20}))
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      test::make_grid_with_hanging_nodes(triangulation);
      dof_handler.distribute_dofs(dealii::FE_Q<2>(2));
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      constraints.close();
      dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
      dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                              pattern,
                                              constraints);
      sparsity.copy_from(pattern);
      matrix.reinit(sparsity);
      rhs.reinit(dof_handler.n_dofs());
      test::assemble(dof_handler, constraints, matrix, rhs);
      sampling = nodal_sampling(dealii::MappingQ1<2>(), dof_handler, 1);
    }

    LinearResidual<dealii::SparseMatrix<double>, Vector<double>>
    residual() const
    {
      return {dof_handler, constraints, matrix, rhs};
    }

    Alignment
    align(Residual &residual, const Method method)
    {
      const StructuredBasis basis(network, 60, 0);
      const Column          target = refine(basis, sampling, residual).values;
      residual.distribute(target);
      AlignmentParameters parameters;
      parameters.method           = method;
      parameters.pseudo_time_step = 0.1;
      parameters.n_directions     = 60;
      parameters.max_steps        = 40;
      return lsr::align(network, sampling, target, residual, parameters);
    }

    dealii::Triangulation<2>          triangulation;
    dealii::DoFHandler<2>             dof_handler;
    dealii::AffineConstraints<double> constraints;
    dealii::SparsityPattern           sparsity;
    dealii::SparseMatrix<double>      matrix;
    Vector<double>                    rhs;
    Network                           network;
    Sampling                          sampling;
  };

  const auto identity = [](const Vector<double> &x, Vector<double> &y) {
    y = x;
  };
} // namespace

TEST(CallbackResidual, AlignsInTheNormOfTheEnergy)
{
  for (const Method method : {Method::levenberg_marquardt, Method::lbfgs})
    {
      Program program;
      auto    residual = program.residual();
      residual.minimize_energy();
      residual.apply_mass       = identity;
      const Alignment alignment = program.align(residual, method);
      EXPECT_LT(alignment.final_norm, 0.5 * alignment.initial_norm);
    }
}

TEST(CallbackResidual, HasTheTransposeOfASymmetricJacobian)
{
  const Program program;
  auto          of_program = program.residual();
  of_program.minimize_energy();
  test::expect_jacobian(of_program,
                        test::random_column(of_program.n_values(), 1));
}

TEST(CallbackResidual, SaysWhatAnAlignmentNeedsBeforeTheNetworkChanges)
{
  Program      program;
  const Column parameters = program.network.parameters();
  auto         residual   = program.residual();
  test::expect_contains(test::message([&]() {
                          program.align(residual, Method::levenberg_marquardt);
                        }),
                        "apply_mass()");
  residual.apply_mass = identity;
  test::expect_contains(test::message(
                          [&]() { program.align(residual, Method::lbfgs); }),
                        "apply_transposed_jacobian()");
  EXPECT_EQ(test::relative_difference(program.network.parameters(), parameters),
            0.);
}
