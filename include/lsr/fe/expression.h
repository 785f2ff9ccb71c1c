// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_expression_h
#define lsr_fe_expression_h

#include <deal.II/base/function.h>
#include <deal.II/base/function_parser.h>
#include <deal.II/base/point.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  /// Named numbers that may stand in expressions.
  using Constants = std::map<std::string, double>;

  /**
   * A scalar function of the coordinates x, y, z and, if asked for, of the
   * solution u, written as text in the syntax of muParser:
   * @code
   *   Expression<2> a("1 + k * u^2 * sin(pi * x)",
   *                   "Equation/Diffusion",
   *                   {{"k", 0.1}},
   *                   Expression<2>::Variables::coordinates_and_solution);
   *   a.value(Point<2>(0.5, 0.5), 2.);      // 1.4
   *   a.derivative("u").value({0.5, 0.5}, 2.); // 0.4
   * @endcode
   * The constants pi and e are always known.
   *
   * Values come from dealii::FunctionParser. derivative() is symbolic: GiNaC
   * differentiates and prints the result for muParser. What
   * only muParser knows (if, min, max, rint, comparisons, ...) can be evaluated
   * but not differentiated; nothing is differentiated before it is asked for,
   * and not with respect to a variable that does not occur.
   *
   * Everything wrong with the text throws in the constructor (or in
   * derivative()), with the text, the place where it was written and what may
   * be used instead.
   *
   * @note Copies share one parser, which is not safe to evaluate from several
   * threads if the expression depends on u.
   */
  template <int dim>
  class Expression
  {
  public:
    /// What an expression may depend on.
    enum class Variables
    {
      coordinates,
      coordinates_and_solution
    };

    /// The constant zero.
    Expression();

    /**
     * Parse @p text. @p location says where it was written, for example the
     * name of a parameter, and only serves error messages.
     */
    Expression(const std::string &text,
               const std::string &location,
               const Constants   &constants = {},
               const Variables    variables = Variables::coordinates);

    /// The value at @p point where the solution has the value @p u.
    double
    value(const dealii::Point<dim> &point, const double u = 0.) const
    {
      if (constant)
        return constant_value;
      if (uses_solution)
        parser->set_time(u);
      return parser->value(point);
    }

    /// Whether @p variable occurs in the text.
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

    /// The same expression with @p u in the place of the solution.
    Expression
    substitute_solution(const Expression &u) const;

    /// An expression with the same constants and a new @p text.
    Expression
    with_text(const std::string &text, const Variables variables) const;

    /// The text, in the syntax of muParser.
    const std::string &
    text() const
    {
      return expression;
    }

    /// The name of coordinate number @p d: x, y or z.
    static std::string
    coordinate(const unsigned int d);

  private:
    /// The variables, separated by commas.
    std::string
    variable_names() const;

    /// @p problem preceded by what is needed to find the text.
    std::string
    describe(const std::string &problem) const;

    std::string expression;
    std::string location;
    Constants   constants;
    Variables   variables;

    bool   constant       = true;
    bool   uses_solution  = false;
    double constant_value = 0.;

    /// Evaluates the text; u is handed over as the parser's time.
    std::shared_ptr<dealii::FunctionParser<dim>> parser;
  };


  /**
   * The gradient of @p expression, symbolically.
   */
  template <int dim>
  std::vector<Expression<dim>>
  symbolic_gradient(const Expression<dim> &expression);


  /**
   * Expressions of the coordinates, one for each component, as a
   * dealii::Function. gradient() is symbolic; if an expression cannot be
   * differentiated, values are still available and gradient() throws.
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

    /// Why there are no gradients.
    std::string gradient_problem;
  };


  /**
   * Split @p text at the commas that are not inside parentheses, and trim the
   * parts: "0, pow(x, 2)" has the parts "0" and "pow(x, 2)".
   */
  std::vector<std::string>
  split_expressions(const std::string &text);


  /**
   * @p text with the names that are keys of @p replacements replaced by their
   * values, in parentheses: "2 * k" with k = "1 + x" is "2 * (1 + x)". Names
   * inside the values are left as they are.
   */
  std::string
  replace_names(const std::string                        &text,
                const std::map<std::string, std::string> &replacements);


  /**
   * What a user wrote for parts of the boundary, one list of expressions for
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
