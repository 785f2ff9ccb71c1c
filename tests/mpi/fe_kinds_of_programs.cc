// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Newton loops and mixed elements on distributed meshes: on all ranks together
// as on one.

#include <lsr/dealii.h>

#include <deal.II/base/mpi.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/fe/fe_dgq.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_raviart_thomas.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparsity_tools.h>
#include <deal.II/lac/trilinos_solver.h>
#include <deal.II/lac/trilinos_sparse_matrix.h>
#include <deal.II/lac/trilinos_vector.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/programs.h"
#include "support/ranks.h"

using namespace lsr;
using namespace lsr::test;
using TrilinosVector = dealii::TrilinosWrappers::MPI::Vector;

namespace
{
  /// $-\Delta u + u^3 = 1$ with boundary values, as parallel programs solve it:
  /// a solution with ghost entries, and constraints of the update.
  struct Program
  {
    explicit Program(const MPI_Comm communicator)
      : communicator(communicator)
      , triangulation(communicator)
      , fe(2)
      , dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      make_grid_with_hanging_nodes(triangulation);
      dof_handler.distribute_dofs(fe);
      make_constraints(dof_handler, constraints);
      const auto &owned    = dof_handler.locally_owned_dofs();
      const auto &relevant = constraints.get_local_lines();
      zero_constraints.reinit(relevant);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler,
                                                      zero_constraints);
      dealii::VectorTools::interpolate_boundary_values(
        dof_handler, 0, dealii::Functions::ZeroFunction<2>(), zero_constraints);
      zero_constraints.close();

      dealii::DynamicSparsityPattern pattern(relevant);
      dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                              pattern,
                                              zero_constraints,
                                              false);
      dealii::SparsityTools::distribute_sparsity_pattern(pattern,
                                                         owned,
                                                         communicator,
                                                         relevant);
      matrix.reinit(owned, owned, pattern, communicator);
      rhs.reinit(owned, communicator);
      solution.reinit(owned, relevant, communicator);
    }

    void
    assemble()
    {
      matrix = 0.;
      rhs    = 0.;
      const dealii::QGauss<2>                      quadrature(4);
      dealii::FEValues<2>                          v(fe,
                            quadrature,
                            dealii::update_values | dealii::update_gradients |
                              dealii::update_JxW_values);
      const unsigned int                           n = fe.n_dofs_per_cell();
      dealii::FullMatrix<double>                   cell_matrix(n, n);
      dealii::Vector<double>                       cell_rhs(n);
      std::vector<dealii::types::global_dof_index> dofs(n);
      std::vector<double>                          u(quadrature.size());
      std::vector<dealii::Tensor<1, 2>>            grad_u(quadrature.size());
      for (const auto &cell : dof_handler.active_cell_iterators())
        if (cell->is_locally_owned())
          {
            v.reinit(cell);
            v.get_function_values(solution, u);
            v.get_function_gradients(solution, grad_u);
            cell_matrix = 0.;
            cell_rhs    = 0.;
            for (const unsigned int q : v.quadrature_point_indices())
              for (unsigned int i = 0; i < n; ++i)
                {
                  for (unsigned int j = 0; j < n; ++j)
                    cell_matrix(i, j) +=
                      (v.shape_grad(i, q) * v.shape_grad(j, q) +
                       3. * u[q] * u[q] * v.shape_value(i, q) *
                         v.shape_value(j, q)) *
                      v.JxW(q);
                  cell_rhs(i) -=
                    (v.shape_grad(i, q) * grad_u[q] +
                     (std::pow(u[q], 3) - 1.) * v.shape_value(i, q)) *
                    v.JxW(q);
                }
            cell->get_dof_indices(dofs);
            zero_constraints.distribute_local_to_global(
              cell_matrix, cell_rhs, dofs, matrix, rhs);
          }
      matrix.compress(dealii::VectorOperation::add);
      rhs.compress(dealii::VectorOperation::add);
    }

    void
    solve()
    {
      TrilinosVector present(rhs);
      present = 0.;
      constraints.distribute(present);
      solution = present;
      for (unsigned int step = 0; step < 8; ++step)
        {
          assemble();
          dealii::SolverControl                  control;
          dealii::TrilinosWrappers::SolverDirect direct(control);
          TrilinosVector                         update(rhs);
          direct.solve(matrix, update, rhs);
          zero_constraints.distribute(update);
          present += update;
          solution = present;
        }
    }

    const MPI_Comm                                  communicator;
    dealii::parallel::distributed::Triangulation<2> triangulation;
    const dealii::FE_Q<2>                           fe;
    dealii::DoFHandler<2>                           dof_handler;
    dealii::AffineConstraints<double>      constraints, zero_constraints;
    dealii::TrilinosWrappers::SparseMatrix matrix;
    TrilinosVector                         rhs, solution;
  };

  /// Distances of network and refined field, and the norm of the latter.
  std::array<double, 3>
  refine_by_newton(const MPI_Comm communicator)
  {
    Program program(communicator);
    program.solve();
    NewtonResidual residual(program.dof_handler,
                            program.zero_constraints,
                            program.matrix,
                            program.rhs,
                            program.solution,
                            [&]() { program.assemble(); });
    residual.minimize_error([&](const TrilinosVector &x, TrilinosVector &y) {
      dealii::SolverControl                  control;
      dealii::TrilinosWrappers::SolverDirect direct(control);
      direct.solve(program.matrix, y, x);
    });
    const auto refined =
      refine(make_network(2, 1, {20, 20}), program.dof_handler, residual, 80);

    // Boundary values and hanging nodes are those of the solution.
    TrilinosVector distributed = refined.values;
    program.constraints.distribute(distributed);
    distributed -= refined.values;
    EXPECT_LT(distributed.linfty_norm(), 1e-13);

    const auto distance = [&](const TrilinosVector &u) {
      return relative_distance(program.dof_handler, u, program.solution);
    };
    return {{distance(refined.network_values),
             distance(refined.values),
             refined.values.l2_norm()}};
  }

  /// Distance of two networks as fields of a mixed element, base by base.
  std::array<double, 2>
  distances_in_mixed_elements(const MPI_Comm communicator)
  {
    dealii::parallel::distributed::Triangulation<2> triangulation(communicator);
    dealii::GridGenerator::hyper_cube(triangulation);
    triangulation.refine_global(3);
    const dealii::FESystem<2> fe(dealii::FE_RaviartThomas<2>(1),
                                 1,
                                 dealii::FE_DGQ<2>(1),
                                 1);
    dealii::DoFHandler<2>     dof_handler(triangulation);
    dof_handler.distribute_dofs(fe);
    const Sampling sampling =
      field_sampling(dealii::MappingQ1<2>(), dof_handler, 3);
    const auto vector = [&](const Network &network) {
      TrilinosVector u(dof_handler.locally_owned_dofs(), communicator);
      const auto     q = to_host(sampling.evaluate(network));
      std::size_t    i = 0;
      for (const auto dof : dof_handler.locally_owned_dofs())
        u(dof) = q(i++);
      u.compress(dealii::VectorOperation::insert);
      return u;
    };
    const auto u     = vector(make_network(2, 3, {20})),
               v     = vector(make_network(2, 3, {30}));
    const auto masks = base_element_masks(fe);
    return {{relative_distance(dof_handler, u, v, masks[0]),
             relative_distance(dof_handler, u, v, masks[1])}};
  }
} // namespace

TEST(KindsOfPrograms, NewtonLoopsDoNotDependOnTheNumberOfRanks)
{
  compare_with_one_rank(refine_by_newton,
                        [](const auto &together, const auto &alone) {
                          EXPECT_LT(together[1], 0.05 * together[0]);
                          EXPECT_NEAR(together[0], alone[0], 1e-9 * alone[0]);
                          // A small difference of large numbers.
                          EXPECT_NEAR(together[1], alone[1], 0.2 * alone[1]);
                          EXPECT_NEAR(together[2], alone[2], 1e-8 * alone[2]);
                        });
}

TEST(KindsOfPrograms, DistancesInMixedElementsDoNotDependOnTheNumberOfRanks)
{
  compare_with_one_rank(
    distances_in_mixed_elements, [](const auto &together, const auto &alone) {
      for (unsigned int b = 0; b < 2; ++b)
        {
          EXPECT_GT(alone[b], 0.1);
          EXPECT_NEAR(together[b], alone[b], 1e-10 * alone[b]);
        }
    });
}
