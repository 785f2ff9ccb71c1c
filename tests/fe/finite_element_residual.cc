// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/callback_residual.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/finite_element_solver.h>
#include <lsr/fe/linear_solver.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/fe/fe_dgp.h>
#include <deal.II/fe/fe_dgq.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/lac/trilinos_vector.h>
#include <deal.II/lac/vector.h>
#include <deal.II/numerics/vector_tools_integrate_difference.h>
#include <deal.II/numerics/vector_tools_interpolate.h>
#include <deal.II/sundials/kinsol.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fe/block_product.h"
#include "refine/point_sample.h"
#include "support/hanging_nodes.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;
using Parameters2  = AdvectionDiffusionReaction<2>::Parameters;
using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

namespace
{
  /// Everything depends on x and on u, and nothing is symmetric.
  Parameters2
  nonlinear_parameters()
  {
    Parameters2 parameters;
    parameters.diffusion       = "1 + 0.3*u^2*(1 + x)";
    parameters.advection       = "1 + u*y, sin(u) - x";
    parameters.reaction        = "u^3 + exp(x*u)";
    parameters.right_hand_side = "cos(x + y)";
    parameters.dirichlet       = "0: 0.1 + y; 3: 1 - x";
    parameters.neumann         = "1: y";
    parameters.robin           = "2: 1 + x*u^2, y";
    return parameters;
  }

  Parameters2
  positive_definite_parameters()
  {
    Parameters2 parameters;
    parameters.diffusion       = "2";
    parameters.reaction        = "3*u";
    parameters.right_hand_side = "exp(x*y)";
    parameters.dirichlet       = "0: y; 1: 0; 2: x; 3: 1 - x";
    return parameters;
  }

  const std::vector<Case> euclidean_cases = {{ResidualNorm::l2, true},
                                             {ResidualNorm::l2, false},
                                             {ResidualNorm::mass, true},
                                             {ResidualNorm::mass, false}};

  std::string
  describe(const Case &c)
  {
    return to_string(c.norm) + (c.strong_dirichlet ? ", strong" : ", rows");
  }

  Column
  column(const Block &block, const std::size_t j)
  {
    return Kokkos::subview(block, Kokkos::ALL(), j);
  }

  Column
  evaluate(Residual &residual, const Column &q)
  {
    const Column f = make_column(residual.n_rows());
    residual.evaluate(q, f);
    return f;
  }

  Block
  apply_jacobian(Residual &residual, const Block &X)
  {
    const Block AX = make_block(residual.n_rows(), X.extent(1));
    residual.apply_jacobian(X, AX);
    return AX;
  }

  /// x + alpha y
  Column
  sum(const Column &x, const double alpha, const Column &y)
  {
    const Column result = make_column(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      result(i) = x(i) + alpha * y(i);
    return result;
  }

  Block
  constrained_columns(const Residual   &residual,
                      const std::size_t n_columns,
                      const unsigned    seed)
  {
    const Block X = random_block(residual.n_values(), n_columns, seed);
    residual.set_zero(X);
    return X;
  }
} // namespace

TEST(FiniteElementResidual, HasItsJacobian)
{
  for (const Case &c : euclidean_cases)
    {
      SCOPED_TRACE(describe(c));
      const Model model(nonlinear_parameters(), c.strong_dirichlet);
      FiniteElementResidual<2> residual(*model.assembler, c.norm, 7.);
      expect_jacobian(residual, random_column(model.n, 1));
    }
}

TEST(FiniteElementResidual, TransposedJacobianHasNoConstrainedRows)
{
  auto cases = euclidean_cases;
  cases.push_back({ResidualNorm::dual, true});
  for (const Case &c : cases)
    {
      SCOPED_TRACE(describe(c));
      const Model model(nonlinear_parameters(), c.strong_dirichlet);
      FiniteElementResidual<2> residual(*model.assembler, c.norm, 7.);
      expect_jacobian(residual, random_column(model.n, 1));
      const Block ATY = make_block(model.n, 1);
      residual.apply_transposed_jacobian(random_block(model.n, 1, 3), ATY);
      for (std::size_t i = 0; i < model.n; ++i)
        EXPECT_TRUE(!model.constrained(i) || ATY(i, 0) == 0.);
    }
}

TEST(FiniteElementResidual, RowsOfConstraintsAreZeroAndNoOthers)
{
  auto cases = euclidean_cases;
  cases.push_back({ResidualNorm::dual, true});
  for (const Case &c : cases)
    {
      SCOPED_TRACE(describe(c));
      const Model model(nonlinear_parameters(), c.strong_dirichlet);
      FiniteElementResidual<2> residual(*model.assembler, c.norm);
      const Column             q = random_column(model.n, 1);
      const Block              X = constrained_columns(residual, 1, 2);
      residual.linearize(q);
      const Column f  = evaluate(residual, q);
      const Block  AX = apply_jacobian(residual, X);
      for (std::size_t i = 0; i < model.n; ++i)
        {
          EXPECT_EQ(X(i, 0) == 0., model.constrained(i));
          EXPECT_EQ(f(i) == 0., model.constrained(i));
          EXPECT_EQ(AX(i, 0) == 0., model.constrained(i));
        }
    }
}

TEST(FiniteElementResidual, ValuesThatConstraintsDetermineDoNotMatter)
{
  const Model              model(nonlinear_parameters());
  FiniteElementResidual<2> residual(*model.assembler, ResidualNorm::l2);
  const Column             q = random_column(model.n, 1);
  const Column             p = sum(q, 0., q);
  for (std::size_t i = 0; i < model.n; ++i)
    if (model.constrained(i))
      p(i) = 17.;
  EXPECT_EQ(relative_difference(evaluate(residual, p), evaluate(residual, q)),
            0.);
  FEVector difference = residual.field(q);
  difference -= residual.field(p);
  EXPECT_EQ(difference.linfty_norm(), 0.);
  // A field is a fixed point of its values.
  const Column values = residual.values(residual.field(q));
  EXPECT_EQ(relative_difference(residual.values(residual.field(values)),
                                values),
            0.);
}

TEST(FiniteElementResidual, DirichletRowsAreWeightedDifferences)
{
  const double weight = 30.;
  const Model  model(nonlinear_parameters(), false);
  for (const ResidualNorm norm : {ResidualNorm::l2, ResidualNorm::mass})
    {
      FiniteElementResidual<2> residual(*model.assembler, norm, weight);
      const Column             q = random_column(model.n, 1);
      const Column             f = evaluate(residual, q);
      const auto &dirichlet      = model.discretization.dirichlet_values();
      EXPECT_GT(dirichlet.size(), 10u);
      for (const auto &[dof, value] : dirichlet)
        EXPECT_DOUBLE_EQ(f(dof), weight * (q(dof) - value));
    }
}

TEST(FiniteElementResidual, MassNormDividesByTheSquareRootOfTheMass)
{
  const Model              model(nonlinear_parameters());
  FiniteElementResidual<2> l2(*model.assembler, ResidualNorm::l2);
  FiniteElementResidual<2> mass(*model.assembler, ResidualNorm::mass);
  const Column             q = random_column(model.n, 1);
  const Column             f = evaluate(l2, q), g = evaluate(mass, q);
  EXPECT_EQ(relative_difference(f, g), 0.);
  mass.inner_product().scale(as_block(g));
  const FEVector m    = model.assembler->lumped_mass();
  double         norm = 0;
  for (std::size_t i = 0; i < model.n; ++i)
    {
      EXPECT_NEAR(g(i), f(i) / std::sqrt(m(i)), 1e-14 * std::abs(g(i)));
      norm += f(i) * f(i) / m(i);
    }
  EXPECT_NEAR(mass.norm(f), std::sqrt(norm), 1e-13 * mass.norm(f));
}

TEST(FiniteElementResidual, FiniteElementSolutionHasNone)
{
  const Model    model(nonlinear_parameters());
  const FEVector solution = model.solve();
  auto           cases    = euclidean_cases;
  cases.push_back({ResidualNorm::dual, true});
  for (const Case &c : cases)
    {
      SCOPED_TRACE(describe(c));
      const Model              here(nonlinear_parameters(), c.strong_dirichlet);
      FiniteElementResidual<2> residual(*here.assembler, c.norm);
      const Column             q = residual.values(solution);
      residual.linearize(q);
      const double at_zero =
        residual.norm(evaluate(residual, make_column(here.n)));
      EXPECT_GT(at_zero, 1e-2);
      EXPECT_LT(residual.norm(evaluate(residual, q)), 1e-12 * at_zero);
    }
}

TEST(FiniteElementResidual, DualNormIsTheEnergyNormOfTheError)
{
  const Model              model(positive_definite_parameters());
  FiniteElementResidual<2> residual(*model.assembler, ResidualNorm::dual);
  EXPECT_FALSE(residual.inner_product().diagonal());
  const Column solution = residual.values(model.solve());
  const Block  E        = constrained_columns(residual, 1, 5);
  const Column q        = sum(solution, 1., column(E, 0));
  residual.linearize(q);
  const Block AE = apply_jacobian(residual, E);

  // The function that is the error, and its energy from integrals.
  FEVector error = residual.field(q);
  error -= residual.field(solution);
  error.update_ghost_values();
  const auto &d      = model.discretization;
  const auto  square = [&](const dealii::VectorTools::NormType norm) {
    dealii::Vector<double> cells(d.triangulation().n_active_cells());
    dealii::VectorTools::integrate_difference(
      d.mapping(),
      d.dof_handler(),
      error,
      dealii::Functions::ZeroFunction<2>(),
      cells,
      dealii::QGauss<2>(4),
      norm);
    return std::pow(dealii::VectorTools::compute_global_error(d.triangulation(),
                                                              cells,
                                                              norm),
                    2);
  };
  const double energy =
    std::sqrt(2. * square(dealii::VectorTools::H1_seminorm) +
              3. * square(dealii::VectorTools::L2_norm));
  const double norm = residual.norm(evaluate(residual, q));
  EXPECT_NEAR(norm, energy, 1e-10 * energy);
  EXPECT_NEAR(std::sqrt(dot(column(E, 0), column(AE, 0))),
              energy,
              1e-10 * energy);

  // K is A: nothing to solve.
  EXPECT_TRUE(residual.inner_product().gram_is_jacobian_of(residual));

  // Taking the Jacobian of a linear problem again changes nothing.
  residual.linearize(solution);
  EXPECT_NEAR(residual.norm(evaluate(residual, q)), norm, 1e-12 * norm);
}

TEST(FiniteElementResidual, DualNormInvertsTheSymmetricPartOtherwise)
{
  const Model              model(nonlinear_parameters());
  FiniteElementResidual<2> residual(*model.assembler, ResidualNorm::dual);
  const Column             q = random_column(model.n, 1);
  residual.linearize(q);
  SparseMatrix K;
  model.assembler->gram_matrix(residual.field(q), K);

  const Block X  = constrained_columns(residual, 3, 2);
  const Block AX = apply_jacobian(residual, X);
  const Block S  = residual.inner_product().solve(AX);
  EXPECT_FALSE(residual.inner_product().gram_is_jacobian_of(residual));
  const Block KS = make_block(model.n, 3);
  BlockProduct(K).multiply(S, KS);
  EXPECT_LT(relative_difference(KS, AX), 1e-12);
  EXPECT_GT(relative_difference(S, X), 1e-3);

  // f = K s has the norm sqrt(s^T K s).
  const Column s = column(X, 0), f = make_column(model.n);
  BlockProduct(K).multiply(as_block(s), as_block(f));
  EXPECT_NEAR(residual.norm(f), std::sqrt(dot(s, f)), 1e-12 * residual.norm(f));

  // The norm is that of the first linearization.
  const double norm = residual.norm(f);
  residual.linearize(random_column(model.n, 9));
  EXPECT_EQ(residual.norm(f), norm);
}

TEST(FiniteElementResidual, MistakesAreReported)
{
  const Model weak(positive_definite_parameters(), false);
  expect_contains(message([&]() {
                    FiniteElementResidual<2>(*weak.assembler,
                                             ResidualNorm::dual);
                  }),
                  "needs strong Dirichlet conditions");
  const Model              strong(positive_definite_parameters());
  FiniteElementResidual<2> residual(*strong.assembler, ResidualNorm::dual);
  expect_contains(message([&]() { residual.norm(make_column(strong.n)); }),
                  "call linearize() first");
}

namespace
{
  /// Give one of the vectors that programs use, of the size of the problem.
  template <typename VectorType>
  void
  reinit(const Model &model, VectorType &v)
  {
    const auto &owned = model.discretization.locally_owned_dofs();
    if constexpr (std::is_same_v<VectorType, dealii::Vector<double>>)
      v.reinit(owned.size());
    else
      v.reinit(owned, MPI_COMM_WORLD);
  }

  template <typename From, typename To>
  void
  copy_values(const Model &model, const From &from, To &to)
  {
    for (const auto i : model.discretization.locally_owned_dofs())
      to(i) = from(i);
    to.compress(dealii::VectorOperation::insert);
  }

  /// A program's own assembly that happens to be ours.
  template <typename VectorType>
  class Program
  {
  public:
    explicit Program(const Model &model)
      : residual(model.discretization.locally_owned_dofs(),
                 model.discretization.constraints(),
                 MPI_COMM_WORLD)
    {
      const auto to_ours = [&model](const VectorType &u) {
        FEVector ours = model.discretization.make_vector();
        copy_values(model, u, ours);
        return ours;
      };
      residual.reinit_vector = [&model](VectorType &v) { reinit(model, v); };
      residual.residual      = [&model, to_ours](const VectorType &u,
                                            VectorType       &f) {
        FEVector ours = model.discretization.make_vector();
        model.assembler->residual(to_ours(u), ours);
        // Values that programs leave in constrained rows do not matter.
        for (std::size_t i = 0; i < model.n; ++i)
          if (model.constrained(i))
            ours(i) = 1e3;
        copy_values(model, ours, f);
      };
      residual.setup_jacobian = [&model, to_ours, this](const VectorType &u,
                                                        const VectorType &) {
        model.assembler->jacobian(to_ours(u), A);
      };
      residual.apply_jacobian = [this](const VectorType &x, VectorType &y) {
        A.vmult(y, x);
      };
    }

    SparseMatrix                 A;
    CallbackResidual<VectorType> residual;
  };

  template <typename VectorType>
  void
  expect_same_as_finite_element_residual(const ResidualNorm norm)
  {
    const Model              model(norm == ResidualNorm::dual ?
                        positive_definite_parameters() :
                        nonlinear_parameters());
    FiniteElementResidual<2> expected(*model.assembler, norm);
    Program<VectorType>      program(model);
    auto                    &residual = program.residual;
    if (norm == ResidualNorm::mass)
      for (const double mass : model.assembler->lumped_mass())
        residual.row_weights.push_back(1. / std::sqrt(mass));

    // Dirichlet values have residuals of their own here.
    const Column q = random_column(model.n, 1);
    residual.distribute(q);
    expected.linearize(q);
    residual.linearize(q);
    std::unique_ptr<LinearSolver> solver;
    if (norm == ResidualNorm::dual)
      {
        solver = std::make_unique<LinearSolver>(program.A,
                                                model.discretization,
                                                LinearSolver::Method::direct);
        residual.solve_with_gram_matrix = [&](const VectorType &x,
                                              VectorType       &y) {
          FEVector b = model.discretization.make_vector(), s = b;
          copy_values(model, x, b);
          solver->solve(s, b, 1e-12);
          copy_values(model, s, y);
        };
      }

    EXPECT_EQ(residual.n_values(), expected.n_values());
    EXPECT_EQ(residual.n_rows(), expected.n_rows());
    EXPECT_EQ(residual.inner_product().diagonal(),
              expected.inner_product().diagonal());
    const Column f = evaluate(residual, q);
    EXPECT_LT(relative_difference(f, evaluate(expected, q)), 1e-14);
    EXPECT_NEAR(residual.norm(f), expected.norm(f), 1e-12 * expected.norm(f));

    const Block all = random_block(model.n, 5, 2);
    const Block X = columns(all, 1, 4), Y = make_block(model.n, 3);
    Kokkos::deep_copy(Y, X);
    residual.set_zero(X);
    expected.set_zero(Y);
    EXPECT_GT(relative_difference(X, Y), 0.);
    expected.set_zero(X);
    EXPECT_EQ(relative_difference(X, Y), 0.);
    const Block AX = apply_jacobian(residual, X);
    EXPECT_LT(relative_difference(AX, apply_jacobian(expected, X)), 1e-14);

    const VectorType u = residual.field(q);
    const FEVector   v = expected.field(q);
    for (const auto i : model.discretization.locally_owned_dofs())
      EXPECT_EQ(u(i), v(i));

    if (norm == ResidualNorm::dual)
      {
        InnerProduct &product = residual.inner_product();
        EXPECT_LT(relative_difference(product.solve(AX), X), 1e-11);
        EXPECT_FALSE(product.gram_is_jacobian_of(residual));
        residual.solve_with_jacobian =
          [&](const VectorType &x, VectorType &y, const double) {
            residual.solve_with_gram_matrix(x, y);
          };
        EXPECT_LT(relative_difference(product.solve(AX), X), 1e-11);
        EXPECT_TRUE(product.gram_is_jacobian_of(residual));
        EXPECT_NEAR(residual.norm(f),
                    expected.norm(f),
                    1e-12 * expected.norm(f));
      }
  }
} // namespace

TEST(CallbackResidual, AgreesWithTheResidualThatTheLibraryAssembles)
{
  for (const ResidualNorm norm :
       {ResidualNorm::l2, ResidualNorm::mass, ResidualNorm::dual})
    {
      SCOPED_TRACE(to_string(norm));
      expect_same_as_finite_element_residual<dealii::Vector<double>>(norm);
      expect_same_as_finite_element_residual<FEVector>(norm);
      expect_same_as_finite_element_residual<
        dealii::TrilinosWrappers::MPI::Vector>(norm);
    }
}

#ifdef DEAL_II_WITH_SUNDIALS
TEST(CallbackResidual, TakesTheCallbacksOfANonlinearSolver)
{
  using VectorType = dealii::Vector<double>;
  const Model                          model(positive_definite_parameters());
  dealii::SUNDIALS::KINSOL<VectorType> solver;
  solver.reinit_vector = [&](VectorType &v) { v.reinit(model.n); };
  solver.residual      = [](const VectorType &u, VectorType &f) {
    f = u;
    return 0;
  };
  solver.setup_jacobian = [](const VectorType &, const VectorType &) {
    return 0;
  };
  CallbackResidual<VectorType> residual(model.discretization.dof_handler());
  residual.take_callbacks(solver);
  const Column q = random_column(model.n, 1);
  EXPECT_EQ(relative_difference(evaluate(residual, q), q), 0.);
  EXPECT_TRUE(bool(residual.setup_jacobian));
}
#endif

TEST(CallbackResidual, AMissingCallbackIsReported)
{
  const Model model(positive_definite_parameters());
  CallbackResidual<dealii::Vector<double>> residual(
    model.discretization.locally_owned_dofs(),
    model.discretization.constraints(),
    MPI_COMM_SELF);
  const Column q = make_column(model.n);
  const Block  X = make_block(model.n, 1);
  expect_contains(message([&]() { evaluate(residual, q); }), "residual()");
  residual.residual = [](const auto &, auto &) {};
  expect_contains(message([&]() { evaluate(residual, q); }), "reinit_vector()");
  residual.reinit_vector = [](auto &v) { v.reinit(3); };
  expect_contains(message([&]() { evaluate(residual, q); }),
                  "made a vector of size 3, expected " +
                    std::to_string(model.n));
  expect_contains(message([&]() { apply_jacobian(residual, X); }),
                  "apply_jacobian()");
  Residual &as_residual = residual;
  expect_contains(message(
                    [&]() { as_residual.apply_transposed_jacobian(X, X); }),
                  "expected the callback apply_transposed_jacobian()");
  expect_contains(message([&]() { as_residual.apply_mass(X, X); }),
                  "apply_mass()");
}

namespace
{
  NetworkFunction<2>
  network_function(const unsigned int n_inputs, const unsigned int n_outputs)
  {
    FullyConnected layers;
    layers.n_inputs  = n_inputs;
    layers.n_outputs = n_outputs;
    layers.widths    = {10, 10};
    return NetworkFunction<2>(layers.build());
  }

  /// Interpolate a network into @p element on a curved mesh with hanging nodes,
  /// and compare with its values at the points of nodal_sampling().
  void
  expect_nodal_values(const dealii::FiniteElement<2> &element,
                      const std::optional<double>    &time = std::nullopt)
  {
    SCOPED_TRACE(element.get_name());
    dealii::Triangulation<2> mesh;
    dealii::GridGenerator::hyper_ball(mesh);
    mesh.refine_global(1);
    mesh.begin_active()->set_refine_flag();
    mesh.execute_coarsening_and_refinement();
    const dealii::MappingQ<2> mapping(3);
    dealii::DoFHandler<2>     dof_handler(mesh);
    dof_handler.distribute_dofs(element);

    const unsigned int n_outputs = element.n_components();
    NetworkFunction<2> function  = network_function(time ? 3 : 2, n_outputs);
    if (time)
      function.set_time(*time);
    dealii::Vector<double> u(dof_handler.n_dofs());
    dealii::VectorTools::interpolate(mapping, dof_handler, function, u);

    const Sampling sampling =
      nodal_sampling(mapping, dof_handler, n_outputs, time);
    ASSERT_EQ(sampling.n_values(n_outputs), dof_handler.n_dofs());
    const Column q = sampling.evaluate(function.network());
    for (std::size_t i = 0; i < dof_handler.n_dofs(); ++i)
      EXPECT_NEAR(q(i), u(i), 1e-14);

    // No point is evaluated twice.
    std::set<std::vector<double>> points;
    for (std::size_t i = 0; i < sampling.points.extent(1); ++i)
      points.insert({sampling.points(0, i), sampling.points(1, i)});
    EXPECT_EQ(points.size(), sampling.points.extent(1));
  }

  /// Columns of a block in the order of their numbers.
  std::vector<std::vector<double>>
  sorted_points(const Block &points)
  {
    std::vector<std::vector<double>> result;
    for (std::size_t i = 0; i < points.extent(1); ++i)
      result.emplace_back(&points(0, i), &points(0, i) + points.extent(0));
    std::sort(result.begin(), result.end());
    return result;
  }
} // namespace

TEST(NodalSampling, InterpolatesTheNetwork)
{
  using dealii::FE_Q;
  expect_nodal_values(FE_Q<2>(1));
  expect_nodal_values(FE_Q<2>(4));
  expect_nodal_values(dealii::FE_DGQ<2>(2));
  expect_nodal_values(dealii::FESystem<2>(FE_Q<2>(3), 2));
  expect_nodal_values(dealii::FESystem<2>(FE_Q<2>(2), 2, FE_Q<2>(1), 1));
  expect_nodal_values(FE_Q<2>(2), 0.6);
  expect_nodal_values(dealii::FESystem<2>(FE_Q<2>(2), 2), 0.6);
}

TEST(NodalSampling, ElementsThatDoNotSuitTheNetworkAreReported)
{
  dealii::Triangulation<2> mesh;
  dealii::GridGenerator::hyper_cube(mesh);
  dealii::DoFHandler<2>     dof_handler(mesh);
  const dealii::MappingQ<2> mapping(1);
  dof_handler.distribute_dofs(dealii::FE_DGP<2>(1));
  expect_contains(message([&]() { nodal_sampling(mapping, dof_handler, 1); }),
                  "FE_DGP<2>(1) has no support points");
  dof_handler.distribute_dofs(dealii::FE_Q<2>(1));
  expect_contains(message([&]() { nodal_sampling(mapping, dof_handler, 2); }),
                  "The network has 2 outputs, expected one for each of the 1 "
                  "components");
}

TEST(NodalSampling, TransposedSelectionIsTheTranspose)
{
  // Where cells of different size meet, several degrees of freedom may have one
  // point.
  const Model       model(nonlinear_parameters());
  const Sampling    sampling = model.nodes();
  const std::size_t n_rows   = sampling.points.extent(1);
  ASSERT_LT(n_rows, model.n);
  const Block X = random_block(n_rows, 2, 1), Y = random_block(model.n, 2, 2);
  const Block left = make_block(2, 2), right = make_block(2, 2);
  multiply(1., 'T', sampling.apply(X), 'N', Y, 0., left);
  multiply(1., 'T', X, 'N', sampling.apply_transposed(Y, n_rows), 0., right);
  EXPECT_LT(relative_difference(left, right), 1e-13);
}

TEST(NodalSampling, SingularDirectionsOfTheResidualAreSingular)
{
  const Model              model(nonlinear_parameters());
  FiniteElementResidual<2> residual(*model.assembler, ResidualNorm::mass);
  const Sampling           sampling = model.nodes();
  const NetworkFunction<2> function = network_function(2, 1);
  const Network           &network  = function.network();
  residual.linearize(sampling.evaluate(network));
  TangentBasisParameters parameters;
  parameters.n_directions = 20;
  const auto basis        = randomized_svd(
    network, sampling, residual.communicator(), parameters, &residual);

  // V^T (A J)^T A J V is diagonal.
  const Block JV = sampling.jacobian_times(*basis);
  residual.set_zero(JV);
  const Block G = apply_jacobian(residual, JV), N = make_block(20, 20);
  residual.inner_product().scale(G);
  multiply(1., 'T', G, 'N', G, 0., N);
  double off_diagonal = 0;
  for (std::size_t j = 0; j < 5; ++j)
    for (std::size_t i = 0; i < j; ++i)
      off_diagonal = std::max(off_diagonal,
                              std::abs(N(i, j)) / std::sqrt(N(i, i) * N(j, j)));
  EXPECT_LT(off_diagonal, 1e-6);
}

TEST(PointSample, ConsistsOfDistinctPointsOfTheSet)
{
  const Model    model(positive_definite_parameters());
  const Sampling sampling = model.nodes();
  const auto     all      = sorted_points(sampling.points);
  for (const std::size_t n : {std::size_t(1), std::size_t(20), all.size()})
    {
      const auto points =
        sorted_points(point_sample(sampling.points, n, MPI_COMM_SELF));
      EXPECT_EQ(points.size(), n);
      EXPECT_EQ(std::adjacent_find(points.begin(), points.end()), points.end());
      EXPECT_TRUE(
        std::includes(all.begin(), all.end(), points.begin(), points.end()));
    }
  EXPECT_EQ(sorted_points(
              point_sample(sampling.points, 2 * all.size(), MPI_COMM_SELF)),
            all);
}

TEST(PointSample, DoesNotDependOnTheOrderAndSpreadsOverTheDomain)
{
  Sampling sampling;
  sampling.points     = random_points(2, 4000);
  const std::size_t n = sampling.points.extent(1);
  Sampling          reversed;
  reversed.points = make_block(2, n);
  for (std::size_t i = 0; i < n; ++i)
    for (unsigned int d = 0; d < 2; ++d)
      reversed.points(d, i) = sampling.points(d, n - 1 - i);

  const Block a = point_sample(sampling.points, 1000, MPI_COMM_SELF);
  const Block b = point_sample(reversed.points, 1000, MPI_COMM_SELF);
  EXPECT_EQ(relative_difference(a, b), 0.);

  unsigned int in_quadrant[4] = {0, 0, 0, 0};
  for (std::size_t i = 0; i < 1000; ++i)
    ++in_quadrant[(a(0, i) > 0.5 ? 1 : 0) + (a(1, i) > 0.5 ? 2 : 0)];
  for (const unsigned int n_points : in_quadrant)
    EXPECT_NEAR(n_points, 250., 60.);
}
