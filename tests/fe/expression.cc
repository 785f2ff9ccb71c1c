// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/expression.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;

namespace
{
  constexpr auto with_u = Expression<2>::Variables::coordinates_and_solution;
} // namespace

TEST(Expression, ValuesAreThoseOfTheFormula)
{
  const Point<2>      x(0.3, 0.7);
  const Expression<2> a("k*sin(pi*x)^2 + y*u - e",
                        "here",
                        {{"k", 2.5}},
                        with_u);
  const double        expected =
    2.5 * std::pow(std::sin(M_PI * 0.3), 2) + 0.7 * 1.5 - std::exp(1.);
  EXPECT_NEAR(a.value(x, 1.5), expected, 1e-14);
  EXPECT_TRUE(a.depends_on("u"));
  EXPECT_FALSE(a.is_constant());
}

TEST(Expression, ConstantsAndZeroAreRecognized)
{
  EXPECT_TRUE(Expression<2>("2*nu", "", {{"nu", 0.5}}).is_constant());
  EXPECT_TRUE(Expression<2>("0.0", "").is_zero());
  EXPECT_FALSE(Expression<2>("exp(1)", "").is_zero());
  // Names that contain the name of a variable.
  EXPECT_TRUE(Expression<2>("exp(1) + max(1, 2)", "").is_constant());
}

TEST(Expression, SymbolicDerivativesAgreeWithDifferenceQuotients)
{
  const Point<2> x(0.37, 0.81);
  const double   u = 0.6, h = 1e-5;
  for (const std::string text :
       {"-x^2*u",
        "2^-x + u^2.5",
        "-u^-2",
        "x^(y^2)*u",
        "exp(-0.1*x)*log(u)",
        "ln(1 + x) + log10(u) + log2(y*u)",
        "1e-3*u^4 + 123456.789*x*u",
        "sqrt(x*u)/(1 + u^2)",
        "abs(u - 2)*x + abs(x)^3",
        "abs(log(u))",
        "tanh(x*u) + sinh(y) + cosh(u*x)",
        "atan2(u, x) + atan(y) + asin(x*u) + acos(u/3)",
        "asinh(u) + atanh(x*u)",
        "sin(4*pi*x^2)*sin(pi*y)*cos(u)",
        "tan(u) + cot(u) + sec(x*u) + csc(x + u)",
        "erfc(y*u)*x",
        "2*-x+u^-x^2-1e-3*u",
        "x^y^2+2^-x*u",
        "1/(1 + exp(-20*(x - u)))",
        "pow(u, 3)*pow(x, 0.5)",
        "sign(u)*u^2 - (1 - x)*(1 - u)"})
    {
      const Expression<2> f(text, "test", {}, with_u);
      const auto          x_plus  = Point<2>(x[0] + h, x[1]);
      const auto          x_minus = Point<2>(x[0] - h, x[1]);
      const double f_x = (f.value(x_plus, u) - f.value(x_minus, u)) / (2 * h);
      const double f_u = (f.value(x, u + h) - f.value(x, u - h)) / (2 * h);
      EXPECT_NEAR(f.derivative("x").value(x, u),
                  f_x,
                  1e-7 + 1e-8 * std::abs(f_x))
        << text << " -> " << f.derivative("x").text();
      EXPECT_NEAR(f.derivative("u").value(x, u),
                  f_u,
                  1e-7 + 1e-8 * std::abs(f_u))
        << text << " -> " << f.derivative("u").text();
    }
}

TEST(Expression, AbsoluteValueHasADerivativeAtZero)
{
  const Expression<1> drag("abs(u)*u",
                           "",
                           {},
                           Expression<1>::Variables::coordinates_and_solution);
  EXPECT_EQ(drag.derivative("u").value(Point<1>(0.), 0.), 0.);
  EXPECT_EQ(drag.derivative("u").value(Point<1>(0.), -2.), 4.);
}

TEST(Expression, WhatOnlyMuparserKnowsCanBeEvaluated)
{
  const Expression<2> f("if(x < 0.5, min(x, y), 2)", "Equation/Reaction");
  EXPECT_EQ(f.value(Point<2>(0.2, 0.1)), 0.1);
  EXPECT_EQ(f.value(Point<2>(0.7, 0.1)), 2.);
  EXPECT_TRUE(f.derivative("u").is_zero());

  const std::string text = message([&]() { f.derivative("x"); });
  expect_contains(text, "if(x < 0.5, min(x, y), 2)");
  expect_contains(text, "<Equation/Reaction>");
  expect_contains(text, "differentiated with respect to x");
}

TEST(Expression, MistakesAreReportedWithTextPlaceAndVariables)
{
  for (const std::string text :
       {"sin(", "x*", "2**x", "v + 1", "x y", "z", "", "u"})
    {
      const std::string report = message([&]() {
        Expression<2>(text, "Equation/Diffusion", {{"nu", 1.}});
      });
      expect_contains(report, "\"" + text + "\" in <Equation/Diffusion>");
      expect_contains(report, "variables x,y and");
      expect_contains(report, "nu");
    }
  expect_contains(message([]() { Expression<2>("1/0", "A"); }), "finite");
  expect_contains(message([]() {
                    Expression<2>("x", "A", {{"x", 1.}});
                  }),
                  "name of a variable");
}

TEST(Expression, SolutionIsSubstitutedAsAWhole)
{
  const Expression<2> a("1 + u^2*uu", "", {{"uu", 3.}}, with_u);
  const Expression<2> u("x + y", "");
  EXPECT_NEAR(a.substitute_solution(u).value(Point<2>(1., 2.)), 28., 1e-13);
}

TEST(ExpressionFunction, GradientIsSymbolic)
{
  const ExpressionFunction<3> f(
    {Expression<3>("x*y^2*z^3", ""), Expression<3>("sin(x) + z", "")});
  const Point<3> p(0.5, 2., 3.);
  EXPECT_EQ(f.n_components, 2u);
  EXPECT_NEAR(f.value(p, 1), std::sin(0.5) + 3., 1e-14);
  const auto gradient = f.gradient(p, 0);
  EXPECT_NEAR(gradient[0], 108., 1e-12);
  EXPECT_NEAR(gradient[1], 54., 1e-12);
  EXPECT_NEAR(gradient[2], 54., 1e-12);
}

TEST(ExpressionFunction, WithoutDerivativesStillHasValues)
{
  const ExpressionFunction<1> f({Expression<1>("max(x, 0.5)", "Boundary")});
  EXPECT_EQ(f.value(Point<1>(0.2)), 0.5);
  expect_contains(message([&]() { f.gradient(Point<1>(0.2)); }), "max(x, 0.5)");
}

TEST(BoundaryExpressions, AreSplitAtSeparatorsOutsideParentheses)
{
  const auto entries =
    parse_boundary_expressions("0: pow(x, 2), 1 ; all : manufactured; 3:0,y",
                               "here",
                               2);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries.at(0), (std::vector<std::string>{"pow(x, 2)", "1"}));
  EXPECT_EQ(entries.at(3), (std::vector<std::string>{"0", "y"}));
  EXPECT_EQ(entries.at(all_boundaries), std::vector<std::string>{manufactured});
  EXPECT_TRUE(parse_boundary_expressions("", "here", 1).empty());
}

TEST(BoundaryExpressions, MistakesAreReported)
{
  const auto report = [](const std::string &text) {
    return message([&]() { parse_boundary_expressions(text, "Place", 1); });
  };
  expect_contains(report("0 sin(x)"), "no colon");
  expect_contains(report("left: 0"), "\"left\"");
  expect_contains(report("0: 1, 2"), "2 expressions");
  expect_contains(report("0: 1; 0: 2"), "twice");
  expect_contains(report("0 sin(x)"), "<Place>");
}
