// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>
#include <lsr/fe/strong_residual.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "support/make_problem.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr double       weight   = 10.;
  constexpr unsigned int jet_size = StrongForm<2>::jet_size;

  /// A nonlinear equation with the solution sin(2 x) cos(3 y) on a mesh with
  /// cells of different sizes.
  const std::string equation = "set Exact solution = sin(2*x) * cos(3*y)\n"
                               "set Diffusion = 0.3, 0.7\n"
                               "set Advection = u, 1\n"
                               "set Reaction = u^3\n"
                               "set Right hand side = manufactured\n"
                               "set Dirichlet conditions = all: manufactured\n";

  std::unique_ptr<Problem<2>>
  problem_with(const std::string &more = "", const std::string &mesh = "")
  {
    return make_problem<2>(
      section("Equation", equation + more) +
      section("Mesh",
              "set Grading = x^2, y\n"
              "set Global refinements = 2\n"
              "set Grid generator = subdivided_hyper_rectangle\n"
              "set Grid generator arguments = 4, 2 : 0, 0 : 1, 1 : true\n" +
                mesh));
  }

  std::array<double, jet_size>
  exact_jet(const double x, const double y)
  {
    const double u = std::sin(2. * x) * std::cos(3. * y);
    return {{u,
             2. * std::cos(2. * x) * std::cos(3. * y),
             -3. * std::sin(2. * x) * std::sin(3. * y),
             -(0.3 * 4. + 0.7 * 9.) * u}};
  }

  /// The residual at some points of the mesh and all nodes of the boundary.
  struct Model
  {
    explicit Model(const std::size_t n_points)
      : problem(problem_with())
      , form(problem->advection_diffusion_reaction(), problem->discretization)
      , points(problem->discretization)
      , generator(1)
      , inner(points.sample_mesh(n_points, generator))
      , residual(form,
                 inner,
                 points.boundary(),
                 points.boundary_values(),
                 weight)
    {}

    Column
    exact_values() const
    {
      const Column q = make_column(residual.n_values());
      for (std::size_t i = 0; i < inner.extent(1); ++i)
        for (unsigned int k = 0; k < jet_size; ++k)
          q(jet_size * i + k) = exact_jet(inner(0, i), inner(1, i))[k];
      for (std::size_t b = 0; b < points.boundary_values().size(); ++b)
        q(jet_size * inner.extent(1) + b) = points.boundary_values()(b);
      return q;
    }

    Column
    evaluate(const Column &q)
    {
      const Column f = make_column(residual.n_rows());
      residual.evaluate(q, f);
      return f;
    }

    std::unique_ptr<Problem<2>> problem;
    StrongForm<2>               form;
    CollocationPoints<2>        points;
    std::mt19937_64             generator;
    Block                       inner;
    StrongResidual<2>           residual;
  };

} // namespace



TEST(CollocationPoints, AreNodesThatHaveNoDirichletValues)
{
  Model       model(1);
  const auto &nodes    = model.points.nodes();
  const auto &boundary = model.points.boundary();
  const Block all = model.points.sample_nodes(std::nullopt, model.generator);
  EXPECT_GT(boundary.extent(1), 30u);
  EXPECT_EQ(all.extent(1) + boundary.extent(1), nodes.extent(1));
  for (std::size_t b = 0; b < boundary.extent(1); ++b)
    EXPECT_NEAR(model.points.boundary_values()(b),
                exact_jet(boundary(0, b), boundary(1, b))[0],
                1e-14);

  const Block some = model.points.sample_nodes(50, model.generator);
  std::set<std::pair<double, double>> distinct;
  for (std::size_t i = 0; i < some.extent(1); ++i)
    {
      distinct.emplace(some(0, i), some(1, i));
      for (unsigned int d = 0; d < 2; ++d)
        EXPECT_TRUE(some(d, i) > 1e-10 && some(d, i) < 1. - 1e-10);
    }
  EXPECT_EQ(distinct.size(), 50u);
}



TEST(CollocationPoints, AreUniformInAGradedMesh)
{
  Model                 model(1);
  constexpr std::size_t n      = 20000;
  const Block           points = model.points.sample_mesh(n, model.generator);
  std::array<std::size_t, 16> count{};
  for (std::size_t i = 0; i < n; ++i)
    {
      const int column = int(4. * points(0, i)), row = int(4. * points(1, i));
      ASSERT_TRUE(column >= 0 && column < 4 && row >= 0 && row < 4);
      ++count[4 * row + column];
    }
  for (const std::size_t c : count)
    EXPECT_NEAR(c, n / 16., 5. * std::sqrt(n / 16.));
}



TEST(StrongResidual, VanishesForTheSolution)
{
  Model        model(40);
  const Column q = model.exact_values();
  EXPECT_GT(norm(model.evaluate(make_column(q.size()))), 1.);
  EXPECT_LT(norm(model.evaluate(q)), 1e-11);
}



TEST(StrongResidual, HasTheMeansOfBothKindsOfRowsAsItsNorm)
{
  Model             model(40);
  const std::size_t n = 40, n_boundary = model.points.boundary().extent(1);
  const Column      exact = model.exact_values();

  // Where u is off by e, so are boundary rows; at inner points only they
  // change if u stays.
  const double e = 1e-3;
  Column       q = make_column(exact.size());
  Kokkos::deep_copy(q, exact);
  for (std::size_t b = 0; b < n_boundary; ++b)
    q(jet_size * n + b) += e;
  EXPECT_NEAR(model.residual.norm(model.evaluate(q)),
              std::sqrt(double(n + n_boundary)) * weight * e,
              1e-10);

  Kokkos::deep_copy(q, exact);
  for (std::size_t i = 0; i < n; ++i)
    q(jet_size * i + jet_size - 1) += e;
  EXPECT_NEAR(model.residual.norm(model.evaluate(q)),
              std::sqrt(double(n + n_boundary)) * e,
              1e-10);
}



TEST(StrongResidual, JacobianAndMassBelongToIt)
{
  Model              model(40);
  StrongResidual<2> &residual = model.residual;
  expect_jacobian(residual, random_column(residual.n_values(), 1));

  const std::size_t n = residual.n_values(), n_rows = residual.n_rows();
  const Column      x = random_column(n, 2), w = random_column(n_rows, 3);
  const Column      Mx = make_column(n_rows), MTw = make_column(n);
  residual.apply_mass(as_block(x), as_block(Mx));
  residual.apply_transposed_mass(as_block(w), as_block(MTw));
  EXPECT_NEAR(dot(w, Mx), dot(MTw, x), 1e-10);
  for (std::size_t i = 0; i < n_rows; ++i)
    EXPECT_DOUBLE_EQ(Mx(i),
                     i < 40 ? std::sqrt(n_rows / 40.) * x(jet_size * i) : 0.);
}



TEST(StrongResidual, ComparesBothEndsOfAPeriodicDomain)
{
  const auto problem =
    problem_with("set Exact solution = sin(2*pi*x) * cos(3*y)\n"
                 "set Dirichlet conditions = 2: manufactured; 3: "
                 "manufactured\n",
                 "set Periodic directions = 0\n");
  const StrongForm<2>        form(problem->advection_diffusion_reaction(),
                           problem->discretization);
  const CollocationPoints<2> points(problem->discretization);
  ASSERT_EQ(points.periodic().size(), 1u);
  const std::size_t      n_pairs = points.periodic()[0].lower.extent(1);
  std::mt19937_64        generator(1);
  constexpr unsigned int n_inner = 20;
  StrongResidual<2>      residual(form,
                             points.sample_mesh(n_inner, generator),
                             points.boundary(),
                             points.boundary_values(),
                             weight,
                             points.periodic());
  const std::size_t      first = n_inner + points.boundary_values().size();
  EXPECT_EQ(n_pairs, 2 * 8 + 1u);
  ASSERT_EQ(residual.n_rows(), first + 2 * n_pairs);
  expect_jacobian(residual, random_column(residual.n_values(), 1));

  // The solution plus a quadratic function that is not periodic.
  const Sampling &sampling = residual.sampling();
  const auto      rows     = [&](const double slope) {
    const Column q = make_column(residual.n_values());
    for (std::size_t i = 0; i < q.size(); ++i)
      {
        const std::size_t point = sampling.rows[i] / jet_size;
        const double      x     = sampling.points(0, point),
                     y          = sampling.points(1, point);
        const double u          = std::sin(2 * M_PI * x) * std::cos(3 * y);
        const double jet[]      = {
               u + slope * x * x,
               2 * M_PI * std::cos(2 * M_PI * x) * std::cos(3 * y) + 2 * slope * x,
               -3 * std::sin(2 * M_PI * x) * std::sin(3 * y),
               -(0.3 * 4 * M_PI * M_PI + 0.7 * 9) * u + 0.3 * 2 * slope};
        q(i) = jet[sampling.rows[i] % jet_size];
      }
    const Column f = make_column(residual.n_rows());
    residual.evaluate(q, f);
    return f;
  };
  EXPECT_LT(norm(rows(0)), 1e-10);
  const Column f     = rows(0.1);
  const double scale = weight * std::sqrt(double(residual.n_rows()) / n_pairs);
  for (std::size_t i = 0; i < n_pairs; ++i)
    {
      EXPECT_NEAR(f(first + i), -0.1 * scale, 1e-10);
      EXPECT_NEAR(f(first + n_pairs + i), -0.2 * scale, 1e-10);
    }
}



TEST(StrongResidual, RefinesAnUntrainedNetwork)
{
  Model          model(1200);
  FullyConnected layout;
  layout.widths         = {24, 24};
  layout.seed           = 1;
  const Network network = layout.build();
  const Network jets    = layout.build_jets(model.form.diffusion());

  const StructuredBasis basis(jets, 300, 1);
  const Refinement      refinement =
    refine(basis, model.residual.sampling(), model.residual);
  EXPECT_GT(refinement.n_linearizations, 1u);
  EXPECT_LT(refinement.refined_norm, 1e-3 * refinement.initial_norm);

  // The correction is one of the network itself.
  const Block  points = model.points.sample_mesh(500, model.generator);
  const Column q      = make_column(500);
  network.evaluate(points, q, refinement.correction);
  for (std::size_t i = 0; i < q.size(); ++i)
    EXPECT_NEAR(q(i), exact_jet(points(0, i), points(1, i))[0], 1e-4);
}



TEST(StrongResidual, CanBeMovedToOtherPoints)
{
  Model model(40);
  model.inner    = model.points.sample_nodes(30, model.generator);
  model.residual = StrongResidual<2>(model.form,
                                     model.inner,
                                     model.points.boundary(),
                                     model.points.boundary_values(),
                                     weight);
  EXPECT_EQ(model.residual.n_rows(), 30 + model.points.boundary().extent(1));
  EXPECT_LT(norm(model.evaluate(model.exact_values())), 1e-11);
}



TEST(StrongForm, RefusesWhatItCannotExpress)
{
  const auto complaint = [](const std::string &more) {
    const auto problem = problem_with(more);
    return message([&]() {
      StrongForm<2>(problem->advection_diffusion_reaction(),
                    problem->discretization);
    });
  };
  expect_contains(complaint("set Diffusion = 1 + u^2\n"), "not constant");
  expect_contains(complaint("set Neumann conditions = 1: 0\n"),
                  "no Dirichlet condition for boundary id 1");
  // No diffusion through it.
  EXPECT_EQ(complaint("set Diffusion = 0.3, 0\n"
                      "set Dirichlet conditions = 0: manufactured; 1: "
                      "manufactured; 2: manufactured\n"),
            "");
}
