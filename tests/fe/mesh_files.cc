// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Meshes as people have them.

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/assembler.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/discretization.h>
#include <lsr/fe/field_output.h>
#include <lsr/fe/finite_element_solver.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/gmsh_mesh.h"
#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Point = GmshMesh::Point;

  const auto all_divided  = [](unsigned int, unsigned int) { return true; };
  const auto none_divided = [](unsigned int, unsigned int) { return false; };
  const auto some_divided = [](const unsigned int i, const unsigned int j) {
    return (i + 2 * j) % 3 == 0;
  };

  /// A mesh file and what is read from it.
  template <int dim>
  struct Read
  {
    explicit Read(const std::string &bytes,
                  const unsigned int degree      = 1,
                  const unsigned int refinements = 0,
                  const bool         merge       = false,
                  const std::string &name        = "mesh.msh")
      : discretization(
          MPI_COMM_WORLD,
          1,
          parameters(folder.write(name, bytes), degree, refinements, merge))
    {
      discretization.make_grid();
      discretization.setup_dofs({});
    }

    static typename Discretization<dim>::Parameters
    parameters(const std::string &file,
               const unsigned int degree,
               const unsigned int refinements,
               const bool         merge)
    {
      typename Discretization<dim>::Parameters result;
      result.mesh_file          = file;
      result.degree             = degree;
      result.global_refinements = refinements;
      result.merge_nodes        = merge;
      return result;
    }

    unsigned int
    n_cells() const
    {
      return discretization.triangulation().n_global_active_cells();
    }

    std::string
    notes() const
    {
      std::string result;
      for (const std::string &note : discretization.notes())
        result += note + "\n";
      return result;
    }

    double
    measure() const
    {
      const auto          &equation = laplace();
      const Assembler<dim> assembler(equation, discretization, false);
      return assembler.lumped_mass().l1_norm();
    }

    static const AdvectionDiffusionReaction<dim> &
    laplace()
    {
      static const AdvectionDiffusionReaction<dim> equation;
      return equation;
    }

    /// The relative L2 error of finite elements for a known solution.
    double
    error()
    {
      typename AdvectionDiffusionReaction<dim>::Parameters parameters;
      parameters.exact_solution  = dim == 1 ? "sin(2*x+1)" :
                                   dim == 2 ? "sin(2*x+1)*cos(y)" :
                                              "sin(2*x+1)*cos(y)*exp(z)";
      parameters.right_hand_side = manufactured;
      parameters.dirichlet       = "all: manufactured";
      const AdvectionDiffusionReaction<dim> equation(parameters);
      discretization.setup_dofs(equation.dirichlet_conditions());
      const Assembler<dim> assembler(equation, discretization);
      FEVector             u = discretization.make_vector();
      FiniteElementSolver().solve(assembler, u);
      return compute_errors(discretization.mapping(),
                            discretization.dof_handler(),
                            u,
                            *equation.exact_solution())
        .L2;
    }

    const TemporaryFolder folder;
    Discretization<dim>   discretization;
  };

  template <int dim = 2>
  std::string
  refusal(const std::string &bytes, const std::string &name = "mesh.msh")
  {
    return message([&]() { Read<dim>(bytes, 1, 0, false, name); });
  }

  /// Expect errors that fall by h^{p+1} from one refinement to the next.
  template <int dim>
  void
  expect_order(const GmshMesh    &mesh,
               const unsigned int degree,
               const unsigned int coarsest)
  {
    const std::string file   = mesh.file("4.1");
    const double      coarse = Read<dim>(file, degree, coarsest).error();
    const double      fine   = Read<dim>(file, degree, coarsest + 1).error();
    EXPECT_GT(std::log2(coarse / fine), degree + 0.6);
  }

  /// A quarter of the ring between radii 1 and 2.
  Point
  to_ring(const Point &x)
  {
    return {(1 + x[0]) * std::cos(x[1] * M_PI_2),
            (1 + x[0]) * std::sin(x[1] * M_PI_2),
            0};
  }
} // namespace

TEST(MeshFiles, AllVersionsOfGmshsFormatAreRead)
{
  for (const auto &is_divided :
       {std::function<bool(unsigned int, unsigned int)>(all_divided),
        std::function<bool(unsigned int, unsigned int)>(none_divided)})
    {
      GmshMesh mesh = gmsh_square(3, is_divided);
      mesh.names    = "1 4 \"the lid\"\n2 9 \"all\"\n";
      std::string windows;
      for (const char c : mesh.file("2.2"))
        windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
      const double error = Read<2>(mesh.file("4.1"), 2, 1).error();
      EXPECT_LT(error, 1e-3);
      for (const std::string &file : {mesh.file("2.2"),
                                      mesh.file("2.2", true),
                                      mesh.file("4.0"),
                                      mesh.file("4.0", true),
                                      mesh.file("4.1", true),
                                      windows})
        {
          Read<2> read(file, 2, 1);
          EXPECT_NEAR(read.error(), error, 1e-9 * error);
          EXPECT_EQ(read.notes(), "");
          EXPECT_EQ(read.discretization.boundary_name(4), "4 \"the lid\"");
          EXPECT_EQ(read.discretization.boundary_ids(),
                    (std::set<dealii::types::boundary_id>{1, 2, 3, 4}));
        }
    }
}

TEST(MeshFiles, ErrorsOnSimplicesFallAsTheyShould)
{
  for (const unsigned int degree : {1, 2})
    {
      expect_order<2>(gmsh_square(3, all_divided), degree, 1);
      expect_order<2>(gmsh_square(3, some_divided), degree, 1);
    }
  expect_order<3>(gmsh_cube(2, 0), 2, 0);
}

TEST(MeshFiles, MixedCellsAreDividedWithoutGaps)
{
  const auto distort = [](const Point &x) {
    return Point(x[0] + 0.1 * x[1] * x[2],
                 x[1] + 0.1 * x[0],
                 x[2] - 0.1 * x[0]);
  };
  for (const int shape : {6, 7, 0})
    {
      const Read<3> read(gmsh_cube(3, shape).mapped(distort).file("2.2"));
      if (shape == 6)
        {
          EXPECT_EQ(read.n_cells(), 3u * 54u);
        }
      // The determinant of the map is 1 + 0.01 (z - x) - 0.01 x; planes stay
      // planes where faces are divided.
      unsigned int n_faces = 0;
      for (const auto &cell :
           read.discretization.triangulation().active_cell_iterators())
        for (const unsigned int f : cell->face_indices())
          n_faces += cell->at_boundary(f);
      EXPECT_EQ(n_faces, 2u * 54u);
      EXPECT_NE(read.notes().find("divided into tetrahedra"),
                std::string::npos);
    }
  const Read<2> square(gmsh_square(3, some_divided).file("2.2"));
  EXPECT_NEAR(square.measure(), 1., 1e-12);
  EXPECT_EQ(square.n_cells(), 18u);
}

TEST(MeshFiles, CurvedCellsStayCurved)
{
  for (const auto &is_divided :
       {std::function<bool(unsigned int, unsigned int)>(all_divided),
        std::function<bool(unsigned int, unsigned int)>(some_divided),
        std::function<bool(unsigned int, unsigned int)>(none_divided)})
    {
      std::vector<double> gaps, errors;
      for (const unsigned int n : {3, 6})
        {
          Read<2> read(
            gmsh_square(n, is_divided, 2).mapped(to_ring).file("4.1"), 2, 1);
          gaps.push_back(std::abs(read.measure() - 0.75 * M_PI));
          errors.push_back(read.error());
        }
      // Straight edges leave h^2.
      EXPECT_LT(gaps[0], 1e-3);
      EXPECT_GT(std::log2(gaps[0] / gaps[1]), 3.5);
      EXPECT_GT(std::log2(errors[0] / errors[1]), 2.6);
    }
  // Nodes of second order on straight edges are nothing new.
  Read<2> straight(gmsh_square(3, none_divided, 2).file("4.1"), 2, 1);
  Read<2> linear(gmsh_square(3, none_divided).file("4.1"), 2, 1);
  EXPECT_NEAR(straight.error(), linear.error(), 1e-9);
}

TEST(MeshFiles, CellsAreTurnedAsNeeded)
{
  for (const auto &is_divided :
       {std::function<bool(unsigned int, unsigned int)>(all_divided),
        std::function<bool(unsigned int, unsigned int)>(none_divided)})
    {
      GmshMesh     mesh  = gmsh_square(3, is_divided);
      const double error = Read<2>(mesh.file("2.2"), 2).error();
      for (std::size_t e = 0; e < mesh.elements.size(); e += 2)
        std::reverse(mesh.elements[e].nodes.begin(),
                     mesh.elements[e].nodes.end());
      EXPECT_NEAR(Read<2>(mesh.file("2.2"), 2).error(), error, 1e-9);
    }
  GmshMesh     cube  = gmsh_cube(2, 5);
  const double error = Read<3>(cube.file("2.2")).error();
  for (std::size_t e = 0; e < cube.elements.size(); e += 3)
    std::swap_ranges(cube.elements[e].nodes.begin(),
                     cube.elements[e].nodes.begin() + 4,
                     cube.elements[e].nodes.begin() + 4);
  EXPECT_NEAR(Read<3>(cube.file("2.2")).error(), error, 1e-9);
}

TEST(MeshFiles, NodesAtTheSamePlaceAreMergedOnRequestOnly)
{
  // The right half of the square has nodes of its own on the line between.
  GmshMesh mesh = gmsh_square(4, none_divided);
  for (auto &element : mesh.elements)
    {
      double x = 0.;
      for (const int node : element.nodes)
        x += mesh.points[node][0] / element.nodes.size();
      for (int &node : element.nodes)
        if (x > 0.5 && mesh.points[node][0] == 0.5)
          {
            mesh.points.push_back(mesh.points[node]);
            // One copy for each place.
            const auto first = std::find(mesh.points.begin() + 25,
                                         mesh.points.end(),
                                         mesh.points[node]);
            node             = first - mesh.points.begin();
          }
    }
  const std::string file = mesh.file("2.2");
  Read<2>           apart(file, 1);
  expect_contains(apart.notes(), "5 nodes", "(0.5, ", "Merge nodes");
  EXPECT_EQ(apart.discretization.dof_handler().n_dofs(), 30u);
  Read<2> merged(file, 1, 0, true);
  expect_contains(merged.notes(), "5 nodes", "were merged");
  EXPECT_EQ(merged.discretization.dof_handler().n_dofs(), 25u);
  EXPECT_NEAR(merged.error(),
              Read<2>(gmsh_square(4, none_divided).file("2.2")).error(),
              1e-9);
}

TEST(MeshFiles, FacesOfSeveralGroupsHaveTheFirst)
{
  GmshMesh mesh = gmsh_square(2, all_divided);
  mesh.names    = "1 1 \"left\"\n1 17 \"walls\"\n";
  for (const auto &element : std::vector<GmshMesh::Element>(mesh.elements))
    if (element.group == 1 || element.dim == 2)
      {
        mesh.elements.push_back(element);
        mesh.elements.back().group = element.dim == 2 ? 10 : 17;
      }
  const Read<2> read(mesh.file("2.2"));
  EXPECT_EQ(read.n_cells(), 8u);
  expect_contains(read.notes(), "2 faces", "17 \"walls\"", "1 \"left\"");
  EXPECT_EQ(read.discretization.boundary_ids().count(17), 0u);
}

TEST(MeshFiles, ConditionsForIdsThatAreNotThereNameThoseThatAre)
{
  GmshMesh mesh = gmsh_square(2, all_divided);
  mesh.names    = "1 1 \"left\"\n";
  AdvectionDiffusionReaction<2>::Parameters parameters;
  parameters.dirichlet = "55: 0";
  const AdvectionDiffusionReaction<2> equation(parameters);
  Read<2>                             read(mesh.file("2.2"));
  expect_contains(message([&]() {
                    read.discretization.setup_dofs(
                      equation.dirichlet_conditions());
                  }),
                  "55",
                  "1 \"left\", 2, 3, 4");
}

TEST(MeshFiles, FormatsOfOthersAreReadByDealII)
{
  const std::string vtk =
    "# vtk DataFile Version 3.0\nmesh\nASCII\nDATASET UNSTRUCTURED_GRID\n"
    "POINTS 5 double\n0 0 0\n1 0 0\n2 0 0\n0 1 0\n1 1 0\n"
    "CELLS 2 9\n4 0 1 4 3\n3 1 2 4\nCELL_TYPES 2\n9\n5\n";
  const Read<2> mixed(vtk, 1, 0, false, "mesh.VTK");
  EXPECT_EQ(mixed.n_cells(), 3u);
  EXPECT_NEAR(mixed.measure(), 1.5, 1e-12);
  const std::string abaqus =
    "*HEADING\nmesh\n*NODE\n1, 0, 0, 0\n2, 1, 0, 0\n3, 1, 1, 0\n4, 0, 1, 0\n"
    "*ELEMENT, TYPE=CPS4, ELSET=EB1\n1, 1, 2, 3, 4\n";
  EXPECT_EQ(Read<2>(abaqus, 1, 0, false, "mesh.inp").n_cells(), 1u);
}

TEST(MeshFiles, OfLinesHaveIdsAtTheirEnds)
{
  GmshMesh mesh;
  for (unsigned int i = 0; i < 8; ++i)
    mesh.elements.push_back(
      {1,
       1,
       3,
       {mesh.node({i * 0.25, 0, 0}), mesh.node({(i + 1) * 0.25, 0, 0})}});
  mesh.elements.push_back({15, 0, 5, {0}});
  Read<1> read(mesh.file("4.1"), 2);
  EXPECT_EQ(read.discretization.boundary_ids().count(5), 1u);
  EXPECT_LT(read.error(), 1e-3);
}

TEST(MeshFiles, ThatCannotBeUsedAreNamedWithTheReason)
{
  const GmshMesh mesh = gmsh_square(2, all_divided);
  const auto     turn = [&](const unsigned int a,
                        const unsigned int b,
                        const unsigned int c) {
    return mesh.mapped([&](const Point &x) { return Point(x[a], x[b], x[c]); })
      .file("2.2");
  };
  expect_contains(refusal(turn(0, 2, 1)), "mesh.msh", "x-z plane (y = 0)");
  expect_contains(refusal(turn(2, 0, 1)), "y-z plane (x = 0)");
  EXPECT_EQ(Read<2>(
              mesh.mapped([](const Point &x) { return x + Point(0, 0, 3.); })
                .file("2.2"))
              .n_cells(),
            8u);
  expect_contains(refusal(mesh
                            .mapped([](const Point &x) {
                              return Point(x[0], x[1], x[0] * x[1]);
                            })
                            .file("2.2")),
                  "z goes from 0 to 1");
  expect_contains(refusal<3>(mesh.file("2.2")), "Dimension = 3", "8 triangles");
  expect_contains(refusal<2>(gmsh_cube(1, 5).file("2.2")),
                  "Dimension = 2",
                  "1 hexahedra");
  const std::string file = mesh.file("4.1");
  expect_contains(refusal(file.substr(0, file.size() / 2)), "$Elements");
  expect_contains(refusal("$MeshFormat\n5 0 8\n$EndMeshFormat\n"),
                  "version",
                  "expected 2.2, 4.0 or 4.1");
  const std::string begin = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n"
                            "$Nodes\n1\n1 0 0 0\n$EndNodes\n$Elements\n1\n";
  expect_contains(refusal(begin + "1 2 -2 0 1 1 1 1\n$EndElements\n"),
                  "-2 tags");
  expect_contains(refusal(begin + "1 2 2 0 4294967297 1 1 1\n$EndElements\n"),
                  "$Elements",
                  "4294967297, which is out of range");
  expect_contains(refusal("(0 \"fluent\")"), "$MeshFormat");
  expect_contains(refusal(file, "mesh.med"), ".med", "meshio");
  expect_contains(refusal("Point(1)={0,0,0};", "mesh.geo"), "geometry");
  expect_contains(refusal("", "mesh.vtk"), "mesh.vtk");

  GmshMesh flat = gmsh_square(2, none_divided);
  flat.points[flat.elements.back().nodes[2]] =
    flat.points[flat.elements.back().nodes[0]];
  expect_contains(refusal(flat.file("2.2")), "no volume");
  GmshMesh twice = mesh;
  twice.elements.push_back({2,
                            2,
                            0,
                            {twice.node({0, 0, 0}),
                             twice.node({1, 0, 0}),
                             twice.node({0.5, 0.5, 0})}});
  expect_contains(refusal(twice.file("2.2")), "overlap");

  expect_contains(message([&]() { Read<2>(mesh.file("2.2"), 3); }),
                  "degree is 3",
                  "triangles");
  Read<2> simplices(mesh.file("2.2"));
  expect_contains(message([&]() {
                    simplices.discretization.refine(
                      simplices.discretization.make_vector());
                  }),
                  "Adaptive refinements");
}

TEST(MeshFiles, SimplicesHavePositiveMasses)
{
  for (const unsigned int degree : {1, 2})
    {
      Read<3>            read(gmsh_cube(2, 6).file("2.2"), degree);
      const Assembler<3> assembler(Read<3>::laplace(),
                                   read.discretization,
                                   false);
      const FEVector     mass = assembler.lumped_mass();
      for (const double m : mass)
        EXPECT_GT(m, 0.);
      EXPECT_NEAR(mass.l1_norm(), 1., 1e-12);
    }
}

TEST(MeshFiles, FieldsOnSimplicesAreWritten)
{
  Read<3>        read(gmsh_cube(1, 6).file("2.2"), 2);
  const FEVector zero = read.discretization.make_vector();
  write_vtu(read.folder.file("field.vtu"),
            read.discretization.mapping(),
            read.discretization.dof_handler(),
            {{"zero", &zero}});
  const std::string file = read.folder.read("field.vtu");
  EXPECT_NE(file.find("NumberOfCells=\"6\""), std::string::npos);
  // The kinds of cells are there.
  const std::size_t kinds = file.find('>', file.find("Name=\"types\""));
  EXPECT_LT(file.find_first_not_of(" \n", kinds + 1), file.find('<', kinds));
}
