// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/comparison.h>

#include <deal.II/base/function_lib.h>
#include <deal.II/base/numbers.h>
#include <deal.II/fe/fe_q.h>
#include <deal.II/fe/fe_system.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/grid/tria.h>
#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "support/messages.h"

using namespace dealii;
using namespace lsr::test;

namespace
{
  /// A function from formulas for value and derivative in the first coordinate.
  template <int dim>
  class Formula : public Function<dim>
  {
  public:
    using Scalar = std::function<double(double)>;

    Formula(const std::vector<Scalar> &values,
            const std::vector<Scalar> &derivatives)
      : Function<dim>(values.size())
      , values(values)
      , derivatives(derivatives)
    {}

    double
    value(const Point<dim> &p, const unsigned int c = 0) const override
    {
      return values[c](p[0]);
    }

    Tensor<1, dim>
    gradient(const Point<dim> &p, const unsigned int c = 0) const override
    {
      Tensor<1, dim> result;
      result[0] = derivatives[c](p[0]);
      return result;
    }

  private:
    const std::vector<Scalar> values;
    const std::vector<Scalar> derivatives;
  };

  /// A finite-element space on the unit cube.
  template <int dim>
  struct Space
  {
    Space(const unsigned int degree,
          const unsigned int n_refinements,
          const unsigned int n_components = 1)
      : dof_handler(triangulation)
    {
      GridGenerator::hyper_cube(triangulation);
      triangulation.refine_global(n_refinements);
      dof_handler.distribute_dofs(
        FESystem<dim>(FE_Q<dim>(degree), n_components));
    }

    lsr::FEVector
    interpolate(const Function<dim> &function) const
    {
      lsr::FEVector field(dof_handler.locally_owned_dofs(), MPI_COMM_SELF);
      VectorTools::interpolate(mapping, dof_handler, function, field);
      return field;
    }

    MappingQ1<dim>     mapping;
    Triangulation<dim> triangulation;
    DoFHandler<dim>    dof_handler;
  };

  double
  zero(double)
  {
    return 0;
  }

  double
  square(const double x)
  {
    return x * x;
  }

  double
  twice(const double x)
  {
    return 2 * x;
  }

  double
  sine(const double x)
  {
    return std::sin(numbers::PI * x);
  }

  double
  sine_derivative(const double x)
  {
    return numbers::PI * std::cos(numbers::PI * x);
  }

  template <int dim>
  void
  check_polynomial()
  {
    const Space<dim>   space(2, 1);
    const Formula<dim> exact({square}, {twice});
    const auto         errors = lsr::compute_errors(space.mapping,
                                            space.dof_handler,
                                            space.interpolate(exact),
                                            exact);
    EXPECT_TRUE(errors.relative);
    EXPECT_LT(errors.L2, 1e-14);
    EXPECT_LT(errors.H1, 1e-13);
    EXPECT_LT(errors.Linf, 1e-14);
  }
} // namespace

TEST(Comparison, InterpolatedPolynomialHasNoError)
{
  check_polynomial<1>();
  check_polynomial<2>();
  check_polynomial<3>();
}

TEST(Comparison, ErrorsOfAMultipleAreRelative)
{
  const Space<2>   space(2, 2);
  const Formula<2> exact({square}, {twice});
  lsr::FEVector    field = space.interpolate(exact);
  field *= 1.25;
  const auto errors =
    lsr::compute_errors(space.mapping, space.dof_handler, field, exact);
  EXPECT_TRUE(errors.relative);
  EXPECT_NEAR(errors.L2, 0.25, 1e-13);
  EXPECT_NEAR(errors.H1, 0.25, 1e-13);
  EXPECT_NEAR(errors.Linf, 0.25, 1e-13);
  EXPECT_EQ(
    lsr::compute_L2_error(space.mapping, space.dof_handler, field, exact),
    errors.L2);
}

TEST(Comparison, ErrorOfAParabolaAgainstASineIsTheClosedForm)
{
  const Space<1> space(2, 3);
  const auto     field = space.interpolate(
    Formula<1>({[](const double x) { return 4 * x * (1 - x); }}, {zero}));
  const auto errors =
    lsr::compute_errors(space.mapping,
                        space.dof_handler,
                        field,
                        Formula<1>({sine}, {sine_derivative}));

  const double pi       = numbers::PI;
  const double L2       = 8. / 15 + 1. / 2 - 32 / std::pow(pi, 3);
  const double seminorm = 16. / 3 + pi * pi / 2 - 32 / pi;
  EXPECT_NEAR(errors.L2, std::sqrt(L2 / 0.5), 1e-12);
  EXPECT_NEAR(errors.H1,
              std::sqrt((L2 + seminorm) / (0.5 + pi * pi / 2)),
              1e-12);
}

TEST(Comparison, ErrorsAreAbsoluteWhereTheExactSolutionIsZero)
{
  const Space<1> space(2, 2);
  const auto     errors =
    lsr::compute_errors(space.mapping,
                        space.dof_handler,
                        space.interpolate(Formula<1>({square}, {twice})),
                        Functions::ZeroFunction<1>());
  EXPECT_FALSE(errors.relative);
  EXPECT_NEAR(errors.L2, std::sqrt(1. / 5), 1e-13);
  EXPECT_NEAR(errors.H1, std::sqrt(1. / 5 + 4. / 3), 1e-13);
  EXPECT_NEAR(errors.Linf, 1, 1e-14);
}

TEST(Comparison, ErrorsOfInterpolationConvergeWithTheRightOrders)
{
  const Formula<1> exact({sine}, {sine_derivative});
  for (const unsigned int degree : {1, 2, 3, 4})
    {
      const auto errors = [&](const unsigned int n_refinements) {
        const Space<1> space(degree, n_refinements);
        return lsr::compute_errors(space.mapping,
                                   space.dof_handler,
                                   space.interpolate(exact),
                                   exact);
      };
      const auto coarse = errors(3), fine = errors(4);
      EXPECT_NEAR(std::log2(coarse.L2 / fine.L2), degree + 1, 0.1);
      EXPECT_NEAR(std::log2(coarse.H1 / fine.H1), degree, 0.1);
      EXPECT_NEAR(std::log2(coarse.Linf / fine.Linf), degree + 1, 0.1);
    }
}

TEST(Comparison, AllComponentsOfAVectorCount)
{
  const Space<2>   space(2, 1, 2);
  const Formula<2> exact({square, twice}, {twice, [](double) { return 2.; }});
  // The second component is off by 1/2 everywhere.
  const Formula<2> shifted({square, [](const double x) { return 2 * x + 0.5; }},
                           {zero, zero});
  const auto       errors = lsr::compute_errors(space.mapping,
                                          space.dof_handler,
                                          space.interpolate(shifted),
                                          exact);
  EXPECT_NEAR(errors.L2, 0.5 / std::sqrt(1. / 5 + 4. / 3), 1e-13);
}

TEST(Comparison, ComponentsOfFieldAndExactSolutionMustAgree)
{
  const Space<2>   space(1, 1, 2);
  const Formula<2> exact({square}, {twice});
  EXPECT_THROW(lsr::compute_errors(space.mapping,
                                   space.dof_handler,
                                   space.interpolate(
                                     Functions::ZeroFunction<2>(2)),
                                   exact),
               ExceptionBase);
}

TEST(Comparison, DifferenceOfTwoFieldsIsRelativeToTheSecond)
{
  const Space<2>      space(3, 2);
  const lsr::FEVector reference =
    space.interpolate(Formula<2>({square}, {twice}));
  lsr::FEVector field(reference);
  field *= 0.5;

  const auto difference =
    lsr::compute_difference(space.mapping, space.dof_handler, field, reference);
  EXPECT_TRUE(difference.relative);
  EXPECT_NEAR(difference.L2, 0.5, 1e-14);

  lsr::FEVector nothing(reference);
  nothing        = 0;
  const auto all = lsr::compute_difference(space.mapping,
                                           space.dof_handler,
                                           reference,
                                           nothing);
  EXPECT_FALSE(all.relative);
  EXPECT_NEAR(all.L2, std::sqrt(1. / 5), 1e-13);
}

namespace
{
  lsr::Comparison
  comparison_of_multiples(const Function<1> *exact)
  {
    const Space<1>      space(2, 2);
    const lsr::FEVector fem = space.interpolate(Formula<1>({square}, {twice}));
    lsr::FEVector       network(fem), refined(fem);
    network *= 1.5;
    refined *= 1.125;
    return lsr::compare(lsr::ComparedFields<1>{
      space.mapping, space.dof_handler, network, refined, fem, exact});
  }

  unsigned int
  count(const std::string &text, const char c)
  {
    return std::count(text.begin(), text.end(), c);
  }
} // namespace

TEST(Comparison, EachFieldIsComparedWithExactSolutionAndFiniteElements)
{
  const Formula<1>      exact({square}, {twice});
  const lsr::Comparison comparison = comparison_of_multiples(&exact);
  EXPECT_NEAR(comparison.network.error->L2, 0.5, 1e-13);
  EXPECT_NEAR(comparison.refined.error->L2, 0.125, 1e-13);
  EXPECT_NEAR(comparison.fem.error->L2, 0, 1e-13);
  EXPECT_NEAR(comparison.network.difference_to_fem.L2, 0.5, 1e-13);
  EXPECT_NEAR(comparison.refined.difference_to_fem.L2, 0.125, 1e-13);
  EXPECT_EQ(comparison.fem.difference_to_fem.L2, 0);
}

TEST(Comparison, TableShowsWhatIsKnown)
{
  const Formula<1> exact({square}, {twice});
  lsr::Comparison  comparison = comparison_of_multiples(&exact);
  comparison.network.residual = 2.5;

  std::ostringstream table;
  comparison.print(table);
  EXPECT_EQ(count(table.str(), '\n'), 4u);
  expect_contains(table.str(), "5.000e-01");
  expect_contains(table.str(), "1.250e-01");
  expect_contains(table.str(), "2.500e+00");
  expect_contains(table.str(), "L2 error");
  EXPECT_EQ(table.str().find("nan"), std::string::npos);
  EXPECT_EQ(table.str().find("absolute"), std::string::npos);

  std::ostringstream without_exact;
  comparison_of_multiples(nullptr).print(without_exact);
  EXPECT_EQ(without_exact.str().find("L2 error"), std::string::npos);

  const Functions::ZeroFunction<1> nothing;
  std::ostringstream               with_absolute_errors;
  comparison_of_multiples(&nothing).print(with_absolute_errors);
  expect_contains(with_absolute_errors.str(), "L2 error (absolute)");
}

TEST(Comparison, CommaSeparatedValuesHaveOneColumnForEachTitle)
{
  std::ostringstream out;
  comparison_of_multiples(nullptr).write_csv(out);
  std::istringstream lines(out.str());
  std::string        line;
  unsigned int       n_lines = 0;
  for (; std::getline(lines, line); ++n_lines)
    EXPECT_EQ(count(line, ','), 5u) << line;
  EXPECT_EQ(n_lines, 4u);
}
