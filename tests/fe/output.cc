// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/fe/field_output.h>

#include <deal.II/base/function_lib.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace dealii;

namespace
{
  namespace fs = std::filesystem;

  /// A new folder for each test.
  class Output : public testing::Test
  {
  protected:
    Output()
      : folder(fs::temp_directory_path() /
               ("lsr_test_output_" + std::to_string(getpid())))
    {
      fs::remove_all(folder);
      fs::create_directory(folder);
    }

    ~Output() override
    {
      fs::remove_all(folder);
    }

    std::string
    path(const std::string &name) const
    {
      return (folder / name).string();
    }

    std::string
    contents(const std::string &name) const
    {
      std::ifstream      in(folder / name);
      std::ostringstream text;
      text << in.rdbuf();
      return text.str();
    }

    unsigned int
    n_files() const
    {
      return std::distance(fs::directory_iterator(folder), {});
    }

    void
    write(const std::string &name, const std::string &text) const
    {
      lsr::write_atomically(path(name),
                            [&](std::ostream &out) { out << text; });
    }

    const fs::path folder;
  };

  std::string
  message(const std::function<void()> &action)
  {
    try
      {
        action();
      }
    catch (const lsr::Error &error)
      {
        return error.what();
      }
    return "";
  }
} // namespace

TEST_F(Output, FileReplacesTheOldOne)
{
  write("file", "old");
  write("file", "new");
  EXPECT_EQ(contents("file"), "new");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(Output, ExceptionOfTheWriterKeepsTheOldFile)
{
  write("file", "old");
  EXPECT_THROW(lsr::write_atomically(path("file"),
                                     [](std::ostream &out) {
                                       out << "half" << std::flush;
                                       throw std::logic_error("stop");
                                     }),
               std::logic_error);
  EXPECT_EQ(contents("file"), "old");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(Output, DeviceThatTakesNoMoreKeepsTheOldFile)
{
  write("file", "old");

  // Let writing fail after 1000 bytes of any file.
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small   = {1000, limit.rlim_max};
  const auto   handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string short_of_space =
    message([&]() { write("file", std::string(100000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);

  EXPECT_NE(short_of_space.find(path("file")), std::string::npos);
  EXPECT_NE(short_of_space.find("File too large"), std::string::npos)
    << short_of_space;
  EXPECT_EQ(contents("file"), "old");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(Output, FileInAnImpossibleFolderIsAClearError)
{
  write("file", "no folder");
  const std::string error = message([&]() { write("file/below", "text"); });
  EXPECT_NE(error.find(path("file/below")), std::string::npos);
  EXPECT_NE(error.find("Not a directory"), std::string::npos) << error;

  EXPECT_NE(message([&]() { write("missing/file", "text"); }), "");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(Output, FileCannotTakeThePlaceOfAFolder)
{
  fs::create_directories(folder / "occupied" / "deeper");
  EXPECT_NE(message([&]() { write("occupied", "text"); }), "");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(Output, FolderIsCreatedWithItsParentsAndLeftEmpty)
{
  lsr::prepare_output_folder(path("a/b"));
  lsr::prepare_output_folder(path("a/b"));
  EXPECT_TRUE(fs::is_directory(folder / "a" / "b"));
  EXPECT_TRUE(fs::is_empty(folder / "a" / "b"));
}

TEST_F(Output, FolderThatIsAFileIsAClearError)
{
  write("file", "no folder");
  for (const std::string name : {"file", "file/below"})
    {
      const std::string error =
        message([&]() { lsr::prepare_output_folder(path(name)); });
      EXPECT_NE(error.find(path(name)), std::string::npos) << error;
    }
  EXPECT_NE(message([]() { lsr::prepare_output_folder(""); }), "");
}

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
  write_and_check(const std::string &path)
  {
    Space<dim>                             space(3, 1);
    const Functions::ConstantFunction<dim> one(1);
    lsr::FEVector                          two(space.field);
    two = 2;
    lsr::write_vtu(
      path,
      lsr::ComparedFields<dim>{
        space.mapping, space.dof_handler, space.field, two, two, &one});

    std::ifstream      in(path);
    std::ostringstream text;
    text << in.rdbuf();
    for (const std::string name : {"network",
                                   "refined",
                                   "fem",
                                   "exact",
                                   "error_network",
                                   "error_refined",
                                   "error_fem",
                                   "difference_network",
                                   "difference_refined"})
      EXPECT_NE(text.str().find('"' + name + '"'), std::string::npos) << name;
    EXPECT_NE(text.str().find("</VTKFile>"), std::string::npos);

    // One cell of degree 3, which a line is cut into.
    EXPECT_NE(text.str().find(dim == 1 ? "NumberOfCells=\"3\"" :
                                         "NumberOfCells=\"1\""),
              std::string::npos);
  }
} // namespace

TEST_F(Output, VtuHoldsAllFieldsInAllDimensions)
{
  write_and_check<1>(path("line.vtu"));
  write_and_check<2>(path("square.vtu"));
  write_and_check<3>(path("cube.vtu"));
  EXPECT_EQ(n_files(), 3u);
}

TEST_F(Output, VtuOfVectorsAndSystems)
{
  const Space<2>                   vectors(2, 2), systems(2, 3);
  const Functions::ZeroFunction<2> zero(2);
  lsr::write_vtu(path("vectors.vtu"),
                 vectors.mapping,
                 vectors.dof_handler,
                 {{"u", &vectors.field}},
                 &zero);
  lsr::write_vtu(path("systems.vtu"),
                 systems.mapping,
                 systems.dof_handler,
                 {{"u", &systems.field}});

  EXPECT_NE(contents("vectors.vtu").find("\"u\" NumberOfComponents=\"3\""),
            std::string::npos);
  EXPECT_NE(contents("vectors.vtu").find("\"error_u\""), std::string::npos);
  EXPECT_NE(contents("systems.vtu").find("\"u_2\""), std::string::npos);
}

TEST_F(Output, VtuThatCannotBeWrittenIsAClearError)
{
  write("file", "no folder");
  const Space<2>    space(1, 1);
  const std::string error = message([&]() {
    lsr::write_vtu(path("file/solution.vtu"),
                   space.mapping,
                   space.dof_handler,
                   {{"u", &space.field}});
  });
  EXPECT_NE(error.find(path("file/solution.vtu")), std::string::npos);
  EXPECT_EQ(n_files(), 1u);
}
