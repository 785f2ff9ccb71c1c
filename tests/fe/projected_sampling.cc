// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Networks in finite elements whose degrees of freedom are no values at points.

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>

#include <deal.II/base/function.h>
#include <deal.II/base/quadrature_lib.h>
#include <deal.II/fe/fe_tools.h>
#include <deal.II/fe/fe_values_extractors.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/dynamic_sparsity_pattern.h>
#include <deal.II/lac/sparse_direct.h>
#include <deal.II/lac/sparse_matrix.h>
#include <deal.II/numerics/fe_field_function.h>
#include <deal.II/numerics/vector_tools_interpolate.h>
#include <deal.II/numerics/vector_tools_rhs.h>

#include <gtest/gtest.h>

#include "support/models.h"
#include "support/problems.h"
#include "support/programs.h"

using namespace lsr;
using dealii::Vector;

namespace
{
  /// A finite-element space on a mesh with hanging nodes.
  struct Space
  {
    explicit Space(const std::string &element)
      : fe(dealii::FETools::get_fe_by_name<2, 2>(element))
      , dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation);
      test::make_grid_with_hanging_nodes(triangulation);
      dof_handler.distribute_dofs(*fe);
      dealii::DoFTools::make_hanging_node_constraints(dof_handler, constraints);
      constraints.close();
    }

    std::unique_ptr<dealii::FiniteElement<2>> fe;
    dealii::Triangulation<2>                  triangulation;
    dealii::DoFHandler<2>                     dof_handler;
    dealii::AffineConstraints<double>         constraints;
    const dealii::MappingQ1<2>                mapping;
  };

  /// All components of a finite-element function at points.
  Column
  values(const Space &space, const Vector<double> &u, const Block &points)
  {
    const dealii::Functions::FEFieldFunction<2> function(space.dof_handler,
                                                         u,
                                                         space.mapping);
    const unsigned int                          n = space.fe->n_components();
    const Column           q = make_column(points.extent(1) * n);
    dealii::Vector<double> value(n);
    for (std::size_t i = 0; i < points.extent(1); ++i)
      {
        function.vector_value({points(0, i), points(1, i)}, value);
        for (unsigned int c = 0; c < n; ++c)
          q(i * n + c) = value(c);
      }
    return q;
  }
} // namespace

class ProjectedSamplingOf : public testing::TestWithParam<const char *>
{};

INSTANTIATE_TEST_SUITE_P(Elements,
                         ProjectedSamplingOf,
                         testing::Values("FE_Q_Hierarchical<2>(3)",
                                         "FE_DGP<2>(2)",
                                         "FE_RaviartThomas<2>(1)",
                                         "FE_Nedelec<2>(1)",
                                         "FE_Q<2>(2)",
                                         "FESystem<2>[FE_Q<2>(2)^2-FE_DGP<2>("
                                         "1)]"));

TEST_P(ProjectedSamplingOf, ReproducesFiniteElementFunctions)
{
  const Space    space(GetParam());
  const Sampling sampling =
    projected_sampling(space.mapping, space.dof_handler);
  Vector<double> u(space.dof_handler.n_dofs());
  for (unsigned int i = 0; i < u.size(); ++i)
    u(i) = std::sin(1. + 3. * i);
  space.constraints.distribute(u);

  const Column all = values(space, u, sampling.points);
  const Block  q   = sampling.apply(as_block(all));
  ASSERT_EQ(q.extent(0), u.size());
  EXPECT_EQ(sampling.n_values(space.fe->n_components()), u.size());
  for (unsigned int i = 0; i < u.size(); ++i)
    if (!space.constraints.is_constrained(i))
      {
        EXPECT_NEAR(q(i, 0), u(i), 1e-12 * u.linfty_norm()) << i;
      }
}

TEST(ProjectedSampling, TheContinuousPartOfASystemIsNodal)
{
  const Space              space("FESystem<2>[FE_Q<2>(2)-FE_DGQ<2>(1)]");
  const NetworkFunction<2> function(make_network(2, 2, {20}));
  const Column q = field_sampling(space.mapping, space.dof_handler, 2)
                     .evaluate(function.network());
  Vector<double> nodal(space.dof_handler.n_dofs());
  dealii::VectorTools::interpolate(space.mapping,
                                   space.dof_handler,
                                   function,
                                   nodal);
  const dealii::IndexSet continuous =
    dealii::DoFTools::extract_dofs(space.dof_handler,
                                   space.fe->component_mask(
                                     dealii::FEValuesExtractors::Scalar(0)));
  double of_continuous = 0, of_projected = 0;
  for (unsigned int i = 0; i < nodal.size(); ++i)
    {
      double &difference =
        continuous.is_element(i) ? of_continuous : of_projected;
      difference = std::max(difference, std::abs(q(i) - nodal(i)));
    }
  EXPECT_LT(of_continuous, 1e-14);
  EXPECT_GT(of_projected, 1e-8);
}

TEST(ProjectedSampling, RefinesANetworkInHierarchicalElements)
{
  const Space                    space("FE_Q_Hierarchical<2>(3)");
  dealii::DynamicSparsityPattern pattern(space.dof_handler.n_dofs());
  dealii::DoFTools::make_sparsity_pattern(space.dof_handler,
                                          pattern,
                                          space.constraints);
  dealii::SparsityPattern sparsity;
  sparsity.copy_from(pattern);
  dealii::SparseMatrix<double> matrix(sparsity);
  Vector<double>               rhs(space.dof_handler.n_dofs());
  test::assemble(space.dof_handler, space.constraints, matrix, rhs);
  // That has the solution 1: let it be less simple.
  Vector<double> source(rhs.size());
  dealii::VectorTools::create_right_hand_side(
    space.mapping,
    space.dof_handler,
    dealii::QGauss<2>(6),
    dealii::ScalarFunctionFromFunctionObject<2>(
      [](const auto &p) { return 20. * std::cos(4. * p[0] + 3. * p[1]); }),
    source,
    space.constraints);
  rhs += source;
  Vector<double>              solution(rhs.size());
  dealii::SparseDirectUMFPACK inverse;
  inverse.initialize(matrix);
  inverse.vmult(solution, rhs);
  space.constraints.distribute(solution);

  LinearResidual residual(space.dof_handler, space.constraints, matrix, rhs);
  residual.minimize_energy();
  const auto            network = make_network(2, 1, {30, 30});
  const StructuredBasis basis(network, space.dof_handler.n_dofs() / 4, 0);
  const Refinement      refinement =
    refine(basis,
           projected_sampling(space.mapping, space.dof_handler),
           residual);

  // The norm of the residual is the energy of the error.
  Vector<double> error = residual.field(refinement.values);
  error -= solution;
  space.constraints.set_zero(error); // the matrix is condensed
  EXPECT_NEAR(std::sqrt(matrix.matrix_norm_square(error)),
              refinement.refined_norm,
              1e-6 * refinement.initial_norm);
  EXPECT_LT(refinement.refined_norm, 0.05 * refinement.initial_norm);
}

TEST(ProjectedSampling, HasATranspose)
{
  const Space    space("FE_RaviartThomas<2>(1)");
  const Sampling sampling =
    projected_sampling(space.mapping, space.dof_handler);
  const std::size_t n = 2 * sampling.points.extent(1), m = sampling.n_values(2);
  const Block X = test::random_points(n, 3), Y = test::random_points(m, 2);
  const Block left = make_block(2, 3), right = make_block(2, 3);
  multiply(1., 'T', Y, 'N', sampling.apply(X), 0., left);
  multiply(1., 'T', sampling.apply_transposed(Y, n), 'N', X, 0., right);
  EXPECT_LT(test::relative_difference(left, right), 1e-12);
}

TEST(ProjectedSampling, RefusesANetworkWithOtherOutputs)
{
  const Space space("FE_RaviartThomas<2>(1)");
  EXPECT_THROW(projected_sampling(space.mapping, space.dof_handler)
                 .evaluate(make_network(2, 1, {10})),
               Error);
}
