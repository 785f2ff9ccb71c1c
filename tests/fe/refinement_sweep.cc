// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Programs of many kinds, each with networks of several qualities, refined by
// the defaults of the library: none ends further from its own solution than
// the network without a word. A few of them belong to the suite; all, with a
// table, by
//   build/tests/fe_refinement_sweep --gtest_also_run_disabled_tests
//     --gtest_filter='*EveryCombination'
// or those whose equation, mesh, element and network contain $LSR_SWEEP.

#include <lsr/base/exceptions.h>
#include <lsr/dealii.h>

#include <deal.II/base/timer.h>
#include <deal.II/fe/fe_dgq.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_raviart_thomas.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_fe.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/grid_tools.h>
#include <deal.II/grid/manifold_lib.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>

#include "support/assembled_problem.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;
using dealii::Tensor;
using dealii::Vector;

namespace
{
  // ---------------------------------------------------------------- equations

  template <int d>
  double
  source(const Point<d> &x)
  {
    double f = 10. * std::sin(3. * x[0] + 1.);
    for (unsigned int k = 1; k < d; ++k)
      f *= std::cos(2. * x[k]);
    return f;
  }

  template <int d>
  double
  boundary_value(const Point<d> &x, const unsigned int c)
  {
    return std::sin(2. * x[0] + c) + 0.5 * x[1] * x[1];
  }

  /// $-\nabla \cdot k \nabla u + b \cdot \nabla u + r u = f$, with streamline
  /// diffusion where advection dominates.
  template <int d, int s>
  WeakEquation<d, s>
  scalar_equation(const double k, const double b_norm, const double r)
  {
    using Where = QuadraturePoint<d, s>;
    Tensor<1, s> b;
    b[0]               = b_norm * 0.8;
    b[1]               = b_norm * 0.6;
    const double delta = b_norm > k ? 0.3 / b_norm : 0.; // times h
    const auto   test  = [=](const Where &w, const unsigned int i) {
      return w.fe.shape_value(i, w.q) +
             delta * w.diameter * (b * w.fe.shape_grad(i, w.q));
    };
    WeakEquation<d, s> equation;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      return k * (w.fe.shape_grad(i, w.q) * w.fe.shape_grad(j, w.q)) +
             test(w, i) *
               (b * w.fe.shape_grad(j, w.q) + r * w.fe.shape_value(j, w.q));
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      return k * (w.fe.shape_grad(i, w.q) * w.grad_u[0]) +
             test(w, i) * (b * w.grad_u[0] + r * w.u(0) - source(w.x()));
    };
    equation.boundary_values = boundary_value<s>;
    return equation;
  }

  /// $-\Delta u + 20 u^3 = f$
  WeakEquation<2, 2>
  cubic_reaction()
  {
    using Where = QuadraturePoint<2, 2>;
    WeakEquation<2, 2> equation;
    equation.linear   = false;
    equation.jacobian = [](const Where &w, unsigned int i, unsigned int j) {
      return w.fe.shape_grad(i, w.q) * w.fe.shape_grad(j, w.q) +
             60. * w.u(0) * w.u(0) * w.fe.shape_value(i, w.q) *
               w.fe.shape_value(j, w.q);
    };
    equation.residual = [](const Where &w, unsigned int i) {
      return w.fe.shape_grad(i, w.q) * w.grad_u[0] +
             (20. * std::pow(w.u(0), 3) - source(w.x())) *
               w.fe.shape_value(i, w.q);
    };
    equation.boundary_values = boundary_value<2>;
    return equation;
  }

  /// $-\nabla \cdot (\nabla u / \sqrt{1 + |\nabla u|^2}) = 0$
  WeakEquation<2, 2>
  minimal_surface()
  {
    using Where = QuadraturePoint<2, 2>;
    WeakEquation<2, 2> equation;
    equation.linear   = false;
    equation.jacobian = [](const Where &w, unsigned int i, unsigned int j) {
      const auto  &g = w.grad_u[0];
      const double c = 1. / std::sqrt(1. + g * g);
      return c * (w.fe.shape_grad(i, w.q) * w.fe.shape_grad(j, w.q) -
                  c * c * (w.fe.shape_grad(i, w.q) * g) *
                    (w.fe.shape_grad(j, w.q) * g));
    };
    equation.residual = [](const Where &w, unsigned int i) {
      const auto &g = w.grad_u[0];
      return w.fe.shape_grad(i, w.q) * g / std::sqrt(1. + g * g);
    };
    equation.boundary_values = [](const Point<2> &x, unsigned int) {
      return 0.5 * std::sin(2. * x[0] + 3. * x[1]);
    };
    return equation;
  }

  /// Linear elasticity with the given $\lambda$ and $\mu = 1$.
  WeakEquation<2, 2>
  elasticity(const double lambda)
  {
    using Where = QuadraturePoint<2, 2>;
    const dealii::FEValuesExtractors::Vector u(0);
    WeakEquation<2, 2>                       equation;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      return 2. * (w.fe[u].symmetric_gradient(i, w.q) *
                   w.fe[u].symmetric_gradient(j, w.q)) +
             lambda * w.fe[u].divergence(i, w.q) * w.fe[u].divergence(j, w.q);
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      Tensor<2, 2> gradient;
      gradient[0]    = w.grad_u[0];
      gradient[1]    = w.grad_u[1];
      const auto e_i = w.fe[u].symmetric_gradient(i, w.q);
      return 2. * (e_i * symmetrize(gradient)) +
             lambda * trace(gradient) * w.fe[u].divergence(i, w.q) -
             source(w.x()) * w.fe[u].value(i, w.q)[1];
    };
    equation.boundary_values = boundary_value<2>;
    return equation;
  }

  /// Stokes' equations; the pressure of an enclosed flow has a free constant.
  WeakEquation<2, 2>
  stokes(const bool enclosed)
  {
    using Where = QuadraturePoint<2, 2>;
    const dealii::FEValuesExtractors::Vector u(0);
    const dealii::FEValuesExtractors::Scalar p(2);
    WeakEquation<2, 2>                       equation;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      return scalar_product(w.fe[u].gradient(i, w.q),
                            w.fe[u].gradient(j, w.q)) -
             w.fe[p].value(j, w.q) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) * w.fe[u].divergence(j, w.q);
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      const auto g = w.fe[u].gradient(i, w.q);
      return g[0] * w.grad_u[0] + g[1] * w.grad_u[1] -
             w.u(2) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) * (w.grad_u[0][0] + w.grad_u[1][1]) -
             source(w.x()) * w.fe[u].value(i, w.q)[1];
    };
    equation.boundary_values = [](const Point<2> &x, const unsigned int c) {
      return c == 0 ? std::sin(2. * x[1]) : c == 1 ? std::sin(3. * x[0]) : 0.;
    };
    equation.dirichlet = dealii::ComponentMask({true, true, false});
    if (enclosed)
      equation.up_to_constant = 2;
    return equation;
  }

  /// The Navier-Stokes equations of an enclosed flow.
  WeakEquation<2, 2>
  navier_stokes(const double viscosity)
  {
    using Where = QuadraturePoint<2, 2>;
    const dealii::FEValuesExtractors::Vector u(0);
    const dealii::FEValuesExtractors::Scalar p(2);
    WeakEquation<2, 2>                       equation;
    equation.linear   = false;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      Tensor<2, 2> gradient;
      gradient[0] = w.grad_u[0];
      gradient[1] = w.grad_u[1];
      const Tensor<1, 2> velocity({w.u(0), w.u(1)});
      return viscosity * scalar_product(w.fe[u].gradient(i, w.q),
                                        w.fe[u].gradient(j, w.q)) +
             (gradient * w.fe[u].value(j, w.q) +
              w.fe[u].gradient(j, w.q) * velocity) *
               w.fe[u].value(i, w.q) -
             w.fe[p].value(j, w.q) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) * w.fe[u].divergence(j, w.q);
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      const Tensor<1, 2> velocity({w.u(0), w.u(1)});
      const Tensor<1, 2> inertia(
        {w.grad_u[0] * velocity, w.grad_u[1] * velocity});
      const auto g = w.fe[u].gradient(i, w.q);
      return viscosity * (g[0] * w.grad_u[0] + g[1] * w.grad_u[1]) +
             inertia * w.fe[u].value(i, w.q) -
             w.u(2) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) * (w.grad_u[0][0] + w.grad_u[1][1]);
    };
    // The lid moves, more slowly at its ends.
    equation.boundary_values = [](const Point<2> &x, const unsigned int c) {
      return c == 0 && x[1] > 1. - 1e-12 ?
               16. * std::pow(x[0] * (1. - x[0]), 2) :
               0.;
    };
    equation.dirichlet      = dealii::ComponentMask({true, true, false});
    equation.up_to_constant = 2;
    return equation;
  }

  /// $u + \nabla p = 0$, $\nabla \cdot u = f$, the pressure given at the
  /// boundary.
  WeakEquation<2, 2>
  darcy()
  {
    using Where = QuadraturePoint<2, 2>;
    const dealii::FEValuesExtractors::Vector u(0);
    const dealii::FEValuesExtractors::Scalar p(2);
    WeakEquation<2, 2>                       equation;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      return w.fe[u].value(i, w.q) * w.fe[u].value(j, w.q) -
             w.fe[p].value(j, w.q) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) * w.fe[u].divergence(j, w.q);
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      const Tensor<1, 2> velocity({w.u(0), w.u(1)});
      return w.fe[u].value(i, w.q) * velocity -
             w.u(2) * w.fe[u].divergence(i, w.q) -
             w.fe[p].value(i, w.q) *
               (w.grad_u[0][0] + w.grad_u[1][1] - source(w.x()));
    };
    equation.boundary_load =
      [=](const auto &faces, const unsigned int q, const unsigned int i) {
        const auto &values = faces.get_fe_face_values(0);
        return -boundary_value(faces.get_quadrature_points()[q], 0) *
               (values[u].value(i, q) * faces.normal(q));
      };
    return equation;
  }

  /// $-\Delta u = f$ by the symmetric interior penalty method.
  WeakEquation<2, 2>
  interior_penalty(const unsigned int degree)
  {
    WeakEquation<2, 2> equation = scalar_equation<2, 2>(1., 0., 0.);
    equation.boundary_values    = nullptr;
    const auto penalty          = [=](const auto &faces) {
      double h = faces.get_fe_face_values(0).get_cell()->diameter();
      if (!faces.at_boundary())
        h = std::min(h, faces.get_fe_face_values(1).get_cell()->diameter());
      return 3. * degree * (degree + 1) / h;
    };
    equation.faces =
      [=](const auto &faces, unsigned int q, unsigned int i, unsigned int j) {
        const Tensor<1, 2> n = faces.normal(q);
        const double       v = faces.jump_in_shape_values(i, q),
                     w       = faces.jump_in_shape_values(j, q);
        return penalty(faces) * v * w -
               v * (faces.average_of_shape_gradients(j, q) * n) -
               w * (faces.average_of_shape_gradients(i, q) * n);
      };
    equation.boundary_load =
      [=](const auto &faces, unsigned int q, unsigned int i) {
        return boundary_value(faces.get_quadrature_points()[q], 0) *
               (penalty(faces) * faces.jump_in_shape_values(i, q) -
                faces.average_of_shape_gradients(i, q) * faces.normal(q));
      };
    return equation;
  }

  /// $b \cdot \nabla u + u = f$ with upwind fluxes.
  WeakEquation<2, 2>
  upwind_advection()
  {
    using Where  = QuadraturePoint<2, 2>;
    const auto b = [](const Point<2> &x) {
      return Tensor<1, 2>({1. + x[1], 0.5 - x[0]});
    };
    WeakEquation<2, 2> equation;
    equation.jacobian = [=](const Where &w, unsigned int i, unsigned int j) {
      return w.fe.shape_value(j, w.q) *
             (w.fe.shape_value(i, w.q) - b(w.x()) * w.fe.shape_grad(i, w.q));
    };
    equation.residual = [=](const Where &w, unsigned int i) {
      return w.u(0) *
               (w.fe.shape_value(i, w.q) - b(w.x()) * w.fe.shape_grad(i, w.q)) -
             source(w.x()) * w.fe.shape_value(i, w.q);
    };
    equation.faces =
      [=](const auto &faces, unsigned int q, unsigned int i, unsigned int j) {
        const double flux =
          b(faces.get_quadrature_points()[q]) * faces.normal(q);
        if (faces.at_boundary() && flux < 0)
          return 0.;
        return flux * faces.shape_value(flux > 0, j, q) *
               faces.jump_in_shape_values(i, q);
      };
    equation.boundary_load =
      [=](const auto &faces, unsigned int q, unsigned int i) {
        const Point<2> x    = faces.get_quadrature_points()[q];
        const double   flux = b(x) * faces.normal(q);
        return flux < 0 ? -flux * boundary_value(x, 0) *
                            faces.jump_in_shape_values(i, q) :
                          0.;
      };
    return equation;
  }

  // ------------------------------------------------------------------- meshes

  template <int d, int s>
  struct MeshAndMapping
  {
    std::shared_ptr<dealii::Triangulation<d, s>> mesh =
      std::make_shared<dealii::Triangulation<d, s>>();
    std::shared_ptr<dealii::Mapping<d, s>> mapping =
      std::make_shared<dealii::MappingQ<d, s>>(1);
  };

  template <int d, int s>
  void
  refine_towards(dealii::Triangulation<d, s> &mesh,
                 const Point<s>              &point,
                 const unsigned int           times)
  {
    for (unsigned int level = 0; level < times; ++level)
      {
        for (const auto &cell : mesh.active_cell_iterators())
          if (cell->center().distance(point) < 1. / (1 << (level + 1)))
            cell->set_refine_flag();
        mesh.execute_coarsening_and_refinement();
      }
  }

  MeshAndMapping<2, 2>
  make_mesh(const std::string &name, const unsigned int refinements)
  {
    using namespace dealii;
    MeshAndMapping<2, 2> result;
    auto                &mesh = *result.mesh;
    if (name == "simplex")
      {
        GridGenerator::subdivided_hyper_cube_with_simplices(mesh,
                                                            1 << refinements);
        result.mapping = std::make_shared<MappingFE<2>>(FE_SimplexP<2>(1));
      }
    else if (name == "curved")
      {
        GridGenerator::hyper_ball_balanced(mesh);
        mesh.refine_global(refinements - 1);
        result.mapping = std::make_shared<MappingQ<2>>(3);
      }
    else if (name == "L-shape")
      {
        GridGenerator::hyper_L(mesh);
        mesh.refine_global(refinements - 1);
        refine_towards(mesh, Point<2>(), 4);
      }
    else
      {
        GridGenerator::hyper_cube(mesh);
        mesh.refine_global(refinements);
        if (name == "adaptive")
          refine_towards(mesh, Point<2>(0.8, 0.6), 3);
      }
    return result;
  }

  /// A graph over the unit square, or a sphere, which has no boundary.
  MeshAndMapping<2, 3>
  make_surface(const std::string &name, const unsigned int refinements)
  {
    MeshAndMapping<2, 3> result;
    if (name == "sphere")
      {
        dealii::GridGenerator::hyper_sphere(*result.mesh);
        result.mesh->refine_global(refinements - 1);
        result.mapping = std::make_shared<dealii::MappingQ<2, 3>>(2);
      }
    else
      {
        dealii::GridGenerator::hyper_cube(*result.mesh);
        result.mesh->refine_global(refinements);
        dealii::GridTools::transform(
          [](const Point<3> &x) {
            return Point<3>(x[0], x[1], 0.3 * std::sin(3. * x[0]) * x[1]);
          },
          *result.mesh);
      }
    return result;
  }

  MeshAndMapping<3, 3>
  make_cube(const unsigned int refinements)
  {
    MeshAndMapping<3, 3> result;
    dealii::GridGenerator::hyper_cube(*result.mesh);
    result.mesh->refine_global(refinements);
    return result;
  }

  // ----------------------------------------------------------------- networks

  /// Untrained, or fitted until so much of the misfit is left: to the solution
  /// with a perturbation of some per cent, or to that of another problem.
  template <int d, int s>
  Network
  make_network_for(const AssembledProblem<d, s> &problem,
                   const std::string            &quality)
  {
    const auto        &fe      = problem.dof_handler.get_fe();
    const unsigned int n       = fe.n_components();
    Network            network = make_network(s, n, {24, 24, 24}, 1);
    if (quality == "untrained")
      return network;
    const Sampling sampling =
      field_sampling(*problem.mapping, problem.dof_handler, n);
    Vector<double> target = problem.solution;
    if (quality == "other")
      {
        const double scale = 3. * target.linfty_norm();
        const auto   wave  = [&](const Point<s> &x) {
          return scale * std::sin(7. * x[0]) * std::cos(5. * x[1]);
        };
        dealii::VectorTools::project(
          *problem.mapping,
          problem.dof_handler,
          [&]() {
            dealii::AffineConstraints<double> none;
            dealii::DoFTools::make_hanging_node_constraints(problem.dof_handler,
                                                            none);
            none.close();
            return none;
          }(),
          dealii::QGauss<d>(fe.tensor_degree() + 1),
          dealii::VectorFunctionFromScalarFunctionObject<s>(wave, 0, n),
          target);
      }
    const Column values = make_column(target.size());
    for (std::size_t i = 0; i < target.size(); ++i)
      values(i) = target(i);
    DataMisfit          misfit(values);
    AlignmentParameters parameters;
    parameters.reduction = quality == "good" ? 0.03 : 0.3;
    align(network, sampling, values, misfit, parameters);
    return network;
  }

  // --------------------------------------------------------------- refinement

  struct Outcome
  {
    unsigned int n_dofs = 0, n_directions = 0;
    /// Distances to the solution, one for each base element.
    std::vector<double> network, refined;
    /// What the library said about the result.
    bool        accepted = false;
    std::string said;
    double      solve_seconds = 0, refine_seconds = 0;

    /// How many times closer the worst of them is.
    double
    gain() const
    {
      double result = network.empty() ? 1. : 1e300;
      for (std::size_t i = 0; i < network.size(); ++i)
        result = std::min(result, network[i] / refined[i]);
      return result;
    }

    /// Accepted, but further from the solution than before.
    bool
    worse_in_silence() const
    {
      return accepted && !(gain() > 0.99);
    }
  };

  /// What a user writes.
  template <int d, int s>
  RefinedField<Vector<double>>
  refine_by_defaults(const Network          &network,
                     AssembledProblem<d, s> &problem,
                     const bool              with_solver)
  {
    FieldParameters quiet;
    quiet.out = nullptr;
    if (problem.equation.linear)
      {
        LinearResidual residual(problem.dof_handler,
                                problem.constraints,
                                problem.matrix,
                                problem.rhs);
        if (with_solver)
          residual.minimize_error(problem.inverse);
        return refine(
          network, *problem.mapping, problem.dof_handler, residual, quiet);
      }
    Vector<double> u = problem.solution;
    NewtonResidual residual(problem.dof_handler,
                            problem.constraints,
                            problem.matrix,
                            problem.rhs,
                            u,
                            [&]() { problem.assemble(u); });
    if (with_solver)
      residual.minimize_error([&](const Vector<double> &x, Vector<double> &y) {
        problem.factorize();
        problem.inverse.vmult(y, x);
      });
    return refine(
      network, *problem.mapping, problem.dof_handler, residual, quiet);
  }

  template <int d, int s>
  Outcome
  run(const MeshAndMapping<d, s>        &mesh,
      const dealii::FiniteElement<d, s> &fe,
      const WeakEquation<d, s>          &equation,
      const std::string                 &quality,
      const bool                         with_solver)
  {
    Outcome                outcome;
    AssembledProblem<d, s> problem(mesh.mesh, fe, mesh.mapping, equation);
    dealii::Timer          timer;
    problem.solve();
    outcome.solve_seconds = timer.wall_time();
    outcome.n_dofs        = problem.dof_handler.n_dofs();
    const Network network = make_network_for(problem, quality);

    timer.restart();
    try
      {
        const auto refined = refine_by_defaults(network, problem, with_solver);
        outcome.refine_seconds = timer.wall_time();
        outcome.n_directions   = refined.check.n_directions;
        outcome.accepted       = refined.accepted();
        for (const std::string &note : refined.check.notes)
          outcome.said += note + ' ';
        for (const auto &mask : base_element_masks(fe))
          {
            const double norm     = problem.norm(problem.solution, mask);
            const auto   distance = [&](Vector<double> v) {
              v -= problem.solution;
              return problem.norm(v, mask) / norm;
            };
            outcome.network.push_back(distance(refined.network_values));
            outcome.refined.push_back(distance(refined.values));
          }
      }
    catch (const std::exception &e)
      {
        outcome.said = std::string("exception: ") + e.what();
      }
    return outcome;
  }

  struct Combination
  {
    std::string              equation, mesh, element, network;
    bool                     with_solver, in_suite;
    std::function<Outcome()> run;
  };

  const std::vector<std::string> every_network = {"good",
                                                  "poor",
                                                  "untrained",
                                                  "other"};

  std::vector<Combination>
  combinations()
  {
    using namespace dealii;
    std::vector<Combination> list;
    bool                     in_suite = false;
    const auto               add = [&](const std::string                       &name,
                         const std::string                       &mesh,
                         const unsigned int                       refinements,
                         const std::string                       &element,
                         const std::shared_ptr<FiniteElement<2>> &fe,
                         const WeakEquation<2, 2>                &equation,
                         const std::vector<std::string>          &networks,
                         const bool with_solver = false) {
      for (const std::string &network : networks)
        list.push_back(
          {name, mesh, element, network, with_solver, in_suite, [=]() {
             return run<2, 2>(make_mesh(mesh, refinements),
                              *fe,
                              equation,
                              network,
                              with_solver);
           }});
    };
    const auto Q = [](const unsigned int k) {
      return std::make_shared<FE_Q<2>>(k);
    };
    const auto P = [](const unsigned int k) {
      return std::make_shared<FE_SimplexP<2>>(k);
    };
    const auto DGQ = [](const unsigned int k) {
      return std::make_shared<FE_DGQ<2>>(k);
    };
    const auto vector_Q = [](const unsigned int k) {
      return std::make_shared<FESystem<2>>(FE_Q<2>(k), 2);
    };
    const auto taylor_hood = [](const unsigned int k) {
      return std::make_shared<FESystem<2>>(FE_Q<2>(k + 1), 2, FE_Q<2>(k), 1);
    };
    const auto diffusion = scalar_equation<2, 2>(1., 0., 0.);
    const auto advection = scalar_equation<2, 2>(1e-3, 1., 0.);
    const auto mixed     = scalar_equation<2, 2>(0.1, 1., 1.);
    const auto helmholtz = scalar_equation<2, 2>(1., 0., -90.);

    in_suite = true;
    add("diffusion", "uniform", 4, "Q1", Q(1), diffusion, {"good"});
    add("advection", "adaptive", 3, "Q2", Q(2), advection, {"good"});
    add("Helmholtz", "curved", 3, "Q2", Q(2), helmholtz, {"untrained"});
    add("Stokes",
        "uniform",
        3,
        "Q2/Q1",
        taylor_hood(1),
        stokes(true),
        {"untrained"});
    add(
      "cubic reaction", "simplex", 4, "P1", P(1), cubic_reaction(), {"other"});
    add("interior penalty",
        "adaptive",
        2,
        "DGQ1",
        DGQ(1),
        interior_penalty(1),
        {"good"});
    in_suite = false;

    add("diffusion", "uniform", 5, "Q1", Q(1), diffusion, every_network);
    add("diffusion", "uniform", 5, "Q2", Q(2), diffusion, {"good", "poor"});
    add(
      "diffusion", "uniform", 4, "Q3", Q(3), diffusion, {"good", "untrained"});
    add("diffusion", "adaptive", 4, "Q2", Q(2), diffusion, every_network);
    add("diffusion", "adaptive", 3, "Q4", Q(4), diffusion, {"good", "other"});
    add(
      "diffusion", "L-shape", 4, "Q2", Q(2), diffusion, {"good", "untrained"});
    add("diffusion", "simplex", 5, "P1", P(1), diffusion, {"good", "poor"});
    add(
      "diffusion", "simplex", 4, "P2", P(2), diffusion, {"good", "untrained"});
    add("diffusion", "curved", 4, "Q3", Q(3), diffusion, {"good", "poor"});

    add("advection", "uniform", 5, "Q1", Q(1), advection, every_network);
    add("advection", "adaptive", 4, "Q2", Q(2), advection, every_network);
    add("advection", "simplex", 5, "P1", P(1), advection, {"good"});
    add("advection",
        "adaptive",
        4,
        "Q2",
        Q(2),
        advection,
        {"good", "untrained"},
        true);
    add("advection-diffusion",
        "uniform",
        5,
        "Q2",
        Q(2),
        mixed,
        {"good", "untrained"});
    add(
      "advection-diffusion", "adaptive", 4, "Q1", Q(1), mixed, {"good"}, true);
    add("upwind advection",
        "uniform",
        4,
        "DGQ1",
        DGQ(1),
        upwind_advection(),
        every_network);
    add("upwind advection",
        "adaptive",
        3,
        "DGQ2",
        DGQ(2),
        upwind_advection(),
        {"good"},
        true);

    add("Helmholtz", "uniform", 5, "Q2", Q(2), helmholtz, every_network);
    add("Helmholtz", "adaptive", 4, "Q2", Q(2), helmholtz, {"good"});
    add("Helmholtz", "curved", 4, "Q3", Q(3), helmholtz, {"good"}, true);

    add("Stokes",
        "uniform",
        4,
        "Q2/Q1",
        taylor_hood(1),
        stokes(true),
        every_network);
    add("Stokes",
        "adaptive",
        3,
        "Q2/Q1",
        taylor_hood(1),
        stokes(true),
        {"good", "untrained"});
    add("Stokes", "curved", 3, "Q3/Q2", taylor_hood(2), stokes(true), {"good"});
    add("Stokes",
        "uniform",
        4,
        "Q2/Q1",
        taylor_hood(1),
        stokes(true),
        {"good", "untrained"},
        true);
    add("Navier-Stokes",
        "uniform",
        4,
        "Q2/Q1",
        taylor_hood(1),
        navier_stokes(0.02),
        every_network);
    add("Navier-Stokes",
        "uniform",
        4,
        "Q2/Q1",
        taylor_hood(1),
        navier_stokes(0.02),
        {"good", "untrained"},
        true);

    add("elasticity",
        "uniform",
        4,
        "Q1",
        vector_Q(1),
        elasticity(1.),
        every_network);
    add(
      "elasticity", "adaptive", 3, "Q2", vector_Q(2), elasticity(1.), {"good"});
    add("elasticity",
        "curved",
        3,
        "Q2",
        vector_Q(2),
        elasticity(100.),
        {"good", "untrained"});

    add("cubic reaction",
        "uniform",
        5,
        "Q1",
        Q(1),
        cubic_reaction(),
        every_network);
    add("cubic reaction",
        "adaptive",
        4,
        "Q2",
        Q(2),
        cubic_reaction(),
        {"good", "untrained"});
    add("minimal surface",
        "curved",
        4,
        "Q2",
        Q(2),
        minimal_surface(),
        every_network);
    add("interior penalty",
        "uniform",
        4,
        "DGQ1",
        DGQ(1),
        interior_penalty(1),
        every_network);
    add("interior penalty",
        "adaptive",
        3,
        "DGQ2",
        DGQ(2),
        interior_penalty(2),
        {"good", "untrained"});

    for (const unsigned int k : {0, 1})
      add("Darcy",
          "uniform",
          4 - k,
          "RT" + std::to_string(k),
          std::make_shared<FESystem<2>>(
            FE_RaviartThomas<2>(k), 1, FE_DGQ<2>(k), 1),
          darcy(),
          every_network);

    for (const std::string &network : every_network)
      list.push_back(
        {"diffusion", "surface", "Q2", network, false, false, [=]() {
           return run<2, 3>(make_surface("surface", 4),
                            FE_Q<2, 3>(2),
                            scalar_equation<2, 3>(1., 0., 0.),
                            network,
                            false);
         }});
    for (const std::string network : {"good", "untrained"})
      list.push_back({"reaction", "sphere", "Q2", network, false, false, [=]() {
                        return run<2, 3>(make_surface("sphere", 4),
                                         FE_Q<2, 3>(2),
                                         scalar_equation<2, 3>(1., 0., 1.),
                                         network,
                                         false);
                      }});
    for (const std::string network : {"good", "untrained"})
      list.push_back({"diffusion", "cube", "Q2", network, false, false, [=]() {
                        return run<3, 3>(make_cube(3),
                                         FE_Q<3>(2),
                                         scalar_equation<3, 3>(1., 0., 0.),
                                         network,
                                         false);
                      }});
    return list;
  }

  void
  print(const Combination &combination, const Outcome &outcome)
  {
    const auto numbers = [](const std::vector<double> &values) {
      std::ostringstream text;
      text << std::scientific << std::setprecision(1);
      for (const double v : values)
        text << (text.tellp() > 0 ? ", " : "") << v;
      return text.str();
    };
    std::cout << std::left << std::setw(20) << combination.equation
              << std::setw(9) << combination.mesh << std::setw(6)
              << combination.element << std::setw(10) << combination.network
              << std::setw(7) << (combination.with_solver ? "solver" : "")
              << std::right << std::setw(6) << outcome.n_dofs << "  "
              << numbers(outcome.network) << " -> " << numbers(outcome.refined)
              << "  " << std::setprecision(2) << outcome.gain() << "  solve "
              << outcome.solve_seconds << " s, refine "
              << outcome.refine_seconds << " s, " << outcome.n_directions
              << " directions  " << (outcome.accepted ? "" : "NOT ACCEPTED ")
              << outcome.said << std::endl;
  }

  /// Run those that are chosen; all have to come so many times closer.
  void
  sweep(const std::function<bool(const Combination &)> &chosen,
        const double                                    least_gain)
  {
    unsigned int n = 0, n_ten = 0, n_refused = 0, n_worse = 0;
    for (const Combination &combination : combinations())
      {
        if (!chosen(combination))
          continue;
        const Outcome outcome = combination.run();
        print(combination, outcome);
        ++n;
        n_ten += outcome.gain() >= 10.;
        n_refused += !outcome.accepted;
        n_worse += outcome.worse_in_silence();
        const std::string name = combination.equation + ", " +
                                 combination.mesh + ", " + combination.element +
                                 ", " + combination.network;
        EXPECT_FALSE(outcome.worse_in_silence()) << name;
        EXPECT_GE(outcome.gain(), least_gain) << name;
      }
    std::cout << n << " combinations: " << n_ten
              << " at least ten times closer, " << n_refused
              << " not accepted, " << n_worse << " worse in silence"
              << std::endl;
    EXPECT_GT(n, 0U);
  }
} // namespace

TEST(RefinementSweep, AFewCombinations)
{
  sweep([](const Combination &c) { return c.in_suite; }, 10.);
}

TEST(RefinementSweep, DISABLED_EveryCombination)
{
  const char *only = std::getenv("LSR_SWEEP");
  sweep(
    [&](const Combination &c) {
      return only == nullptr ||
             (c.equation + ' ' + c.mesh + ' ' + c.element + ' ' + c.network)
                 .find(only) != std::string::npos;
    },
    0.);
}
