// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// A program as deal.II's users write it, before and after it learned to refine
// a network: Poisson's equation on the unit square by finite elements.

#include <lsr/dealii.h>
#include <lsr/network/training.h>

#include <deal.II/base/function.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/numbers.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_values.h>
#include <deal.II/fe/mapping_q1.h>
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
#include <memory>

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
  solve(Vector<double> &x, const Vector<double> &b) const;

  lsr::Network
  refine_network() const;

  double
  error(const Function<2> &field) const;

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
Poisson::solve(Vector<double> &x, const Vector<double> &b) const
{
  SolverControl                          control(1000, 1e-12 * b.l2_norm());
  SolverCG<Vector<double>>               cg(control);
  PreconditionSSOR<SparseMatrix<double>> preconditioner;
  preconditioner.initialize(system_matrix, 1.2);
  cg.solve(system_matrix, x, b, preconditioner);
  constraints.distribute(x);
}

// A network that was trained a little, as a surrogate from a file would be:
// lsr::Network::load("surrogate.pt", 2, 1).
lsr::Network
make_surrogate(const lsr::Sampling &nodes)
{
  lsr::FullyConnected layout;
  layout.widths        = {40, 40, 40};
  lsr::Network network = layout.build();
  const auto   targets = lsr::make_column(nodes.points.extent(1));
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets(i) = Solution().value({nodes.points(0, i), nodes.points(1, i)});
  lsr::TrainingParameters training;
  training.epochs = 20;
  lsr::train(network, nodes.points, targets, training);
  return network;
}

lsr::Network
Poisson::refine_network() const
{
  const lsr::Sampling nodes =
    lsr::nodal_sampling(MappingQ1<2>(), dof_handler, 1);
  const auto network = make_surrogate(nodes);

  lsr::LinearResidual residual(dof_handler,
                               constraints,
                               system_matrix,
                               system_rhs);
  // The norm: the error in the energy norm of this symmetric problem, by the
  // program's own solver.
  residual.solve_with_jacobian = [&](const Vector<double> &x,
                                     Vector<double>       &y,
                                     const double) { solve(y, x); };
  return lsr::refine(network, dof_handler, residual, /* directions */ 300)
    .network;
}

// Relative distance of a field to the finite-element solution in l2.
double
Poisson::error(const Function<2> &field) const
{
  Vector<double> difference(dof_handler.n_dofs());
  VectorTools::interpolate(dof_handler, field, difference);
  difference -= solution;
  return difference.l2_norm() / solution.l2_norm();
}

void
Poisson::run()
{
  setup_system();
  assemble_system();
  solve(solution, system_rhs);

  const lsr::Network refined = refine_network();
  const double before = error(lsr::NetworkFunction<2>(refined.unrefined()));
  const double after  = error(lsr::NetworkFunction<2>(refined));
  std::cout << dof_handler.n_dofs()
            << " degrees of freedom. Distance to the finite-element solution: "
            << before << " for the network, " << after << " refined"
            << std::endl;
  AssertThrow(after < 1e-2 * before, ExcMessage("The refinement is poor."));
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
