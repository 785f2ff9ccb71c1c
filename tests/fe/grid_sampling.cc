// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// From fields on a regular grid to the nodes of a mesh.

#include <lsr/base/types.h>
#include <lsr/fe/grid_sampling.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/network.h>

#include <deal.II/base/numbers.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "support/messages.h"
#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  /// A function of point and component.
  template <int dim>
  class Fields : public dealii::Function<dim>
  {
  public:
    using Field =
      std::function<double(const dealii::Point<dim> &, unsigned int)>;

    Fields(const unsigned int n_components, const Field &field)
      : dealii::Function<dim>(n_components)
      , field(field)
    {}

    double
    value(const dealii::Point<dim> &x, const unsigned int c = 0) const override
    {
      return field(x, c);
    }

  private:
    const Field field;
  };



  /// A box with cells of two sizes.
  template <int dim>
  struct Mesh
  {
    explicit Mesh(const dealii::FiniteElement<dim> &fe)
      : dof_handler(triangulation)
    {
      dealii::GridGenerator::hyper_cube(triangulation, -1, 2);
      triangulation.refine_global(2);
      triangulation.begin_active()->set_refine_flag();
      triangulation.execute_coarsening_and_refinement();
      dof_handler.distribute_dofs(fe);
    }

    dealii::Triangulation<dim> triangulation;
    dealii::DoFHandler<dim>    dof_handler;
    dealii::MappingQ1<dim>     mapping;
  };



  template <int dim>
  RegularGrid<dim>
  make_grid(const unsigned int n, const bool channels_last = false)
  {
    RegularGrid<dim> grid;
    for (unsigned int d = 0; d < dim; ++d)
      {
        grid.n_points[d] = n + d;
        grid.lower[d]    = -1;
        grid.upper[d]    = 2;
      }
    grid.channels_last = channels_last;
    return grid;
  }



  /// The largest difference between fields of which a network returns these
  /// values, and fields at the nodes.
  template <int dim>
  double
  error(const Mesh<dim>   &mesh,
        const Sampling    &sampling,
        const Block       &values,
        const Fields<dim> &fields)
  {
    const HostBlock found = to_host(sampling.apply(values));
    const Sampling  nodes =
      nodal_sampling(mesh.mapping, mesh.dof_handler, fields.n_components);
    const HostBlock points = to_host(nodes.points);
    double          worst  = 0;
    for (std::size_t i = 0; i < found.extent(0); ++i)
      {
        const std::size_t row =
          nodes.rows.empty() ? i * fields.n_components : nodes.rows[i];
        dealii::Point<dim> x;
        for (unsigned int d = 0; d < dim; ++d)
          x[d] = points(d, row / fields.n_components);
        worst = std::max(worst,
                         std::abs(found(i, 0) -
                                  fields.value(x, row % fields.n_components)));
      }
    return worst;
  }



  /// The same for fields on a grid.
  template <int dim>
  double
  error(const Mesh<dim>        &mesh,
        const RegularGrid<dim> &grid,
        const Fields<dim>      &fields,
        const GridInterpolation interpolation)
  {
    const Block on_grid = grid.sample(fields);
    return error(mesh,
                 grid_sampling(mesh.mapping,
                               mesh.dof_handler,
                               grid,
                               on_grid,
                               interpolation),
                 on_grid,
                 fields);
  }



  /// The same for fields at points.
  template <int dim>
  double
  error(const Mesh<dim>   &mesh,
        const Block       &points,
        const Fields<dim> &fields,
        const bool         channels_last)
  {
    const Block values = sample_at(points, fields, channels_last);
    return error(mesh,
                 point_sampling(mesh.mapping,
                                mesh.dof_handler,
                                points,
                                values,
                                channels_last),
                 values,
                 fields);
  }
} // namespace



TEST(GridSampling, ReproducesMultilinearFieldsOnAnyMeshForEveryComponent)
{
  const Fields<2> bilinear(2, [](const dealii::Point<2> &x, unsigned int c) {
    return c == 0 ? 1 + 2 * x[0] - x[1] + 3 * x[0] * x[1] : x[0] - 4 * x[1];
  });
  const Mesh<2>   mesh(dealii::FESystem<2>(dealii::FE_Q<2>(2), 2));
  for (const bool last : {false, true})
    for (const auto interpolation :
         {GridInterpolation::linear, GridInterpolation::cubic})
      EXPECT_LT(error(mesh, make_grid<2>(5, last), bilinear, interpolation),
                1e-13);
}



TEST(GridSampling, CentersAreExtrapolatedToTheBoundary)
{
  const Fields<3> linear(1, [](const dealii::Point<3> &x, unsigned int) {
    return x[0] - 2 * x[1] + 3 * x[2];
  });
  const Mesh<3>   mesh(dealii::FE_Q<3>(1));
  RegularGrid<3>  grid = make_grid<3>(4);
  grid.placement.fill(RegularGrid<3>::Placement::centers);
  EXPECT_LT(error(mesh, grid, linear, GridInterpolation::linear), 1e-13);
}



TEST(GridSampling, CubicInterpolationIsOfFourthOrder)
{
  const Fields<1> cubic(1, [](const dealii::Point<1> &x, unsigned int) {
    return x[0] * x[0] * x[0] - x[0];
  });
  const Mesh<1>   mesh(dealii::FE_Q<1>(3));
  EXPECT_LT(error(mesh, make_grid<1>(6), cubic, GridInterpolation::cubic),
            1e-13);

  const Fields<1> wave(1, [](const dealii::Point<1> &x, unsigned int) {
    return std::sin(2 * dealii::numbers::PI * x[0] / 3);
  });
  for (const auto &[interpolation, order] :
       {std::pair{GridInterpolation::linear, 2.},
        std::pair{GridInterpolation::cubic, 4.}})
    {
      RegularGrid<1> coarse = make_grid<1>(40), fine = make_grid<1>(80);
      coarse.placement = fine.placement = {RegularGrid<1>::Placement::periodic};
      const double rate = std::log2(error(mesh, coarse, wave, interpolation) /
                                    error(mesh, fine, wave, interpolation));
      EXPECT_NEAR(rate, order, 0.5);
    }
}



TEST(GridSampling, SpectralInterpolationHasAllWavesOfPeriodicDirections)
{
  // Waves in x, a cubic polynomial in y, for odd and even numbers of points.
  const Fields<2> wave(1, [](const dealii::Point<2> &x, unsigned int) {
    const double phase = 2 * dealii::numbers::PI * (x[0] + 1) / 3;
    return std::cos(phase) + std::sin(5 * phase) * x[1] * x[1] * x[1];
  });
  const Mesh<2>   mesh(dealii::FE_Q<2>(3));
  for (const unsigned int n : {11U, 12U})
    {
      RegularGrid<2> grid = make_grid<2>(n);
      grid.placement[0]   = RegularGrid<2>::Placement::periodic;
      EXPECT_LT(error(mesh, grid, wave, GridInterpolation::spectral), 1e-12);
      EXPECT_GT(error(mesh, grid, wave, GridInterpolation::cubic), 1e-2);
    }
}



TEST(GridSampling, NodesThatArePointsOfTheGridTakeItsValues)
{
  dealii::Triangulation<2> triangulation;
  dealii::GridGenerator::hyper_cube(triangulation, -1, 2);
  triangulation.refine_global(3);
  dealii::DoFHandler<2> dof_handler(triangulation);
  dof_handler.distribute_dofs(dealii::FE_Q<2>(1));
  RegularGrid<2> grid      = make_grid<2>(9);
  grid.n_points[1]         = 9;
  const Block     values   = random_block(grid.size(), 1);
  const Sampling  sampling = grid_sampling(dealii::MappingQ1<2>(),
                                          dof_handler,
                                          grid,
                                          values,
                                          GridInterpolation::cubic);
  const HostBlock found    = to_host(sampling.apply(values));
  // A permutation: sums of powers are the same, to the last digit but one.
  double sum = 0, expected = 0;
  for (std::size_t i = 0; i < grid.size(); ++i)
    {
      sum += std::pow(found(i, 0), 3);
      expected += std::pow(to_host(values)(i, 0), 3);
    }
  EXPECT_EQ(found.extent(0), grid.size());
  EXPECT_NEAR(sum, expected, 1e-12);
}



TEST(GridSampling, SaysWhereTheMeshLeavesTheGrid)
{
  const Mesh<2>  mesh(dealii::FE_Q<2>(1));
  RegularGrid<2> grid = make_grid<2>(5);
  grid.upper[1]       = 1;
  expect_contains(message([&]() {
                    grid_sampling(mesh.mapping,
                                  mesh.dof_handler,
                                  grid,
                                  make_block(grid.size(), 1));
                  }),
                  "direction 1",
                  "from -1.0",
                  "to 1.0");
}



TEST(PointSampling, ANetworkOnTheNodesOfTheMeshIsReadThereInAnyOrder)
{
  const Fields<2> fields(2, [](const dealii::Point<2> &x, unsigned int c) {
    return std::sin((3. + c) * x[0]) * std::exp(x[1]);
  });
  // Hanging nodes, too.
  const Mesh<2>   mesh(dealii::FESystem<2>(dealii::FE_Q<2>(2), 2));
  const HostBlock nodes =
    to_host(nodal_sampling(mesh.mapping, mesh.dof_handler, 2).points);
  const std::size_t n        = nodes.extent(1);
  const HostBlock   reversed = to_host(make_zero_block(2, n));
  for (std::size_t i = 0; i < n; ++i)
    for (unsigned int d = 0; d < 2; ++d)
      reversed(d, i) = nodes(d, n - 1 - i);
  for (const bool last : {false, true})
    EXPECT_EQ(error(mesh, to_memory_space(reversed), fields, last), 0.);
}



TEST(PointSampling, BetweenPointsQuadraticFieldsAreReproduced)
{
  const Fields<2> quadratic(1, [](const dealii::Point<2> &x, unsigned int) {
    return 1 + x[0] - 2 * x[0] * x[1] + 3 * x[1] * x[1];
  });
  const Mesh<2>   mesh(dealii::FE_Q<2>(1));
  const HostBlock points = to_host(random_points(2, 400, -1., 2.));
  EXPECT_LT(error(mesh, to_memory_space(points), quadratic, false), 1e-10);
  // A part of the mesh that has no points.
  for (std::size_t i = 0; i < points.extent(1); ++i)
    points(0, i) = -1. + (points(0, i) + 1.) / 2;
  expect_contains(message([&]() {
                    error(mesh, to_memory_space(points), quadratic, false);
                  }),
                  "is not known near the point");
}
