// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The parts of Trilinos that matrices may be in, side by side: the Jacobian of
// a diffusion problem times a block, its factorization, and multigrid.

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/assembler.h>
#include <lsr/fe/discretization.h>

#include <deal.II/base/mpi.h>
#include <deal.II/base/table_handler.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>

#include "fe/sparse_view.h"
#include "support/models.h"
#include "support/other_sparse_view.h"
#include "timing.h"

using namespace lsr;
using internal::SparseView;
using internal::VectorOperator;
using performance::best_seconds;

namespace
{
  struct Sizes
  {
    unsigned int refinements_2d = 8, refinements_3d = 5;
    unsigned int columns = 500, repetitions = 5;
  };



  /// The steps of conjugate gradients.
  unsigned int
  solve(const SparseView           &view,
        const SparseView::Operator &multigrid,
        const FEVector             &prototype)
  {
    FEVector x = prototype, b = prototype;
    b = 1.;
    dealii::SolverControl      control(500, 1e-10 * b.l2_norm());
    dealii::SolverCG<FEVector> solver(control);
    solver.solve(VectorOperator{[&](const auto &X, const auto &Y) {
                   view.multiply(X, Y, /* transpose = */ false);
                 }},
                 x,
                 b,
                 VectorOperator{multigrid});
    return control.last_step();
  }



  template <int dim>
  void
  measure(const Sizes &sizes, dealii::TableHandler &table)
  {
    typename AdvectionDiffusionReaction<dim>::Parameters equation_parameters;
    equation_parameters.right_hand_side = "1";
    const AdvectionDiffusionReaction<dim>    equation(equation_parameters);
    typename Discretization<dim>::Parameters parameters;
    parameters.degree = 1;
    parameters.global_refinements =
      dim == 2 ? sizes.refinements_2d : sizes.refinements_3d;
    parameters.grid_generator = "hyper_cube";
    parameters.grid_arguments = "0 : 1 : true";
    Discretization<dim> discretization(MPI_COMM_WORLD, 1, parameters);
    discretization.make_grid();
    discretization.setup_dofs(equation.dirichlet_conditions());
    const Assembler<dim>     assembler(equation, discretization);
    const FEVector           u = discretization.make_vector();
    internal::TrilinosMatrix A;
    assembler.jacobian(u, A);

    const HostBlock X = to_host(test::random_block(u.locally_owned_size(),
                                                   sizes.columns)),
                    Y = to_host(make_zero_block(X.extent(0), X.extent(1)));
    for (const bool other : {false, true})
      {
        const auto view = other ? internal::make_other_sparse_view(A) :
                                  internal::make_sparse_view(A);
        SparseView::Operator factorization, multigrid;
        unsigned int         n_steps = 0;
        const auto           add     = [&](const std::string       &name,
                             const performance::Work &work) {
          table.add_value(name, best_seconds(sizes.repetitions, work));
          table.set_precision(name, 4);
        };
        table.add_value("dim", dim);
        table.add_value("unknowns", A.m());
        table.add_value("backend",
                        std::string(other ? LSR_OTHER_SPARSE_BACKEND :
                                            LSR_SPARSE_BACKEND));
        add("A X", [&]() { view->multiply(X, Y, false); });
        add("A^T X", [&]() { view->multiply(X, Y, true); });
        add("factorize", [&]() { factorization = view->factorize(dim == 3); });
        add("solve", [&]() { factorization(X, Y); });
        add("multigrid", [&]() { multigrid = view->multigrid({}); });
        add("CG", [&]() { n_steps = solve(*view, multigrid, u); });
        table.add_value("steps", n_steps);
      }
  }
} // namespace



int
main(int argc, char **argv)
{
  dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
  ensure_kokkos_initialized();
  Sizes    sizes;
  CLI::App app("Sparse matrices of Epetra and Tpetra: best times in seconds.");
  app.add_option("--refinements-2d", sizes.refinements_2d);
  app.add_option("--refinements-3d", sizes.refinements_3d);
  app.add_option("--columns", sizes.columns);
  app.add_option("--repetitions", sizes.repetitions);
  CLI11_PARSE(app, argc, argv);

  dealii::TableHandler table;
  measure<2>(sizes, table);
  measure<3>(sizes, table);
  if (dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) == 0)
    table.write_text(std::cout);
}
