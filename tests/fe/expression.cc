// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/expression.h>

#include <deal.II/base/function_parser.h>

#include <gtest/gtest.h>

#include <cmath>
#include <map>

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

TEST(Expression, FunctionsAreThoseOfTheStandardLibrary)
{
  using Function                                  = double (*)(double);
  const std::map<std::string, Function> functions = {
    {"sin", std::sin},     {"cos", std::cos},     {"tan", std::tan},
    {"asin", std::asin},   {"acos", std::acos},   {"atan", std::atan},
    {"sinh", std::sinh},   {"cosh", std::cosh},   {"tanh", std::tanh},
    {"asinh", std::asinh}, {"acosh", std::acosh}, {"atanh", std::atanh},
    {"log2", std::log2},   {"log10", std::log10}, {"log", std::log},
    {"ln", std::log},      {"exp", std::exp},     {"sqrt", std::sqrt},
    {"abs", std::abs},     {"ceil", std::ceil},   {"floor", std::floor},
    {"erf", std::erf},     {"erfc", std::erfc}};
  for (const auto &[name, function] : functions)
    for (const double x : {-2.3, -0.6, 0., 0.4, 1., 1.7})
      {
        const double value = Expression<1>(name + "(x)", "").value(Point<1>(x));
        const double expected = function(x);
        if (std::isnan(expected))
          EXPECT_TRUE(std::isnan(value)) << name << " " << x;
        else
          EXPECT_EQ(value, expected) << name << " " << x;
      }
  for (const double x : {-2.5, -0.3, 0.7, 1.2})
    {
      const Point<1> p(x);
      EXPECT_EQ(Expression<1>("cot(x)", "").value(p), 1. / std::tan(x));
      EXPECT_EQ(Expression<1>("sec(x)", "").value(p), 1. / std::cos(x));
      EXPECT_EQ(Expression<1>("csc(x)", "").value(p), 1. / std::sin(x));
      EXPECT_EQ(Expression<1>("sign(x)", "").value(p), x < 0. ? -1. : 1.);
      EXPECT_EQ(Expression<1>("int(x)", "").value(p), std::round(x));
      EXPECT_EQ(Expression<1>("atan2(x, 2)", "").value(p), std::atan2(x, 2.));
      EXPECT_EQ(Expression<1>("pow(2, x)", "").value(p), std::pow(2., x));
    }
}

TEST(Expression, PrecedenceIsThatOfMuparser)
{
  const auto value = [](const std::string &text) {
    return Expression<2>(text, "").value(Point<2>(0.5, 2.));
  };
  EXPECT_EQ(value("-2^2"), -4.);
  EXPECT_EQ(value("2^3^2"), 512.);
  EXPECT_EQ(value("2^-1^2"), 0.5);
  EXPECT_EQ(value("2^-y*3"), 0.75);
  EXPECT_EQ(value("-y*3 - -2"), -4.);
  EXPECT_EQ(value("8/4/2 - 3 - 2"), -4.);
  EXPECT_EQ(value("1 + 2 < 4 && 2 > 1"), 1.);
  EXPECT_EQ(value("1 || 0 && 0"), 1.);
  EXPECT_EQ(value("x < 1 == 1"), 1.);
  EXPECT_EQ(value("x > 1 ? 1 : y > 1 ? 2 : 3"), 2.);
  EXPECT_EQ(value("x < 1 ? y > 3 ? 1 : 2 : 3"), 2.);
  EXPECT_EQ(value("0 ? 1 : 2 + 3"), 5.);
  EXPECT_EQ(value("1e-3 + 1.5E+2 + .5 + 2."), 152.501);
  EXPECT_EQ(value("pi + _pi"), 2. * M_PI);
  EXPECT_EQ(value("e + _e"), 2. * M_E);
}

#ifdef DEAL_II_WITH_MUPARSER
TEST(Expression, AgreesWithFunctionParser)
{
  const std::map<std::string, double> constants = {{"pi", M_PI},
                                                   {"e", std::exp(1.)},
                                                   {"k", 0.3}};
  for (const std::string text :
       {"if(x < 0.5, min(x, y), 2)",
        "if(0.4, x, y) + if(0.6, x, y)",
        "x < y ? sin(pi*x) : cos(k*y)",
        "min(x, y, k) + max(x, 1, y) - sum(1, x, y)/avg(x, y, 4)",
        "(x <= y) + 2*(x >= y) + 4*(x == y) + 8*(x != y) + 16*(x < y)",
        "(x > 0.2) && (y < 0.5) || (x > 0.9)",
        "(x > 0.2) & (y < 0.5) | (x > 0.9)",
        "0.4 | 0.3 + 2*(x || 0.3)",
        "rint(3*x - 2) + 10*int(7*y - 3) + 100*ceil(x) + 1000*floor(-y)",
        "sign(x - y) + abs(x - y)",
        "log(x + 1) + ln(y + 1) + log2(x + 2) + log10(y + 2)",
        "atan2(y, x) + pow(x, y) + cot(x + 1) + sec(x) + csc(y + 1)",
        "sinh(x) + acosh(1 + x) + asinh(y) + atanh(x/2) + erfc(y)",
        "-x^2 + 2^-y^2 - -x + 2^x^y",
        "x^2 + x^3 + x^4 + x^5 + x^0.5 + x^-1",
        "1e-3*x - 2.5E+1*y",
        "sin (x)",
        "x > 0.3 ? y > 0.3 ? 1 : 2 : y > 0.3 ? 3 : 4",
        "exp(-((x - 0.5)^2 + (y - 0.5)^2)/0.01)"})
    {
      dealii::FunctionParser<2> parser(1);
      parser.initialize("x,y", text, constants);
      const Expression<2> expression(text, "", {{"k", 0.3}});
      for (const Point<2> p :
           {Point<2>(0.2, 0.7), Point<2>(0.5, 0.5), Point<2>(0.95, 0.1)})
        EXPECT_NEAR(expression.value(p),
                    parser.value(p),
                    1e-14 * (1. + std::abs(parser.value(p))))
          << text << " at " << p;
    }
}
#endif

TEST(Expression, DerivativesAgreeWithDifferenceQuotients)
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
        "asinh(u) + atanh(x*u) + acosh(2 + x*u)",
        "sin(4*pi*x^2)*sin(pi*y)*cos(u)",
        "tan(u) + cot(u) + sec(x*u) + csc(x + u)",
        "erf(x*u) + erfc(y*u)*x",
        "2*-x+u^-x^2-1e-3*u",
        "x^y^2+2^-x*u",
        "1/(1 + exp(-20*(x - u)))",
        "pow(u, 3)*pow(x, 0.5)",
        "sign(u)*u^2 - (1 - x)*(1 - u)",
        "if(u < x, u^2, sin(u*x)) + (x < u ? x^2*u : 0)",
        "min(x*u, u^2, 3) + max(u, x, x^2) + avg(x, u, u^3) + sum(x, x*u)",
        "floor(u)*u + ceil(x)*x + rint(u)*x + int(3*x)*u",
        "(u > 0.3 && x < 1)*u^2 + (x >= 2 || u != x)*x"})
    {
      const Expression<2> f(text, "test", {}, with_u);
      const auto          x_plus  = Point<2>(x[0] + h, x[1]);
      const auto          x_minus = Point<2>(x[0] - h, x[1]);
      const double f_x = (f.value(x_plus, u) - f.value(x_minus, u)) / (2 * h);
      const double f_u = (f.value(x, u + h) - f.value(x, u - h)) / (2 * h);
      const auto   D_x = f.derivative("x"), D_u = f.derivative("u");
      EXPECT_NEAR(D_x.value(x, u), f_x, 1e-7 + 1e-8 * std::abs(f_x)) << text;
      EXPECT_NEAR(D_u.value(x, u), f_u, 1e-7 + 1e-8 * std::abs(f_u)) << text;

      // Second derivatives.
      const double f_xu = (D_x.value(x, u + h) - D_x.value(x, u - h)) / (2 * h);
      EXPECT_NEAR(D_x.derivative("u").value(x, u),
                  f_xu,
                  1e-6 + 1e-7 * std::abs(f_xu))
        << text;
      EXPECT_NEAR(D_u.derivative(0).value(x, u),
                  f_xu,
                  1e-6 + 1e-7 * std::abs(f_xu))
        << text;
    }
}

TEST(Expression, DerivativesAreDefinedWhereFunctionsAreZero)
{
  constexpr auto with_u = Expression<1>::Variables::coordinates_and_solution;
  const Point<1> zero(0.);
  const Expression<1> drag("abs(u)*u", "", {}, with_u);
  EXPECT_EQ(drag.derivative("u").value(zero, 0.), 0.);
  EXPECT_EQ(drag.derivative("u").value(zero, -2.), 4.);
  const Expression<1> power("k*u^p + x*u^2",
                            "",
                            {{"k", 2.}, {"p", 2.}},
                            with_u);
  EXPECT_EQ(power.derivative("u").value(zero, 0.), 0.);
  EXPECT_EQ(power.derivative("u").derivative("u").value(zero, 0.), 4.);
  // The other branch is not a number.
  const Expression<1> branch("if(x > 0, x*log(x), 0) + min(x, 1/x)", "");
  EXPECT_EQ(branch.value(Point<1>(-1.)), -1.);
  EXPECT_EQ(branch.derivative("x").value(Point<1>(-0.5)), -4.);
  EXPECT_EQ(Expression<1>("max(1, log(x))", "").derivative("x").value(zero),
            0.);
}

TEST(Expression, KnowsWhatItDependsOn)
{
  const Expression<2> linear("3*u + x", "", {}, with_u);
  EXPECT_TRUE(linear.depends_on("u"));
  EXPECT_TRUE(linear.depends_on("x"));
  EXPECT_FALSE(linear.depends_on("y"));
  EXPECT_TRUE(linear.derivative("u").is_constant());
  EXPECT_TRUE(linear.derivative("y").is_zero());
  EXPECT_FALSE(
    Expression<2>("k*u + x", "", {{"k", 0.}}, with_u).depends_on("u"));
  EXPECT_TRUE(Expression<2>("if(1 < 2, 3, x)", "").is_constant());
  expect_contains(message([&]() { linear.derivative("z"); }), "x,y,u");
}

TEST(Expression, MayContainNamedExpressions)
{
  const NamedExpressions named = {{"k", "1 + x"}, {"w", "sin(c*y)"}};
  const Expression<2>    f("2*k^2 - w", "", {{"c", 3.}}, with_u, named);
  const Point<2>         p(0.5, 0.2);
  EXPECT_NEAR(f.value(p), 4.5 - std::sin(0.6), 1e-14);
  EXPECT_NEAR(f.derivative("x").value(p), 6., 1e-14);

  const auto report = [](const NamedExpressions &named) {
    return message([&]() {
      Expression<2>("1 + k", "Equation/Reaction", {{"c", 1.}}, with_u, named);
    });
  };
  expect_contains(report({{"k", "2*q"}}),
                  "in \"2*q\", which is called k, \"q\" stands at column 3");
  expect_contains(report({{"k", "k"}}), "\"k\" stands at column 1");
  expect_contains(report({{"x", "1"}}), "name of a variable");
  expect_contains(report({{"c", "1"}}), "also the name of a constant");
}

TEST(Expression, MistakesAreReportedWithTextPlaceAndVariables)
{
  const std::map<std::string, std::string> mistakes = {
    {"sin(", "it ends at column 5, where a number, a name"},
    {"sin", "\"sin\" stands at column 1, where a variable"},
    {"x*", "it ends at column 3"},
    {"2**x", "\"*\" stands at column 3, where a number"},
    {"v + 1", "\"v\" stands at column 1, where a variable"},
    {"x y", "\"y\" stands at column 3, where an operator"},
    {"2x", "\"x\" stands at column 2, where an operator"},
    {"0x1", "\"x1\" stands at column 2, where an operator"},
    {"1.2.3", "\".3\" stands at column 4"},
    {"z", "\"z\" stands at column 1"},
    {"", "it ends at column 1"},
    {"u", "\"u\" stands at column 1"},
    {"(x", "it ends at column 3, where \")\" or an operator"},
    {"x)", "\")\" stands at column 2"},
    {"x = 2", "\"=\" stands at column 3"},
    {"x < 1 ? 2", "it ends at column 10, where \":\""},
    {"1 + foo(x)", "\"foo\" stands at column 5, where a function"},
    {"sin(x, y)", "where a function of 2 arguments was expected"},
    {"if(x, y)", "this one has 3"},
    {"max()", "\")\" stands at column 5"},
    {"x, y", "\",\" stands at column 2"},
    {"rand()", "always has the same value"},
    {"x $ y", "\"$\" stands at column 3"}};
  for (const auto &[text, problem] : mistakes)
    {
      const std::string report = message([&, text = text]() {
        Expression<2>(text, "Equation/Diffusion", {{"nu", 1.}});
      });
      expect_contains(report, "\"" + text + "\" in <Equation/Diffusion>");
      expect_contains(report, problem);
      expect_contains(report, "variables x,y and");
      expect_contains(report, "nu");
    }
  expect_contains(message([]() { Expression<2>("1/0", "A"); }), "finite");
  for (const std::string nested : {"(", "-", "sin(", "x^", "x<0?1:"})
    {
      std::string text;
      for (unsigned int i = 0; i < 100000; ++i)
        text += nested;
      expect_contains(message([&]() { Expression<2>(text, "A"); }),
                      "fewer operations inside of each other");
    }
  expect_contains(message([]() {
                    Expression<2>("x", "A", {{"x", 1.}});
                  }),
                  "name of a variable");
  expect_contains(message([]() {
                    Expression<2>("x", "A", {{"k-1", 1.}});
                  }),
                  "\"k-1\"");
}

TEST(Expression, SolutionIsSubstitutedAsAWhole)
{
  const Expression<2> a("1 + u^2*uu", "", {{"uu", 3.}}, with_u);
  const Expression<2> u("x + y", "");
  EXPECT_NEAR(a.substitute_solution(u).value(Point<2>(1., 2.)), 28., 1e-13);
}

TEST(ExpressionFunction, HasExactGradients)
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
