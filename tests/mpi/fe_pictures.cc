// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/on_first_rank.h>
#include <lsr/fe/raster.h>

#include <deal.II/distributed/shared_tria.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/messages.h"

using namespace dealii;
using namespace lsr::test;

namespace
{
  namespace fs = std::filesystem;

  template <int dim>
  class Linear : public Function<dim>
  {
  public:
    double
    value(const Point<dim> &p, const unsigned int = 0) const override
    {
      double sum = 1;
      for (unsigned int d = 0; d < dim; ++d)
        sum += (d + 1) * p[d];
      return sum;
    }

    Tensor<1, dim>
    gradient(const Point<dim> &, const unsigned int = 0) const override
    {
      Tensor<1, dim> result;
      for (unsigned int d = 0; d < dim; ++d)
        result[d] = d + 1;
      return result;
    }
  };

  bool
  first_rank()
  {
    return Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) == 0;
  }

  /// A linear function on a distributed mesh, without ghost values.
  template <int dim>
  struct Space
  {
    explicit Space(Triangulation<dim> &triangulation)
      : dof_handler(triangulation)
    {
      GridGenerator::hyper_cube(triangulation);
      triangulation.refine_global(3);
      dof_handler.distribute_dofs(FE_Q<dim>(2));
      lsr::FEVector values(dof_handler.locally_owned_dofs(),
                           DoFTools::extract_locally_relevant_dofs(dof_handler),
                           MPI_COMM_WORLD);
      VectorTools::interpolate(mapping, dof_handler, Linear<dim>(), values);
      field.reinit(dof_handler.locally_owned_dofs(), MPI_COMM_WORLD);
      field.copy_locally_owned_data_from(values);
    }

    MappingQ1<dim>  mapping;
    DoFHandler<dim> dof_handler;
    lsr::FEVector   field;
  };

  template <int dim>
  void
  check_raster(Triangulation<dim> &triangulation)
  {
    const Space<dim>              space(triangulation);
    const lsr::RasterSampler<dim> sampler(space.mapping, space.dof_handler, 7);
    for (const lsr::Raster &raster :
         {sampler.sample("", space.field), sampler.sample("", Linear<dim>())})
      {
        if (!first_rank())
          {
            EXPECT_TRUE(raster.values.empty());
            continue;
          }
        ASSERT_EQ(raster.values.size(), dim == 1 ? 7u : 49u);
        for (unsigned int i = 0; i < raster.values.size(); ++i)
          {
            Point<dim> point;
            point[dim - 1] = 0.5;
            point[0]       = (i % 7) / 6.;
            if (dim > 1)
              point[1] = (i / 7) / 6.;
            EXPECT_NEAR(raster.values[i], Linear<dim>().value(point), 1e-12);
          }
      }
  }

  /// A folder that all ranks agree on and that no other program uses.
  fs::path
  test_folder()
  {
    return fs::temp_directory_path() /
           ("lsr_test_fe_pictures_" +
            std::to_string(
              Utilities::MPI::broadcast(MPI_COMM_WORLD, int(getpid()))));
  }
} // namespace

TEST(ParallelRaster, ReproducesALinearFunctionOnTheFirstRank)
{
  parallel::shared::Triangulation<1> line(MPI_COMM_WORLD);
  check_raster<1>(line);
  parallel::distributed::Triangulation<2> square(MPI_COMM_WORLD);
  check_raster<2>(square);
  parallel::distributed::Triangulation<3> cube(MPI_COMM_WORLD);
  check_raster<3>(cube);
}

TEST(ParallelComparison, ErrorsAreThoseOfTheWholeField)
{
  parallel::distributed::Triangulation<2> triangulation(MPI_COMM_WORLD);
  const Space<2>                          space(triangulation);
  const Linear<2>                         exact;
  lsr::FEVector                           network(space.field);
  network *= 1.25;
  const auto comparison = lsr::compare(lsr::ComparedFields<2>{space.mapping,
                                                              space.dof_handler,
                                                              network,
                                                              space.field,
                                                              space.field,
                                                              &exact});
  EXPECT_NEAR(comparison.network.error->L2, 0.25, 1e-13);
  EXPECT_NEAR(comparison.network.error->H1, 0.25, 1e-13);
  EXPECT_NEAR(comparison.network.error->Linf, 0.25, 1e-13);
  EXPECT_NEAR(comparison.network.difference_to_fem.L2, 0.25, 1e-13);
  EXPECT_LT(comparison.refined.error->H1, 1e-13);
}

TEST(ParallelOutput, OneVtuFileForAllRanks)
{
  parallel::distributed::Triangulation<2> triangulation(MPI_COMM_WORLD);
  const Space<2>                          space(triangulation);
  const Linear<2>                         exact;
  const fs::path                          folder = test_folder();
  lsr::on_first_rank(MPI_COMM_WORLD, [&]() {
    fs::remove_all(folder);
    fs::create_directory(folder);
    std::ofstream(folder / "file") << "no folder";
  });

  const auto write = [&](const fs::path &path) {
    lsr::write_vtu(path.string(),
                   space.mapping,
                   space.dof_handler,
                   {{"u", &space.field}},
                   &exact);
  };
  write(folder / "solution.vtu");
  EXPECT_THROW(write(folder / "file" / "solution.vtu"), lsr::Error);

  if (first_rank())
    {
      std::ifstream     in(folder / "solution.vtu");
      const std::string text(std::istreambuf_iterator<char>(in), {});
      expect_contains(text, "\"error_u\"");
      expect_contains(text, "</VTKFile>");
      EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
      fs::remove_all(folder);
    }
}

TEST(OnFirstRank, AllRanksThrowWhatTheFirstOneThrows)
{
  const auto action = []() {
    lsr::on_first_rank(MPI_COMM_WORLD,
                       []() { throw std::logic_error("no more paper"); });
  };
  EXPECT_THROW(action(), lsr::Error);
  EXPECT_EQ(message(action), "no more paper");
}
