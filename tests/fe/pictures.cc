// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Files of write_vtu() as draw.py reads them: the values of known functions,
// checked by pictures.py.

#include <lsr/fe/field_output.h>

#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_simplex_p.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_fe.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/grid_tools.h>
#include <deal.II/grid/tria.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/polynomial.h"

using namespace dealii;

namespace
{
  namespace fs = std::filesystem;

  const fs::path folder =
    fs::temp_directory_path() / ("lsr pictures " + std::to_string(getpid()));

  /// Write a field `u` with a known function, and its error against the double
  /// of it.
  template <int dim>
  void
  write(const std::string        &name,
        const Triangulation<dim> &triangulation,
        const FiniteElement<dim> &element,
        const Mapping<dim>       &mapping = MappingQ1<dim>())
  {
    DoFHandler<dim> dof_handler(triangulation);
    dof_handler.distribute_dofs(element);
    lsr::FEVector field(dof_handler.locally_owned_dofs(), MPI_COMM_SELF);
    VectorTools::interpolate(mapping,
                             dof_handler,
                             Polynomial<dim>(element.n_components()),
                             field);
    const Polynomial<dim> twice(element.n_components(), 2.);
    lsr::write_vtu((folder / (name + ".vtu")).string(),
                   mapping,
                   dof_handler,
                   {{"u", &field}},
                   &twice);
  }

  void
  write_line()
  {
    Triangulation<1> triangulation;
    GridGenerator::hyper_cube(triangulation, -1, 3);
    triangulation.refine_global(2);
    write("line", triangulation, FE_Q<1>(2));
  }

  /// With hanging nodes and skew cells.
  void
  write_L_shape()
  {
    Triangulation<2> triangulation;
    GridGenerator::hyper_L(triangulation);
    triangulation.refine_global(1);
    triangulation.begin_active()->set_refine_flag();
    triangulation.execute_coarsening_and_refinement();
    GridTools::distort_random(0.1, triangulation);
    write("L", triangulation, FE_Q<2>(3));
  }

  void
  write_square()
  {
    Triangulation<2> triangulation;
    GridGenerator::hyper_cube(triangulation);
    write("vector", triangulation, FESystem<2>(FE_Q<2>(2), 2));
    write("components", triangulation, FESystem<2>(FE_Q<2>(2), 3));
  }

  void
  write_cube()
  {
    Triangulation<3> triangulation;
    GridGenerator::hyper_cube(triangulation);
    triangulation.refine_global(1);
    GridTools::distort_random(0.1, triangulation);
    write("cube", triangulation, FE_Q<3>(2));
  }

  void
  write_triangles()
  {
    Triangulation<2> triangulation;
    GridGenerator::subdivided_hyper_cube_with_simplices(triangulation, 3);
    write("triangles",
          triangulation,
          FE_SimplexP<2>(2),
          MappingFE<2>(FE_SimplexP<2>(1)));
  }
} // namespace



TEST(Pictures, ShowTheFieldsOfAFile)
{
  fs::create_directory(folder);
  write_line();
  write_L_shape();
  write_square();
  write_cube();
  write_triangles();
  const std::string command =
    "python3 " LSR_TESTS "/fe/pictures.py '" + folder.string() + "'/*.vtu";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 12);
  fs::remove_all(folder);
}
