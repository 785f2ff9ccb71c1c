// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/field_output.h>

#include <deal.II/base/function_lib.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>

#include <gtest/gtest.h>

#include <string>

#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace dealii;
using namespace lsr::test;

namespace
{
  template <int dim>
  struct Space
  {
    Space(const unsigned int degree, const unsigned int n_components)
      : dof_handler(triangulation)
    {
      GridGenerator::hyper_cube(triangulation);
      dof_handler.distribute_dofs(
        FESystem<dim>(FE_Q<dim>(degree), n_components));
      field.reinit(dof_handler.locally_owned_dofs(), MPI_COMM_SELF);
    }

    MappingQ1<dim>     mapping;
    Triangulation<dim> triangulation;
    DoFHandler<dim>    dof_handler;
    lsr::FEVector      field;
  };

  template <int dim>
  void
  check(const TemporaryFolder &folder, const std::string &name)
  {
    Space<dim>                             space(3, 1);
    const Functions::ConstantFunction<dim> one(1);
    lsr::FEVector                          two(space.field);
    two = 2;
    lsr::write_vtu(
      folder.file(name),
      lsr::ComparedFields<dim>{
        space.mapping, space.dof_handler, space.field, two, two, &one});
    expect_contains(folder.read(name),
                    "\"network\"",
                    "\"refined\"",
                    "\"fem\"",
                    "\"exact\"",
                    "\"error_network\"",
                    "\"error_refined\"",
                    "\"error_fem\"",
                    "\"difference_network\"",
                    "\"difference_refined\"",
                    "</VTKFile>",
                    // One cell of degree 4, or the pieces that a line is cut into.
                    dim == 1 ? "NumberOfCells=\"16\"" : "NumberOfCells=\"1\"");
  }
} // namespace

TEST(FieldOutput, HoldsAllFieldsInAllDimensions)
{
  const TemporaryFolder folder;
  check<1>(folder, "line.vtu");
  check<2>(folder, "square.vtu");
  check<3>(folder, "cube.vtu");
  EXPECT_EQ(folder.n_files(), 3u);
}

TEST(FieldOutput, OfVectorsAndSystems)
{
  const TemporaryFolder            folder;
  const Space<2>                   vectors(2, 2), systems(2, 3);
  const Functions::ZeroFunction<2> zero(2);
  lsr::write_vtu(folder.file("vectors.vtu"),
                 vectors.mapping,
                 vectors.dof_handler,
                 {{"u", &vectors.field}},
                 &zero);
  lsr::write_vtu(folder.file("systems.vtu"),
                 systems.mapping,
                 systems.dof_handler,
                 {{"u", &systems.field}});

  expect_contains(folder.read("vectors.vtu"), "\"u\" NumberOfComponents=\"3\"");
  expect_contains(folder.read("vectors.vtu"), "\"error_u\"");
  expect_contains(folder.read("systems.vtu"), "\"u_2\"");
}

TEST(FieldOutput, ThatCannotBeWrittenIsAClearError)
{
  const TemporaryFolder folder;
  folder.write("file", "no folder");
  const Space<2> space(1, 1);
  expect_contains(message([&]() {
                    lsr::write_vtu(folder.file("file/solution.vtu"),
                                   space.mapping,
                                   space.dof_handler,
                                   {{"u", &space.field}});
                  }),
                  folder.file("file/solution.vtu"));
  EXPECT_EQ(folder.n_files(), 1u);
}
