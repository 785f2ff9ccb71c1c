// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/pictures.h>
#include <lsr/fe/raster.h>

#include <deal.II/base/function_lib.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace dealii;

namespace
{
  namespace fs = std::filesystem;

  /// Component c is (c + 1) (1 + x + 2 y + 3 z).
  template <int dim>
  class Linear : public Function<dim>
  {
  public:
    explicit Linear(const unsigned int n_components)
      : Function<dim>(n_components)
    {}

    double
    value(const Point<dim> &p, const unsigned int c = 0) const override
    {
      double sum = 1;
      for (unsigned int d = 0; d < dim; ++d)
        sum += (d + 1) * p[d];
      return (c + 1) * sum;
    }
  };

  template <int dim>
  struct Space
  {
    Space(const std::function<void(Triangulation<dim> &)> &make_mesh,
          const unsigned int                               n_components)
      : dof_handler(triangulation)
    {
      make_mesh(triangulation);
      dof_handler.distribute_dofs(FESystem<dim>(FE_Q<dim>(2), n_components));
      field.reinit(dof_handler.locally_owned_dofs(), MPI_COMM_SELF);
      VectorTools::interpolate(mapping,
                               dof_handler,
                               Linear<dim>(n_components),
                               field);
    }

    lsr::ComparedFields<dim>
    compared(const Function<dim> *exact) const
    {
      return {mapping, dof_handler, field, field, field, exact};
    }

    MappingQ1<dim>     mapping;
    Triangulation<dim> triangulation;
    DoFHandler<dim>    dof_handler;
    lsr::FEVector      field;
  };

  template <int dim>
  void
  make_box(Triangulation<dim> &triangulation)
  {
    GridGenerator::hyper_cube(triangulation, -1, 3);
    triangulation.refine_global(2);
  }

  /// The raster of a linear function is known.
  template <int dim>
  void
  check_raster(const lsr::Raster &raster, const unsigned int component)
  {
    const unsigned int n = raster.n_points[0];
    ASSERT_EQ(raster.n_points[1], dim == 1 ? 1u : n);
    ASSERT_EQ(raster.values.size(), std::size_t(n) * raster.n_points[1]);
    for (unsigned int j = 0; j < raster.n_points[1]; ++j)
      for (unsigned int i = 0; i < n; ++i)
        {
          Point<dim> point;
          point[dim - 1] = 1;
          point[0]       = -1 + 4. * i / (n - 1);
          if (dim > 1)
            point[1] = -1 + 4. * j / (n - 1);
          EXPECT_NEAR(raster.values[j * n + i],
                      Linear<dim>(2).value(point, component),
                      1e-11);
        }
  }

  template <int dim>
  void
  check_dimension()
  {
    const Space<dim>              space(make_box<dim>, 2);
    const Linear<dim>             exact(2);
    const lsr::RasterSampler<dim> sampler(space.mapping, space.dof_handler, 11);
    for (const unsigned int component : {0, 1})
      {
        check_raster<dim>(sampler.sample("field", space.field, component),
                          component);
        check_raster<dim>(sampler.sample("function", exact, component),
                          component);
      }
  }
} // namespace

TEST(Raster, ReproducesALinearFunctionInAllDimensions)
{
  check_dimension<1>();
  check_dimension<2>();
  check_dimension<3>();
}

TEST(Raster, IsEmptyOutsideOfTheMesh)
{
  const Space<2> space(
    [](Triangulation<2> &triangulation) {
      GridGenerator::hyper_L(triangulation);
      triangulation.refine_global(1);
    },
    1);
  const lsr::RasterSampler<2> sampler(space.mapping, space.dof_handler, 9);
  const lsr::Raster           field    = sampler.sample("", space.field);
  const lsr::Raster           function = sampler.sample("", Linear<2>(1));
  for (unsigned int j = 0; j < 9; ++j)
    for (unsigned int i = 0; i < 9; ++i)
      {
        const bool outside = (i > 4 && j > 4);
        EXPECT_EQ(std::isnan(field.values[9 * j + i]), outside);
        EXPECT_EQ(std::isnan(function.values[9 * j + i]), outside);
      }
}

TEST(Raster, ComparedFieldsComeWithTheirErrors)
{
  const Space<2>                       space(make_box<2>, 2);
  const Functions::ConstantFunction<2> exact(1, 2);

  const auto with_exact = lsr::sample(space.compared(&exact), 5);
  ASSERT_EQ(with_exact.fields.size(), 2u);
  EXPECT_EQ(with_exact.fields[0].size(), 4u);
  ASSERT_EQ(with_exact.errors[1].size(), 3u);
  // The second component is 2 (1 + x + 2 y); its error at (-1, -1) is 5.
  EXPECT_NEAR(with_exact.errors[1][0].values[0], 5, 1e-12);

  const auto without_exact = lsr::sample(space.compared(nullptr), 5);
  EXPECT_EQ(without_exact.fields[0].size(), 3u);
  ASSERT_EQ(without_exact.errors[0].size(), 2u);
  EXPECT_EQ(without_exact.errors[0][0].values[0], 0);
}

TEST(Raster, NeedsTwoPoints)
{
  const Space<1> space(make_box<1>, 1);
  EXPECT_THROW(lsr::RasterSampler<1>(space.mapping, space.dof_handler, 1),
               ExceptionBase);
}

namespace
{
  class PicturesTest : public testing::Test
  {
  protected:
    PicturesTest()
      : folder(fs::temp_directory_path() /
               ("lsr test 'pictures' " + std::to_string(getpid())))
      , messages(text)
    {
      fs::remove_all(folder);
      fs::create_directory(folder);
    }

    ~PicturesTest() override
    {
      fs::remove_all(folder);
    }

    void
    SetUp() override
    {
      if (std::system("gnuplot --version > /dev/null 2>&1") != 0)
        GTEST_SKIP() << "gnuplot is not installed";
    }

    /// Check that nothing but these pictures is in the folder, and that they
    /// look like pictures.
    void
    expect_files(const std::vector<std::string> &names) const
    {
      EXPECT_EQ(text.str(), "");
      EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}),
                std::ptrdiff_t(names.size()));
      for (const std::string &name : names)
        {
          std::ifstream in(folder / name, std::ios::binary);
          std::string   signature(8, ' ');
          in.read(signature.data(), 8);
          EXPECT_EQ(signature, "\x89PNG\r\n\x1a\n") << name;
          EXPECT_GT(fs::file_size(folder / name), 5000u) << name;
        }
    }

    template <int dim>
    void
    draw(const unsigned int n_components)
    {
      const Space<dim>  space(make_box<dim>, n_components);
      const Linear<dim> exact(n_components);
      const auto        rasters = lsr::sample(space.compared(&exact), 33);
      lsr::Pictures     pictures(folder.string(), messages);
      pictures.draw_fields(rasters.fields);
      pictures.draw_errors(rasters.errors);
      EXPECT_EQ(pictures.files().size(), 2u);
      expect_files({"fields.png", "errors.png"});
    }

    const fs::path           folder;
    std::ostringstream       text;
    const ConditionalOStream messages;
  };

  lsr::RankCurves
  some_curves()
  {
    lsr::RankCurves curves;
    for (const unsigned int rank : {0, 1, 2, 3})
      {
        curves.rank.push_back(rank);
        curves.loss.push_back(std::pow(0.1, rank));
        curves.condition.push_back(std::pow(10., rank));
        curves.coefficient_norm.push_back(rank);
      }
    return curves;
  }
} // namespace

// Network and exact solution agree in these: errors are zero but for rounding.
TEST_F(PicturesTest, OfCurves)
{
  draw<1>(1);
}

TEST_F(PicturesTest, OfImages)
{
  draw<2>(1);
}

TEST_F(PicturesTest, OfAllComponents)
{
  draw<2>(2);
}

TEST_F(PicturesTest, OfAPlane)
{
  draw<3>(1);
}

TEST_F(PicturesTest, OfAConstantInAWideDomainWithTitlesThatNeedQuotes)
{
  lsr::Raster raster;
  raster.title    = "it's a_constant, \"^{}\\";
  raster.n_points = {{3, 3}};
  raster.upper    = {{8., 1.}};
  raster.values   = {1, 1, 1, 1, std::nan(""), 1, 1, 1, 1};
  lsr::Pictures pictures(folder.string(), messages);
  pictures.draw_fields({{raster, raster}, {raster, raster}});
  raster.values.assign(9, 0.);
  pictures.draw_errors({{raster}});
  expect_files({"fields.png", "errors.png"});
}

TEST_F(PicturesTest, OfLossOverRank)
{
  lsr::RankCurves curves     = some_curves();
  curves.loss[3]             = 0;
  curves.condition[3]        = std::numeric_limits<double>::infinity();
  curves.coefficient_norm[2] = std::nan("");
  lsr::Pictures pictures(folder.string(), messages);
  pictures.draw_loss_over_rank(curves, 2);
  expect_files({"loss_over_rank.png"});
}

TEST_F(PicturesTest, OfErrorsInTheCourseOfAnIteration)
{
  lsr::Raster raster;
  raster.n_points              = {{3, 3}};
  raster.upper                 = {{1., 1.}};
  raster.values                = {0, 1, 0, 1e-4, std::nan(""), 1, 0, 1, 0};
  const lsr::Spectrum spectrum = lsr::compute_spectrum(raster);
  raster.values.assign(9, 0.);
  const lsr::Spectrum zero = lsr::compute_spectrum(raster);
  lsr::Pictures       pictures(folder.string(), messages);
  pictures.draw_error_fields({{raster, raster}, {raster, raster}});
  pictures.draw_error_spectra(
    {{{0, spectrum, spectrum}, {1, spectrum, zero}, {2, zero, zero}}});
  expect_files({"error_fields.png", "error_spectra.png"});
}

TEST_F(PicturesTest, NothingIsDrawnWithoutDataOrOnOtherRanks)
{
  lsr::Pictures pictures(folder.string(), messages);
  pictures.draw_fields({});
  pictures.draw_errors({{lsr::Raster()}});
  pictures.draw_loss_over_rank({}, 0);
  pictures.draw_error_fields({{}, {}});
  pictures.draw_error_spectra({});
  lsr::Pictures(folder.string(), ConditionalOStream(text, false))
    .draw_loss_over_rank(some_curves(), 2);
  expect_files({});
}

TEST_F(PicturesTest, MissingGnuplotIsSaidOnce)
{
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.c_str(), 1);
  lsr::Pictures pictures(folder.string(), messages);
  pictures.draw_loss_over_rank(some_curves(), 2);
  pictures.draw_loss_over_rank(some_curves(), 2);
  setenv("PATH", path.c_str(), 1);

  const std::string said = text.str();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_NE(said.find("gnuplot-nox"), std::string::npos);
  EXPECT_TRUE(pictures.files().empty());
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(PicturesTest, FolderThatIsAFileIsSaid)
{
  const fs::path file = folder / "file";
  std::ofstream(file) << "no folder";
  lsr::Pictures pictures(file.string(), messages);
  pictures.draw_loss_over_rank(some_curves(), 2);
  EXPECT_NE(text.str().find(file.string()), std::string::npos) << text.str();
  EXPECT_TRUE(pictures.files().empty());
}
