// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The parts of Trilinos that matrices may be in, against each other: the one of
// the library, and the other one, which is compiled into this test.

#include "fe/sparse_view.h"

#include <lsr/fe/advection_diffusion_reaction.h>

#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>
#include <deal.II/lac/solver_gmres.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "support/messages.h"
#include "support/models.h"
#include "support/other_sparse_view.h"
#include "support/problems.h"

using namespace lsr;
using internal::SparseView;
using internal::TrilinosMatrix;
using internal::VectorOperator;

namespace
{
  /// The largest relative difference on any rank.
  double
  difference(const Block &A, const Block &B)
  {
    return dealii::Utilities::MPI::max(
      B.extent(0) == 0 ? 0. : test::relative_difference(A, B), MPI_COMM_WORLD);
  }



  /// A Jacobian, as both see it.
  template <int dim>
  struct Views
  {
    Views(const std::string &advection,
          const unsigned int degree,
          const unsigned int n_refinements)
      : equation(parameters(advection))
      , problem(equation, degree, n_refinements)
      , n(problem.solution.locally_owned_size())
    {
      problem.assembler->jacobian(problem.solution, A);
      view  = internal::make_sparse_view(A);
      other = internal::make_other_sparse_view(A);
    }

    static typename AdvectionDiffusionReaction<dim>::Parameters
    parameters(const std::string &advection)
    {
      typename AdvectionDiffusionReaction<dim>::Parameters result;
      result.advection       = advection;
      result.right_hand_side = "1";
      return result;
    }

    /// Rows of a larger block, so that the leading dimension matters; other
    /// numbers on every rank.
    Block
    some_block(const std::size_t n_columns) const
    {
      const unsigned int rank =
        dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD);
      return rows(test::random_block(n + 3, n_columns, rank), 2, n + 2);
    }

    AdvectionDiffusionReaction<dim>   equation;
    test::Problem<dim>                problem;
    std::size_t                       n;
    TrilinosMatrix                    A;
    std::unique_ptr<const SparseView> view, other;
  };



  template <int dim>
  void
  expect_the_same_products(const Views<dim> &views, const std::size_t n_columns)
  {
    const Block X = views.some_block(n_columns);
    for (const bool transpose : {false, true})
      {
        const Block Y =
                      rows(make_block(views.n + 3, n_columns), 1, views.n + 1),
                    other = make_block(views.n, n_columns);
        for (const Block &block : {Y, other})
          Kokkos::deep_copy(block, std::numeric_limits<double>::quiet_NaN());
        views.view->multiply(X, Y, transpose);
        views.other->multiply(X, other, transpose);
        EXPECT_LE(difference(other, Y), 1e-12);
      }
  }



  template <int dim>
  void
  expect_the_same_solutions(const Views<dim> &views)
  {
    const Block X = views.some_block(3), B = make_block(views.n, 3),
                other = make_block(views.n, 3);
    views.view->multiply(X, B, /* transpose = */ false);
    views.other->factorize(dim == 3)(B, other);
    views.view->factorize(dim == 3)(B, B); // in place
    EXPECT_LE(difference(B, X), 1e-9);
    EXPECT_LE(difference(other, B), 1e-9);
  }



  /// The number of steps to A^{-1} b.
  template <typename Solver>
  unsigned int
  solve(const SparseView &view, const FEVector &b, FEVector &x)
  {
    internal::MultigridOptions options;
    options.elliptic = std::is_same_v<Solver, dealii::SolverCG<FEVector>>;
    dealii::SolverControl control(200, 1e-12 * b.l2_norm());
    Solver                solver(control);
    x = 0;
    solver.solve(VectorOperator{[&](const auto &X, const auto &Y) {
                   view.multiply(X, Y, /* transpose = */ false);
                 }},
                 x,
                 b,
                 VectorOperator{view.multigrid(options)});
    return control.last_step();
  }



  template <typename Solver, int dim>
  void
  expect_equally_good_multigrid(const Views<dim> &views)
  {
    FEVector b = views.problem.solution, x = b, other = b;
    for (std::size_t i = 0; i < views.n; ++i)
      b.local_element(i) = std::sin(1. + i);
    const unsigned int n_steps       = solve<Solver>(*views.view, b, x),
                       n_other_steps = solve<Solver>(*views.other, b, other);
    EXPECT_LT(n_steps, 1.5 * n_other_steps + 3);
    EXPECT_LT(n_other_steps, 1.5 * n_steps + 3);
    const double scale = x.linfty_norm();
    other -= x;
    EXPECT_LE(other.linfty_norm(), 1e-9 * scale);
  }
} // namespace

TEST(SparseView, BackendsGiveTheSameProducts)
{
  const Views<2> views("1, y", 2, 4);
  for (const std::size_t n_columns : {1, 5, 40})
    expect_the_same_products(views, n_columns);
}

TEST(SparseView, BackendsTakeRanksWithoutRows)
{
  const Views<2> views("1, y", 2, 0);
  expect_the_same_products(views, 4);
  expect_the_same_solutions(views);
}

TEST(SparseView, BackendsGiveTheSameSolutions)
{
  expect_the_same_solutions(Views<2>("1, y", 3, 3));
  expect_the_same_solutions(Views<3>("1, y, z", 1, 3));
}

TEST(SparseView, BackendsHaveEquallyGoodMultigrid)
{
  expect_equally_good_multigrid<dealii::SolverCG<FEVector>>(Views<2>("", 1, 6));
  expect_equally_good_multigrid<dealii::SolverCG<FEVector>>(Views<2>("", 3, 4));
  expect_equally_good_multigrid<dealii::SolverGMRES<FEVector>>(
    Views<2>("1, y", 1, 6));
}

TEST(SparseView, BackendsRefuseSingularMatrices)
{
  Views<2>   views("", 1, 2);
  const auto row = *views.problem.discretization.locally_owned_dofs().begin();
  const auto all = views.A.n();
  for (dealii::types::global_dof_index column = 0; column < all; ++column)
    if (views.A.el(row, column) != 0)
      views.A.set(row, column, 0.);
  views.A.compress(dealii::VectorOperation::insert);
  for (const auto &make :
       {internal::make_sparse_view, internal::make_other_sparse_view})
    test::expect_contains(test::message(
                            [&]() { make(views.A)->factorize(false); }),
                          "cannot be factorized",
                          "singular");
}
