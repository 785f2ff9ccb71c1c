// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The same few lines in programs of many kinds: surfaces, mixed elements,
// discontinuous ones and MeshWorker, hp, time steps.

// deal.II of Debian is configured for GCC, and 9.4 does not compile its numbers
// of this kind with clang.
#include <deal.II/base/config.h>
#ifdef __clang__
#  undef DEAL_II_TRILINOS_CXX_SUPPORTS_SACADO_COMPLEX_RAD
#endif

#include <lsr/dealii.h>

#include <deal.II/fe/fe_dgq.h>
#include <deal.II/fe/fe_interface_values.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_raviart_thomas.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/manifold_lib.h>
#include <deal.II/hp/fe_collection.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/meshworker/copy_data.h>
#include <deal.II/meshworker/mesh_loop.h>
#include <deal.II/meshworker/scratch_data.h>
#include <deal.II/numerics/matrix_creator.h>
#include <deal.II/numerics/vector_tools.h>

#include <gtest/gtest.h>

#include "support/messages.h"
#include "support/programs.h"

using namespace lsr;
using dealii::Vector;

namespace
{
  /// What all these programs have.
  template <int dim, int spacedim = dim>
  struct System
  {
    System()
      : dof_handler(triangulation)
    {}

    void
    reinit(const bool with_fluxes = false)
    {
      dealii::DynamicSparsityPattern pattern(dof_handler.n_dofs());
      if (with_fluxes)
        dealii::DoFTools::make_flux_sparsity_pattern(dof_handler, pattern);
      else
        dealii::DoFTools::make_sparsity_pattern(dof_handler,
                                                pattern,
                                                constraints,
                                                false);
      sparsity.copy_from(pattern);
      matrix.reinit(sparsity);
      rhs.reinit(dof_handler.n_dofs());
    }

    Vector<double>
    solve() const
    {
      dealii::SparseDirectUMFPACK inverse;
      inverse.initialize(matrix);
      Vector<double> solution(rhs.size());
      inverse.vmult(solution, rhs);
      constraints.distribute(solution);
      return solution;
    }

    dealii::Triangulation<dim, spacedim> triangulation;
    dealii::DoFHandler<dim, spacedim>    dof_handler;
    dealii::AffineConstraints<double>    constraints;
    dealii::SparsityPattern              sparsity;
    dealii::SparseMatrix<double>         matrix;
    Vector<double>                       rhs;
  };

  /// The refined field is a hundred times closer to the solution, in the sense
  /// of every base element.
  template <int dim, int spacedim>
  void
  expect_refined(const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const RefinedField<Vector<double>>      &refined,
                 const Vector<double>                    &solution,
                 const double                             factor = 1e-2)
  {
    for (const auto &mask : base_element_masks(dof_handler.get_fe(0)))
      {
        const double before = relative_distance(dof_handler,
                                                refined.network_values,
                                                solution,
                                                mask);
        EXPECT_GT(before, 0.1);
        EXPECT_LT(
          relative_distance(dof_handler, refined.values, solution, mask),
          factor * before);
      }
    const std::string table = distance_table(dof_handler, refined, solution);
    test::expect_contains(table, "network:", "refined as a function:");
    EXPECT_EQ(table.find("nan"), std::string::npos) << table;
  }
} // namespace

TEST(KindsOfPrograms, SurfaceInSpace)
{
  // $-\Delta_\Gamma u = f$ on half a sphere, deal.II's step-38.
  System<2, 3> system;
  {
    dealii::Triangulation<3> volume;
    dealii::GridGenerator::half_hyper_ball(volume);
    dealii::GridGenerator::extract_boundary_mesh(
      volume, system.triangulation, std::set<dealii::types::boundary_id>{0});
  }
  system.triangulation.set_all_manifold_ids(0);
  system.triangulation.set_manifold(0, dealii::SphericalManifold<2, 3>());
  system.triangulation.refine_global(3);
  const dealii::MappingQ<2, 3> mapping(2);
  const dealii::FE_Q<2, 3>     fe(2);
  system.dof_handler.distribute_dofs(fe);
  const dealii::ScalarFunctionFromFunctionObject<3> boundary(
    [](const auto &p) { return std::cos(p[0]) * std::exp(p[2]); });
  dealii::VectorTools::interpolate_boundary_values(
    mapping, system.dof_handler, 0, boundary, system.constraints);
  system.constraints.close();
  system.reinit();
  const dealii::ScalarFunctionFromFunctionObject<3> source(
    [](const auto &p) { return 10. * std::sin(3. * p[0] + p[1]); });
  dealii::MatrixCreator::create_laplace_matrix(
    mapping,
    system.dof_handler,
    dealii::QGauss<2>(4),
    system.matrix,
    source,
    system.rhs,
    static_cast<const dealii::Function<3> *>(nullptr),
    system.constraints);
  LinearResidual residual(system.dof_handler,
                          system.constraints,
                          system.matrix,
                          system.rhs);
  residual.minimize_energy();
  auto       network = make_network(3, 1, {20, 20});
  const auto refined =
    refine(network, mapping, system.dof_handler, residual, 250);
  expect_refined(system.dof_handler, refined, system.solve());

  // As a function it has three coordinates.
  Vector<double> values(system.rhs.size());
  dealii::VectorTools::interpolate(mapping,
                                   system.dof_handler,
                                   NetworkFunction<3>(refined.network),
                                   values);
  values -= refined.function_values;
  EXPECT_LT(values.linfty_norm(), 1e-10);

  test::expect_contains(test::message([&]() {
                          refine(make_network(2, 1, {20}),
                                 mapping,
                                 system.dof_handler,
                                 residual,
                                 10);
                        }),
                        "The network has 2 inputs, expected the 3 coordinates");
}

TEST(KindsOfPrograms, MixedElementsWithFluxes)
{
  // $u + \nabla p = 0$, $\nabla \cdot u = f$: deal.II's step-20.
  System<2> system;
  dealii::GridGenerator::hyper_cube(system.triangulation, -1, 1);
  system.triangulation.refine_global(3);
  const dealii::FESystem<2> fe(dealii::FE_RaviartThomas<2>(0),
                               1,
                               dealii::FE_DGQ<2>(0),
                               1);
  system.dof_handler.distribute_dofs(fe);
  system.constraints.close();
  system.reinit();
  dealii::SparseMatrix<double>             gram(system.sparsity);
  const dealii::FEValuesExtractors::Vector velocity(0);
  const dealii::FEValuesExtractors::Scalar pressure(2);
  const dealii::QGauss<2>                  quadrature(3);
  dealii::FEValues<2>                      fe_values(fe,
                                quadrature,
                                dealii::update_values |
                                  dealii::update_gradients |
                                  dealii::update_quadrature_points |
                                  dealii::update_JxW_values);
  const unsigned int                       n = fe.n_dofs_per_cell();
  dealii::FullMatrix<double>               cell_matrix(n, n), cell_gram(n, n);
  std::vector<dealii::types::global_dof_index> dofs(n);
  for (const auto &cell : system.dof_handler.active_cell_iterators())
    {
      fe_values.reinit(cell);
      cell->get_dof_indices(dofs);
      cell_matrix = 0.;
      cell_gram   = 0.;
      for (const unsigned int q : fe_values.quadrature_point_indices())
        for (unsigned int i = 0; i < n; ++i)
          {
            const auto   v     = fe_values[velocity].value(i, q);
            const double div_v = fe_values[velocity].divergence(i, q);
            const double r     = fe_values[pressure].value(i, q);
            const auto   x     = fe_values.quadrature_point(q);
            for (unsigned int j = 0; j < n; ++j)
              {
                const auto   u     = fe_values[velocity].value(j, q);
                const double div_u = fe_values[velocity].divergence(j, q);
                const double p     = fe_values[pressure].value(j, q);
                cell_matrix(i, j) +=
                  (v * u - div_v * p - r * div_u) * fe_values.JxW(q);
                cell_gram(i, j) +=
                  (v * u + div_v * div_u + r * p) * fe_values.JxW(q);
              }
            system.rhs(dofs[i]) -=
              r * 5. * std::cos(2. * x[0] + x[1]) * fe_values.JxW(q);
          }
      system.matrix.add(dofs, cell_matrix);
      gram.add(dofs, cell_gram);
    }
  dealii::SparseDirectUMFPACK inverse_gram;
  inverse_gram.initialize(gram);

  LinearResidual residual(system.dof_handler, system.matrix, system.rhs);
  residual.solve_with_gram_matrix = [&](const Vector<double> &x,
                                        Vector<double>       &y) {
    inverse_gram.vmult(y, x);
  };
  auto           network  = make_network(2, 3, {30, 30});
  const auto     solution = system.solve();
  const auto     first  = refine(network, system.dof_handler, residual, 10000);
  const unsigned n_dofs = system.dof_handler.n_dofs();
  EXPECT_LE(first.refinement.profile.loss.size(), n_dofs + 1);
  expect_refined(system.dof_handler, first, solution);

  // Alignment and the next refinement work, too.
  const auto some = refine(network, system.dof_handler, residual, 100);
  align(network, some, residual);
  const auto next = refine(network, system.dof_handler, residual, 100);
  EXPECT_LT(
    relative_distance(system.dof_handler, next.network_values, solution),
    0.5 * relative_distance(system.dof_handler, some.network_values, solution));

  test::expect_contains(test::message([&]() {
                          refine(make_network(2, 1, {20}),
                                 system.dof_handler,
                                 residual,
                                 10);
                        }),
                        "1 outputs, expected one for each of the 3 components");
}

TEST(KindsOfPrograms, DiscontinuousElementsAndMeshWorker)
{
  // $-\Delta u = f$ by interior penalties, deal.II's step-39 and step-74.
  System<2> system;
  dealii::GridGenerator::hyper_cube(system.triangulation);
  test::make_grid_with_hanging_nodes(system.triangulation);
  const dealii::FE_DGQ<2> fe(2);
  system.dof_handler.distribute_dofs(fe);
  system.constraints.close();
  system.reinit(/* with_fluxes */ true);

  using Scratch = dealii::MeshWorker::ScratchData<2>;
  struct Copy
  {
    struct Face
    {
      dealii::FullMatrix<double>                   matrix;
      std::vector<dealii::types::global_dof_index> dofs;
    };
    std::vector<Face> parts;
    Vector<double>    rhs;
  };
  const auto penalty = [](const double h) { return 20. / h; };
  dealii::MeshWorker::mesh_loop(
    system.dof_handler.begin_active(),
    system.dof_handler.end(),
    [&](const auto &cell, Scratch &scratch, Copy &copy) {
      const auto &v = scratch.reinit(cell);
      copy.parts.assign(1, typename Copy::Face());
      copy.parts[0].dofs   = scratch.get_local_dof_indices();
      const unsigned int n = v.dofs_per_cell;
      copy.parts[0].matrix.reinit(n, n);
      copy.rhs.reinit(n);
      for (const unsigned int q : v.quadrature_point_indices())
        for (unsigned int i = 0; i < n; ++i)
          {
            for (unsigned int j = 0; j < n; ++j)
              copy.parts[0].matrix(i, j) +=
                v.shape_grad(i, q) * v.shape_grad(j, q) * v.JxW(q);
            copy.rhs(i) += v.shape_value(i, q) * v.JxW(q) * 20. *
                           std::sin(4. * v.quadrature_point(q)[0]);
          }
    },
    [&](const Copy &copy) {
      for (const auto &part : copy.parts)
        system.matrix.add(part.dofs, part.matrix);
      system.rhs.add(copy.parts[0].dofs, copy.rhs);
    },
    Scratch(fe,
            dealii::QGauss<2>(4),
            dealii::update_values | dealii::update_gradients |
              dealii::update_quadrature_points | dealii::update_JxW_values,
            dealii::QGauss<1>(4),
            dealii::update_values | dealii::update_gradients |
              dealii::update_normal_vectors | dealii::update_JxW_values),
    Copy(),
    dealii::MeshWorker::assemble_own_cells |
      dealii::MeshWorker::assemble_boundary_faces |
      dealii::MeshWorker::assemble_own_interior_faces_once,
    [&](
      const auto &cell, const unsigned int face, Scratch &scratch, Copy &copy) {
      const auto        &v = scratch.reinit(cell, face);
      const unsigned int n = v.dofs_per_cell;
      for (const unsigned int q : v.quadrature_point_indices())
        for (unsigned int i = 0; i < n; ++i)
          for (unsigned int j = 0; j < n; ++j)
            copy.parts[0].matrix(i, j) +=
              (penalty(cell->minimum_vertex_distance()) * v.shape_value(i, q) *
                 v.shape_value(j, q) -
               v.normal_vector(q) * v.shape_grad(i, q) * v.shape_value(j, q) -
               v.normal_vector(q) * v.shape_grad(j, q) * v.shape_value(i, q)) *
              v.JxW(q);
    },
    [&](const auto        &cell,
        const unsigned int face,
        const unsigned int subface,
        const auto        &neighbor,
        const unsigned int neighbor_face,
        const unsigned int neighbor_subface,
        Scratch           &scratch,
        Copy              &copy) {
      dealii::FEInterfaceValues<2> v(scratch.get_mapping(),
                                     fe,
                                     dealii::QGauss<1>(4),
                                     dealii::update_values |
                                       dealii::update_gradients |
                                       dealii::update_normal_vectors |
                                       dealii::update_JxW_values);
      v.reinit(cell, face, subface, neighbor, neighbor_face, neighbor_subface);
      const unsigned int n = v.n_current_interface_dofs();
      copy.parts.push_back(
        {dealii::FullMatrix<double>(n, n), v.get_interface_dof_indices()});
      for (const unsigned int q : v.quadrature_point_indices())
        for (unsigned int i = 0; i < n; ++i)
          for (unsigned int j = 0; j < n; ++j)
            copy.parts.back().matrix(i, j) +=
              (penalty(std::min(cell->minimum_vertex_distance(),
                                neighbor->minimum_vertex_distance())) *
                 v.jump_in_shape_values(i, q) * v.jump_in_shape_values(j, q) -
               v.normal(q) * v.average_of_shape_gradients(i, q) *
                 v.jump_in_shape_values(j, q) -
               v.normal(q) * v.average_of_shape_gradients(j, q) *
                 v.jump_in_shape_values(i, q)) *
              v.JxW(q);
    });

  LinearResidual residual(system.dof_handler, system.matrix, system.rhs);
  residual.minimize_energy();
  const auto refined = refine(NetworkFunction<2>(make_network(2, 1, {20, 20})),
                              system.dof_handler,
                              residual,
                              250);
  expect_refined(system.dof_handler, refined, system.solve());
}

TEST(KindsOfPrograms, EachSideOfAFaceHasItsOwnValues)
{
  // A network that jumps where two cells meet.
  NetworkScript script("x");
  script.line(
    "jump = torch.where(x[:, :1] > 0.5, 2. + x[:, 1:], -1. - x[:, :1])");
  script.line("return jump + " + script.linear("x", "w", 2, 1));
  const Network network = script.build("jump", 2, 1);

  System<2> system;
  dealii::GridGenerator::hyper_cube(system.triangulation);
  system.triangulation.refine_global(2);
  system.dof_handler.distribute_dofs(dealii::FE_DGQ<2>(1));
  const Sampling sampling =
    field_sampling(dealii::MappingQ<2>(1), system.dof_handler, 1);
  const Column q = sampling.evaluate(network);

  const NetworkFunction<2> function(network);
  const auto              &support_points =
    system.dof_handler.get_fe().get_unit_support_points();
  std::vector<dealii::types::global_dof_index> dofs(4);
  for (const auto &cell : system.dof_handler.active_cell_iterators())
    {
      cell->get_dof_indices(dofs);
      for (unsigned int i = 0; i < 4; ++i)
        {
          // a little inside of the cell
          auto p = support_points[i] +
                   1e-9 * (dealii::Point<2>(0.5, 0.5) - support_points[i]);
          p = dealii::MappingQ<2>(1).transform_unit_to_real_cell(cell, p);
          EXPECT_NEAR(q(dofs[i]), function.value(p), 1e-7);
        }
    }
}

TEST(KindsOfPrograms, ElementsOfSeveralDegrees)
{
  // hp: cubic on the right, quadratic on the left, hanging nodes in between.
  System<2> system;
  dealii::GridGenerator::hyper_cube(system.triangulation);
  test::make_grid_with_hanging_nodes(system.triangulation);
  const dealii::hp::FECollection<2> fe(dealii::FE_Q<2>(2), dealii::FE_Q<2>(3));
  for (const auto &cell : system.dof_handler.active_cell_iterators())
    cell->set_active_fe_index(cell->center()[0] > 0.5);
  system.dof_handler.distribute_dofs(fe);
  dealii::DoFTools::make_hanging_node_constraints(system.dof_handler,
                                                  system.constraints);
  dealii::VectorTools::interpolate_boundary_values(system.dof_handler,
                                                   0,
                                                   test::BoundaryValues(1),
                                                   system.constraints);
  system.constraints.close();
  system.reinit();
  const dealii::hp::QCollection<2>       quadratures(dealii::QGauss<2>(3),
                                               dealii::QGauss<2>(4));
  const dealii::hp::MappingCollection<2> mapping(dealii::MappingQ<2>(1));
  dealii::MatrixCreator::create_laplace_matrix(
    mapping,
    system.dof_handler,
    quadratures,
    system.matrix,
    dealii::ScalarFunctionFromFunctionObject<2>(
      [](const auto &p) { return 20. * std::sin(4. * p[0]); }),
    system.rhs,
    static_cast<const dealii::Function<2> *>(nullptr),
    system.constraints);
  LinearResidual residual(system.dof_handler,
                          system.constraints,
                          system.matrix,
                          system.rhs);
  residual.minimize_energy();
  const auto refined =
    refine(make_network(2, 1, {20, 20}), system.dof_handler, residual, 250);
  expect_refined(system.dof_handler, refined, system.solve());
}

TEST(KindsOfPrograms, TimeSteps)
{
  // The heat equation by Euler's implicit method, deal.II's step-26: the
  // network of one time starts the next one.
  System<2> system;
  dealii::GridGenerator::hyper_cube(system.triangulation);
  system.triangulation.refine_global(3);
  const dealii::FE_Q<2> fe(2);
  system.dof_handler.distribute_dofs(fe);
  dealii::VectorTools::interpolate_boundary_values(
    system.dof_handler,
    0,
    dealii::Functions::ZeroFunction<2>(),
    system.constraints);
  system.constraints.close();
  system.reinit();
  dealii::SparseMatrix<double> mass(system.sparsity);
  const dealii::QGauss<2>      quadrature(3);
  constexpr double             step = 0.005;
  dealii::MatrixCreator::create_laplace_matrix<2, 2>(
    system.dof_handler, quadrature, system.matrix, nullptr, system.constraints);
  dealii::MatrixCreator::create_mass_matrix<2, 2>(
    system.dof_handler, quadrature, mass, nullptr, system.constraints);
  system.matrix *= step;
  system.matrix.add(1., mass);

  auto           network = make_network(3, 1, {20, 20});
  Vector<double> solution(system.rhs.size());
  dealii::VectorTools::interpolate(system.dof_handler,
                                   dealii::ScalarFunctionFromFunctionObject<2>(
                                     [](const auto &p) {
                                       return std::sin(3.14159265 * p[0]) *
                                              std::sin(3.14159265 * p[1]);
                                     }),
                                   solution);
  AlignmentParameters alignment;
  alignment.max_steps = 10;
  LinearResidual residual(system.dof_handler,
                          system.constraints,
                          system.matrix,
                          system.rhs);
  residual.minimize_energy();
  double first = 0, last = 0;
  for (unsigned int n = 1; n <= 4; ++n)
    {
      mass.vmult(system.rhs, solution);
      system.constraints.set_zero(system.rhs);
      solution = system.solve();
      const auto refined =
        refine(network, system.dof_handler, residual, 200, n * step);
      align(network, refined, residual, alignment);
      last =
        relative_distance(system.dof_handler, refined.network_values, solution);
      if (n == 1)
        first = last;
      EXPECT_LT(relative_distance(system.dof_handler, refined.values, solution),
                1e-2);
    }
  EXPECT_LT(last, 0.5 * first);
}
