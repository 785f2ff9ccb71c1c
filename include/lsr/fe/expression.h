// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_expression_h
#define lsr_fe_expression_h

#include <deal.II/base/function.h>
#include <deal.II/base/point.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  class SyntaxTree;

  /// Named numbers that may stand in expressions.
  using Constants = std::map<std::string, double>;

  /// Texts of expressions that may stand by name in other expressions.
  using NamedExpressions = std::map<std::string, std::string>;

  /**
   * A scalar function of the coordinates x, y, z and, if asked for, of the
   * solution u, written as text:
   * @code
   *   Expression<2> a("1 + k * u^2 * sin(pi * x)",
   *                   "Equation/Diffusion",
   *                   {{"k", 0.1}},
   *                   Expression<2>::Variables::coordinates_and_solution);
   *   a.value(Point<2>(0.5, 0.5), 2.);      // 1.4
   *   a.derivative("u").value({0.5, 0.5}, 2.); // 0.4
   * @endcode
   *
   * The syntax is that of muParser with what dealii::FunctionParser adds:
   * numbers, <code>+ - * / ^</code>, comparisons, <code>&& || & |</code>,
   * <code>c ? a : b</code>, and the functions if, min, max, sum, avg, pow,
   * atan2, abs, sign, rint, int, ceil, floor, sqrt, exp, log, ln (both the
   * natural logarithm), log2, log10, erf, erfc, sin, cos, tan, cot, sec, csc,
   * asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh. A power binds more
   * than a sign, -2^2 is -4, and to the right, 2^3^2 is 2^9. The constants pi,
   * e, _pi and _e are always known. There are no random numbers: rand and
   * rand_seed are refused.
   *
   * Every expression has derivatives of every order, which are exact: the text
   * becomes a syntax tree, and the chain rule makes the tree of a derivative
   * from it. Where a function has a kink or a jump, the derivative is that of
   * the branch which is taken, that of abs at zero is zero, and that of steps
   * (comparisons, sign, rint, int, ceil, floor) is zero.
   *
   * Everything wrong with the text throws in the constructor, with the text,
   * the place where it was written, the column, what was found there and what
   * was expected.
   *
   * Expressions do not change; they can be copied cheaply and be evaluated from
   * several threads.
   */
  template <int dim>
  class Expression
  {
  public:
    /// The variables that an expression may depend on.
    enum class Variables
    {
      coordinates,
      coordinates_and_solution
    };

    /// The constant zero.
    Expression();

    /**
     * Parse @p text. @p location says where it was written, for example the
     * name of a parameter, and only serves error messages. The expressions that
     * have names may use the same variables and constants, but not each other.
     */
    Expression(const std::string      &text,
               const std::string      &location,
               const Constants        &constants = {},
               const Variables         variables = Variables::coordinates,
               const NamedExpressions &named_expressions = {});

    /// The value at @p point where the solution has the value @p u.
    double
    value(const dealii::Point<dim> &point, const double u = 0.) const
    {
      return constant ? constant_value : evaluate(point, u);
    }

    /// Whether the value depends on @p variable: x, y, z or u. A factor zero
    /// is found, other terms that cancel are not.
    bool
    depends_on(const std::string &variable) const;

    /// Whether the expression depends neither on a coordinate nor on u.
    bool
    is_constant() const
    {
      return constant;
    }

    /// Whether the expression is the number zero.
    bool
    is_zero() const
    {
      return constant && constant_value == 0.;
    }

    /// The partial derivative with respect to @p variable: x, y, z or u.
    Expression
    derivative(const std::string &variable) const;

    /// The partial derivative with respect to coordinate number @p d.
    Expression
    derivative(const unsigned int d) const;

    /// The same expression with @p u in the place of the solution.
    Expression
    substitute_solution(const Expression &u) const;

    Expression
    operator+(const Expression &other) const;

    Expression
    operator-(const Expression &other) const;

    Expression
    operator*(const Expression &other) const;

  private:
    explicit Expression(SyntaxTree tree);

    double
    evaluate(const dealii::Point<dim> &point, const double u) const;

    std::shared_ptr<const SyntaxTree> tree;

    bool   constant       = true;
    double constant_value = 0.;
  };


  /**
   * Expressions of the coordinates, one for each component, as a
   * dealii::Function with exact gradients.
   */
  template <int dim>
  class ExpressionFunction : public dealii::Function<dim>
  {
  public:
    explicit ExpressionFunction(const std::vector<Expression<dim>> &components);

    double
    value(const dealii::Point<dim> &point,
          const unsigned int        component = 0) const override;

    dealii::Tensor<1, dim>
    gradient(const dealii::Point<dim> &point,
             const unsigned int        component = 0) const override;

  private:
    std::vector<Expression<dim>>              components;
    std::vector<std::vector<Expression<dim>>> gradients;
  };


  /**
   * Split @p text at the commas that are not inside parentheses, and trim the
   * parts: "0, pow(x, 2)" has the parts "0" and "pow(x, 2)".
   */
  std::vector<std::string>
  split_expressions(const std::string &text);


  /**
   * The expressions given for parts of the boundary, one list of them for
   * each boundary id, with numbers::invalid_boundary_id standing for "all".
   */
  using BoundaryExpressions =
    std::map<dealii::types::boundary_id, std::vector<std::string>>;

  /// The key of BoundaryExpressions for the word `all`.
  constexpr dealii::types::boundary_id all_boundaries =
    dealii::numbers::invalid_boundary_id;

  /**
   * Read "0: sin(y); 1: 0; 2: 1, x" or "all: 0": entries are separated by
   * semicolons, the boundary id from its expressions by a colon, the
   * expressions of an entry by commas. There have to be @p n_expressions of
   * them in each entry, except where the word `manufactured` stands for all.
   */
  BoundaryExpressions
  parse_boundary_expressions(const std::string &text,
                             const std::string &location,
                             const unsigned int n_expressions);

  /// The word for data that follow from the exact solution.
  extern const std::string manufactured;
} // namespace lsr

#endif
