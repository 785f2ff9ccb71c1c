// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Evolutions on space-time meshes: the Petrov-Galerkin method, the norm of its
// residuals, graded meshes, and Burgers' equation.

#include "support/space_time.h"

#include <lsr/base/exceptions.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/equation_registry.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/iterative_lsr.h>

#include <deal.II/base/quadrature_lib.h>
#include <deal.II/dofs/dof_tools.h>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "fe/space_time_test_element.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;

namespace
{
  FEVector
  solve(const Problem<2> &problem)
  {
    return problem.solve(dealii::ConditionalOStream(std::cout, false));
  }

  double
  error(const Problem<2> &problem, const FEVector &field)
  {
    return compute_errors(problem.discretization.mapping(),
                          problem.discretization.dof_handler(),
                          field,
                          *problem.equation.exact_solution())
      .L2;
  }

  /// Diffusion and transport of a given solution, which is prescribed in the
  /// beginning (id 2) and on both sides.
  std::string
  transport(const std::string &solution)
  {
    return section("Equation",
                   "set Diffusion = 0.3 + x^2, 0\n"
                   "set Advection = 1 - x*y, 1\n"
                   "set Reaction = 0.5*u\n"
                   "set Exact solution = " +
                     solution +
                     "\nset Right hand side = manufactured\n"
                     "set Dirichlet conditions = 0: manufactured; 1: "
                     "manufactured; 2: manufactured");
  }

  Network
  make_network()
  {
    FullyConnected layout;
    layout.widths      = {40, 40, 40};
    layout.input_shift = {0., 0.5};
    layout.input_scale = {2., 4.};
    return layout.build();
  }

  std::map<dealii::types::global_dof_index, Point<2>>
  nodes(const Problem<2> &problem)
  {
    std::map<dealii::types::global_dof_index, Point<2>> points;
    dealii::DoFTools::map_dofs_to_support_points(
      problem.discretization.mapping(),
      problem.discretization.dof_handler(),
      points);
    return points;
  }

  void
  expect_error(const std::string &input, const std::string &part)
  {
    expect_contains(message([&]() { make_problem<2>(input); }), part);
  }
} // namespace



TEST(SpaceTimeTestElement, GivesEveryNodeButTheLowestAFunctionOfItsOwn)
{
  for (unsigned int degree = 1; degree <= 4; ++degree)
    {
      const SpaceTimeTestElement<2> element(degree);
      EXPECT_EQ(element.n_dofs_per_cell(), (degree + 1) * degree);
      std::set<unsigned int> functions;
      unsigned int           n_without = 0;
      for (const unsigned int function : element.test_functions_of_nodes())
        if (function == dealii::numbers::invalid_unsigned_int)
          ++n_without;
        else
          functions.insert(function);
      EXPECT_EQ(n_without, degree + 1);
      EXPECT_EQ(functions.size(), element.n_dofs_per_cell());
      EXPECT_EQ(*functions.rbegin(), element.n_dofs_per_cell() - 1);
      EXPECT_EQ(element.clone()->get_name(), element.get_name());
    }
}



TEST(SpaceTimeTestElement, IsOrthogonalInTime)
{
  const unsigned int            degree = 3;
  const SpaceTimeTestElement<2> element(degree);
  const dealii::QGauss<2>       quadrature(degree + 1);
  for (unsigned int i = 0; i < element.n_dofs_per_cell(); ++i)
    for (unsigned int j = 0; j < element.n_dofs_per_cell(); ++j)
      {
        double product = 0;
        for (unsigned int q = 0; q < quadrature.size(); ++q)
          product += element.shape_value(i, quadrature.point(q)) *
                     element.shape_value(j, quadrature.point(q)) *
                     quadrature.weight(q);
        if (i == j)
          {
            EXPECT_GT(product, 1e-4);
          }
        else if (i / (degree + 1) != j / (degree + 1))
          {
            EXPECT_NEAR(product, 0., 1e-14);
          }
      }
}



TEST(SpaceTime, ReproducesSolutionsInTheFiniteElementSpace)
{
  const auto problem =
    make_problem<2>(transport("1 + x - 2*y + x*y^2 + 3*x^2*y - x^2*y^2") +
                    mesh("3, 2 : -1, 0 : 1, 1 : true") + element(2));
  EXPECT_LT(error(*problem, solve(*problem)), 1e-12);
}



TEST(SpaceTime, ConvergesWithTheOrderOfTheElements)
{
  for (const unsigned int degree : {1u, 2u, 3u})
    {
      double errors[2];
      for (const unsigned int n : {4, 8})
        {
          const std::string arguments = std::to_string(n) + ", " +
                                        std::to_string(n) +
                                        " : -1, 0 : 1, 1 : true";
          const auto problem =
            make_problem<2>(transport("sin(2*x + 1)*exp(-y) + cos(3*y*x)") +
                            mesh(arguments) + element(degree));
          errors[n / 4 - 1] = error(*problem, solve(*problem));
        }
      EXPECT_GT(std::log2(errors[0] / errors[1]), degree + 0.7)
        << "degree " << degree;
    }
}



TEST(SpaceTime, KnowsNothingOfTheFuture)
{
  FEVector                                            solutions[2];
  std::map<dealii::types::global_dof_index, Point<2>> points;
  for (const bool other : {false, true})
    {
      // The source changes from y = 0.5 on, where there is a layer of nodes.
      const std::string source = other ? "if(y > 0.5, 7, x)" : "x";
      const auto        problem =
        make_problem<2>(section("Equation",
                                "set Diffusion = 0.1, 0\nset Advection = u, 1\n"
                                "set Right hand side = " +
                                  source +
                                  "\nset Dirichlet conditions = 0: 0; 1: 0; 2: "
                                  "1-x^2") +
                        mesh("4, 4 : -1, 0 : 1, 1 : true") + element(3));
      solutions[other] = solve(*problem);
      points           = nodes(*problem);
    }
  double past = 0, future = 0;
  for (const auto &[dof, point] : points)
    {
      const double change = std::abs(solutions[0](dof) - solutions[1](dof));
      (point[1] <= 0.5 + 1e-10 ? past : future) =
        std::max(point[1] <= 0.5 + 1e-10 ? past : future, change);
    }
  EXPECT_LT(past, 1e-11);
  EXPECT_GT(future, 0.1);
}



TEST(SpaceTime, PeriodicSolutionsAreTheSameOnBothSides)
{
  const auto problem = make_problem<2>(
    section("Equation",
            "set Diffusion = 0.2, 0\nset Advection = 1, 1\n"
            "set Exact solution = sin(pi*x + 1)*exp(-y)\n"
            "set Right hand side = manufactured\n"
            "set Dirichlet conditions = 2: manufactured") +
    mesh("6, 3 : -1, 0 : 1, 1 : true", "set Periodic directions = 0") +
    element(5));
  const FEVector solution = solve(*problem);
  EXPECT_LT(error(*problem, solution), 1e-5);

  const FEVector field =
    problem->discretization.make_conforming(solution,
                                            problem->assembler().constraints());
  std::map<double, double> left;
  const auto               points = nodes(*problem);
  for (const auto &[dof, point] : points)
    if (point[0] == -1.)
      left[std::round(1e8 * point[1])] = field(dof);
  unsigned int n = 0;
  for (const auto &[dof, point] : points)
    if (point[0] == 1.)
      {
        EXPECT_EQ(field(dof), left.at(std::round(1e8 * point[1])));
        ++n;
      }
  EXPECT_EQ(n, 3u * 5u + 1u);

  expect_error(transport("x") +
                 mesh("3, 2 : -1, 0 : 1, 1 : false",
                      "set Periodic directions = 0") +
                 element(2),
               "periodic in direction 0");
}



TEST(SpaceTime, TangentBelongsToTheResidual)
{
  const auto problem = make_problem<2>(
    burgers("0.05") + mesh("3, 2 : -1, 0 : 1, 1 : true") + element(3));
  FiniteElementResidual<2> residual(problem->assembler(),
                                    ResidualNorm::sobolev);
  const std::size_t        n = residual.n_values();
  const Column q = make_column(n), x = make_column(n), Ax = make_column(n);
  for (std::size_t i = 0; i < n; ++i)
    {
      q(i) = std::sin(0.3 * i);
      x(i) = std::cos(0.7 * i);
    }
  residual.set_zero(as_block(x));
  residual.linearize(q);
  residual.apply_jacobian(as_block(x), as_block(Ax));

  const Column derivative = directional_derivative(residual, q, x);
  EXPECT_LT(relative_difference(derivative, Ax), 1e-8);
}



TEST(SpaceTime, SobolevNormIsTheLargestValueOverTheNormOfTestFunctions)
{
  const auto problem = make_problem<2>(
    burgers("0.05") + mesh("3, 2 : -1, 0 : 1, 1 : true") + element(2));
  FiniteElementResidual<2>   residual(problem->assembler(),
                                    ResidualNorm::sobolev,
                                    100.,
                                    0.5);
  Assembler<2>::SparseMatrix K;
  problem->assembler().sobolev_matrix(0.5, K);

  // f = K v is the functional (v, .), and its norm is that of v.
  const FEVector owned = problem->discretization.make_vector();
  FEVector       v     = owned, Kv;
  for (const auto dof : problem->discretization.locally_owned_dofs())
    if (!problem->assembler().constraints().is_constrained(dof))
      v(dof) = std::sin(1. + dof);
  FEVector f(problem->discretization.locally_owned_dofs(), MPI_COMM_WORLD);
  FEVector w(problem->discretization.locally_owned_dofs(), MPI_COMM_WORLD);
  w.copy_locally_owned_data_from(v);
  K.vmult(f, w);
  EXPECT_NEAR(residual.norm(residual.values(f)),
              std::sqrt(w * f),
              1e-10 * std::sqrt(w * f));
  EXPECT_FALSE(residual.inner_product().diagonal());

  // Another weight is another norm.
  FiniteElementResidual<2> other(problem->assembler(), ResidualNorm::sobolev);
  EXPECT_LT(other.norm(residual.values(f)), std::sqrt(w * f));
}



TEST(SpaceTime, LumpedMassOfTestFunctionsAddsUpToTheVolume)
{
  const auto problem =
    make_problem<2>(section("Equation",
                            "set Diffusion = 1, 0\nset Advection = 0, 1\n"
                            "set Dirichlet conditions = 2: 0") +
                    mesh("3, 2 : -1, 0 : 1, 1 : true") + element(3));
  const FEVector mass = problem->assembler().lumped_mass();
  double         sum  = 0;
  for (const auto dof : problem->discretization.locally_owned_dofs())
    if (!problem->assembler().constraints().is_constrained(dof))
      sum += mass(dof);
  EXPECT_NEAR(sum, 2., 1e-12);
}



TEST(BurgersSolution, SolvesTheEquation)
{
  for (const double nu : {0.1 / M_PI, 0.01 / M_PI})
    {
      const auto  solution = make_reference_solution<2>("burgers", {nu});
      const auto &u        = *solution;
      // The layer of the shock at x = 0 is as wide as nu.
      const double h = 1e-2 * nu;
      for (const double x : {-0.7, -0.02, 0.003, 0.4})
        for (const double t : {0.05, 0.4, 1.})
          {
            const Point<2> center(x, t), right(x + h, t), left(x - h, t),
              later(x, t + h), earlier(x, t - h);
            const double u_x = (u.value(right) - u.value(left)) / (2 * h);
            const double u_t = (u.value(later) - u.value(earlier)) / (2 * h);
            const double u_xx =
              (u.gradient(right)[0] - u.gradient(left)[0]) / (2 * h);
            const double scale = 1. + std::abs(u_x);
            EXPECT_NEAR(u.gradient(center)[0], u_x, 1e-3 * scale);
            EXPECT_NEAR(u.gradient(center)[1], u_t, 1e-3 * scale);
            EXPECT_NEAR(u_t + u.value(center) * u_x, nu * u_xx, 1e-3 * scale);
            EXPECT_NEAR(u.value(center), -u.value(Point<2>(-x, t)), 1e-10);
          }
      EXPECT_NEAR(u.value(Point<2>(0.3, 0.)), -std::sin(0.3 * M_PI), 1e-15);
      EXPECT_NEAR(u.value(Point<2>(0.3, 1e-7)), -std::sin(0.3 * M_PI), 1e-6);
      EXPECT_NEAR(u.value(Point<2>(1., 0.7)), 0., 1e-10);
    }
  EXPECT_THROW(make_reference_solution<2>("burgers", {0.}), Error);
  EXPECT_THROW(make_reference_solution<2>("burgers", {}), Error);
}



TEST(Burgers, FiniteElementsAgreeWithTheTransformation)
{
  const auto problem = make_problem<2>(
    burgers("0.0318310") +
    mesh("12, 8 : -1, 0 : 1, 1 : true", "set Grading = sinh(2*x)/sinh(2), y") +
    element(6));
  EXPECT_LT(error(*problem, solve(*problem)), 1e-5);
}



TEST(Burgers, GradedMeshesResolveTheShock)
{
  double errors[2];
  for (const bool graded : {false, true})
    {
      const auto problem = make_problem<2>(
        burgers("0.02") +
        mesh("8, 6 : -1, 0 : 1, 1 : true",
             graded ? "set Grading = sinh(3*x)/sinh(3), y" : "") +
        element(4));
      errors[graded] = error(*problem, solve(*problem));
    }
  EXPECT_LT(errors[1], 0.2 * errors[0]);
}



// The last error is about 3e-5; that of the finite-element solution is 2e-5.
// All ingredients are needed: with a single linear step for each refinement the
// last error is 0.3, in the norm of the mass matrix 0.05, and with the elements
// themselves as test functions 0.07.
TEST(Burgers, IterativeRefinementResolvesTheShock)
{
  const auto problem =
    make_problem<2>(burgers("0.01") +
                    mesh("12, 6 : -1, 0 : 1, 1 : true",
                         "set Grading = sinh(3.5*x)/sinh(3.5), y") +
                    element(5));
  FiniteElementResidual<2> residual(problem->assembler(),
                                    ResidualNorm::sobolev);
  const auto               network = make_network();
  const Sampling           sampling =
    nodal_sampling(problem->discretization.mapping(),
                   problem->discretization.dof_handler(),
                   1);
  IterativeParameters parameters;
  parameters.max_iterations         = 3;
  parameters.alignment.max_steps    = 40;
  parameters.alignment.n_directions = 100;
  IterativeLSR iteration(network, sampling, residual, parameters);
  iteration.make_basis = [&](const unsigned int i) {
    return std::make_unique<StructuredBasis>(network, 500, i);
  };
  iteration.error = [&](const Column &q) {
    return compute_L2_error(problem->discretization.mapping(),
                            problem->discretization.dof_handler(),
                            residual.field(q),
                            *problem->equation.exact_solution());
  };
  iteration.run();
  const auto &records = iteration.history().records;
  ASSERT_EQ(records.size(), 3u);
  EXPECT_GT(records[0].n_linearizations, 1u);
  EXPECT_LT(records[0].refined_error, 0.2);
  EXPECT_LT(records[1].refined_error, 0.1 * records[0].refined_error);
  EXPECT_LT(records[2].refined_error, 1e-4);
}



TEST(SpaceTime, RefusesWhatIsNoSpaceTimeMesh)
{
  const std::string box = mesh("3, 2 : -1, 0 : 1, 1 : true");
  expect_error(burgers("0.1") +
                 mesh("3, 2 : -1, 0 : 1, 1 : true",
                      "set Grading = x, y + 0.1*x") +
                 element(2),
               "last coordinate, time");
  const auto problem = make_problem<2>(burgers("0.1") + box + element(2));
  FEVector   steep   = problem->discretization.make_vector();
  steep(0)           = 1.;
  EXPECT_THROW(problem->adapt(steep), dealii::ExceptionBase);

  // The Jacobian has no symmetric part.
  const auto other = make_problem<2>(burgers("0.1") + box + element(2));
  FiniteElementResidual<2> residual(other->assembler(), ResidualNorm::dual);
  EXPECT_THROW(residual.linearize(make_column(residual.n_values())),
               dealii::ExceptionBase);
  EXPECT_THROW(FiniteElementResidual<2>(
                 other->assembler(), ResidualNorm::sobolev, 100., 0.),
               dealii::ExceptionBase);
}



TEST(SpaceTime, SaysWhatIsWrongInTheParameterFile)
{
  const std::string box = mesh("3, 2 : -1, 0 : 1, 1 : true") + element(2);
  expect_error(section("Equation", "set Diffusion = 1, 0, 0") + box,
               "3 entries");
  expect_error(section("Equation", "set Diffusion = 0, 0") + box,
               "not positive");
  expect_error(section("Equation", "set Diffusion = 1, -1") + box,
               "not positive");
  expect_error(section("Equation", "set Reference solution = heat: 1") + box,
               "expected one of 'burgers'");
  expect_error(section("Equation", "set Reference solution = burgers") + box,
               "a positive number");
  expect_error(burgers("0.1") +
                 mesh("3, 2 : -1, 0 : 1, 1 : true", "set Grading = x") +
                 element(2),
               "1 components");
  expect_error(burgers("0.1") +
                 mesh("3, 2 : -1, 0 : 1, 1 : true", "set Grading = -x, y") +
                 element(2),
               "inside out");
}
