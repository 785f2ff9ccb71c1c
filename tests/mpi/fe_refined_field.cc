// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// A program with distributed meshes and vectors refines a network, on all ranks
// together and on one.

#include <lsr/fe/field_distance.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/refined_field.h>
#include <lsr/network/fully_connected.h>

#include <deal.II/base/mpi.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/sparsity_tools.h>
#include <deal.II/lac/trilinos_solver.h>
#include <deal.II/lac/trilinos_sparse_matrix.h>
#include <deal.II/lac/trilinos_vector.h>

#include <gtest/gtest.h>

#include "support/programs.h"
#include "support/ranks.h"

using namespace lsr;
using namespace lsr::test;
using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;
using TrilinosVector = dealii::TrilinosWrappers::MPI::Vector;

namespace
{
  /// Numbers that do not depend on the numbering of degrees of freedom.
  struct Invariants
  {
    double network_distance, distance, function_distance, norm;
  };

  template <typename VectorType>
  Invariants
  refine_on(const MPI_Comm communicator)
  {
    dealii::parallel::distributed::Triangulation<2> triangulation(communicator);
    dealii::GridGenerator::hyper_cube(triangulation);
    make_grid_with_hanging_nodes(triangulation);
    dealii::DoFHandler<2> dof_handler(triangulation);
    dof_handler.distribute_dofs(dealii::FESystem<2>(dealii::FE_Q<2>(2), 2));
    dealii::AffineConstraints<double> constraints;
    make_constraints(dof_handler, constraints);

    const auto                    &owned    = dof_handler.locally_owned_dofs();
    const auto                    &relevant = constraints.get_local_lines();
    dealii::DynamicSparsityPattern pattern(relevant);
    dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                            pattern,
                                            constraints,
                                            false);
    dealii::SparsityTools::distribute_sparsity_pattern(pattern,
                                                       owned,
                                                       communicator,
                                                       relevant);
    dealii::TrilinosWrappers::SparseMatrix matrix;
    matrix.reinit(owned, owned, pattern, communicator);
    TrilinosVector trilinos_rhs(owned, communicator);
    assemble(dof_handler, constraints, matrix, trilinos_rhs);
    VectorType rhs, solution;
    rhs.reinit(owned, communicator);
    for (const auto i : owned)
      rhs(i) = trilinos_rhs(i);
    rhs.compress(dealii::VectorOperation::insert);

    dealii::SolverControl                  control;
    dealii::TrilinosWrappers::SolverDirect direct(control);
    TrilinosVector trilinos_solution(owned, communicator);
    direct.solve(matrix, trilinos_solution, trilinos_rhs);
    constraints.distribute(trilinos_solution);
    solution.reinit(rhs);
    for (const auto i : owned)
      solution(i) = trilinos_solution(i);
    solution.compress(dealii::VectorOperation::insert);

    LinearResidual residual(dof_handler, constraints, matrix, rhs);
    residual.minimize_energy();
    const auto refined =
      refine(make_network(2, 2, {20, 20}), dof_handler, residual, 80);
    const auto distance = [&](const VectorType &u) {
      return relative_distance(dof_handler, u, solution);
    };
    return {distance(refined.network_values),
            distance(refined.values),
            distance(refined.function_values),
            refined.values.l2_norm()};
  }

  template <typename VectorType>
  void
  expect_independence_of_ranks()
  {
    compare_with_one_rank(
      refine_on<VectorType>,
      [](const Invariants &together, const Invariants &alone) {
        const auto expect_equal =
          [](const double a, const double b, const double tolerance) {
            EXPECT_NEAR(a, b, tolerance * b);
          };
        EXPECT_LT(together.distance, 0.1 * together.network_distance);
        expect_equal(together.network_distance, alone.network_distance, 1e-10);
        expect_equal(together.norm, alone.norm, 1e-9);
        // Small differences of large numbers.
        expect_equal(together.distance, alone.distance, 1e-3);
        expect_equal(together.function_distance, alone.function_distance, 1e-3);
      });
  }
} // namespace

TEST(RefinedField, DoesNotDependOnTheNumberOfRanks)
{
  expect_independence_of_ranks<TrilinosVector>();
  expect_independence_of_ranks<ParallelVector>();
}
