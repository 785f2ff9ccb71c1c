// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// A program as deal.II's users write it, before and after it learned to refine
// a network: Poisson's equation on the unit square by finite elements.

#include <lsr/base/communicator.h>
#include <lsr/base/config.h>

#include <deal.II/base/function.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/numbers.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/lac/affine_constraints.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/full_matrix.h>
#include <deal.II/lac/precondition.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/matrix_creator.h>
#include <deal.II/numerics/vector_tools.h>

#include <cmath>
#include <exception>
#include <iostream>

using namespace dealii;

// The solution, and with it the right hand side 2 pi^2 u.
class Solution : public Function<2>
{
public:
  double
  value(const Point<2> &p, const unsigned int = 0) const override
  {
    return std::sin(numbers::PI * p[0]) * std::sin(numbers::PI * p[1]);
  }
};

class RightHandSide : public Solution
{
public:
  double
  value(const Point<2> &p, const unsigned int = 0) const override
  {
    return 2 * numbers::PI * numbers::PI * Solution::value(p);
  }
};

class Poisson
{
public:
  Poisson();

  void
  run();

private:
  void
  setup_system();

  void
  assemble_system();

  void
  solve();

  double
  error() const;

  Triangulation<2>          triangulation;
  const FE_Q<2>             fe;
  DoFHandler<2>             dof_handler;
  AffineConstraints<double> constraints;
  SparsityPattern           sparsity_pattern;
  SparseMatrix<double>      system_matrix;
  Vector<double>            system_rhs;
  Vector<double>            solution;
};

Poisson::Poisson()
  : fe(2)
  , dof_handler(triangulation)
{}

void
Poisson::setup_system()
{
  GridGenerator::hyper_cube(triangulation);
  triangulation.refine_global(4);
  dof_handler.distribute_dofs(fe);

  VectorTools::interpolate_boundary_values(dof_handler,
                                           0,
                                           Functions::ZeroFunction<2>(),
                                           constraints);
  constraints.close();

  DynamicSparsityPattern dsp(dof_handler.n_dofs());
  DoFTools::make_sparsity_pattern(dof_handler, dsp, constraints, false);
  sparsity_pattern.copy_from(dsp);
  system_matrix.reinit(sparsity_pattern);
  system_rhs.reinit(dof_handler.n_dofs());
  solution.reinit(dof_handler.n_dofs());
}

void
Poisson::assemble_system()
{
  const RightHandSide right_hand_side;
  MatrixCreator::create_laplace_matrix(dof_handler,
                                       QGauss<2>(fe.degree + 1),
                                       system_matrix,
                                       right_hand_side,
                                       system_rhs,
                                       static_cast<const Function<2> *>(
                                         nullptr),
                                       constraints);
}

void
Poisson::solve()
{
  SolverControl            control(1000, 1e-12 * system_rhs.l2_norm());
  SolverCG<Vector<double>> cg(control);
  PreconditionSSOR<SparseMatrix<double>> preconditioner;
  preconditioner.initialize(system_matrix, 1.2);
  cg.solve(system_matrix, solution, system_rhs, preconditioner);
  constraints.distribute(solution);
}

double
Poisson::error() const
{
  Vector<double> cellwise(triangulation.n_active_cells());
  VectorTools::integrate_difference(dof_handler,
                                    solution,
                                    Solution(),
                                    cellwise,
                                    QGauss<2>(fe.degree + 2),
                                    VectorTools::L2_norm);
  return VectorTools::compute_global_error(triangulation,
                                           cellwise,
                                           VectorTools::L2_norm);
}

void
Poisson::run()
{
  setup_system();
  assemble_system();
  solve();

  std::cout << "dealii_lsr " << LSR_VERSION << " on "
            << lsr::Communicator(MPI_COMM_WORLD).size() << " processes, "
            << dof_handler.n_dofs()
            << " degrees of freedom, finite element error " << error()
            << std::endl;
  AssertThrow(error() < 1e-4, ExcMessage("The finite element error is large."));
}

int
main(int argc, char **argv)
{
  try
    {
      Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
      Poisson().run();
    }
  catch (const std::exception &exception)
    {
      std::cerr << exception.what() << std::endl;
      return 1;
    }
  return 0;
}
