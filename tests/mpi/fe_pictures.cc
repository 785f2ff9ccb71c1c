// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/field_output.h>

#include <deal.II/distributed/shared_tria.h>
#include <deal.II/distributed/tria.h>
#include <deal.II/dofs/dof_tools.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/messages.h"
#include "support/polynomial.h"

using namespace dealii;
using namespace lsr::test;

namespace
{
  namespace fs = std::filesystem;

  bool
  first_rank()
  {
    return Utilities::MPI::this_mpi_process(MPI_COMM_WORLD) == 0;
  }

  /// A polynomial on a distributed mesh, without ghost values.
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
      VectorTools::interpolate(mapping, dof_handler, Polynomial<dim>(), values);
      field.reinit(dof_handler.locally_owned_dofs(), MPI_COMM_WORLD);
      field.copy_locally_owned_data_from(values);
    }

    MappingQ1<dim>  mapping;
    DoFHandler<dim> dof_handler;
    lsr::FEVector   field;
  };

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

TEST(ParallelComparison, ErrorsAreThoseOfTheWholeField)
{
  parallel::distributed::Triangulation<2> triangulation(MPI_COMM_WORLD);
  const Space<2>                          space(triangulation);
  const Polynomial<2>                     exact;
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
  const Polynomial<2>                     twice(1, 2.);
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
                   &twice);
  };
  write(folder / "solution.vtu");
  EXPECT_THROW(write(folder / "file" / "solution.vtu"), lsr::Error);

  if (first_rank())
    {
      EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
      EXPECT_EQ(std::system(("python3 " LSR_TESTS "/fe/pictures.py " +
                             (folder / "solution.vtu").string())
                              .c_str()),
                0);
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
