// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/expression.h>

#include <deal.II/base/numbers.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <cctype>
#include <cmath>
#include <iostream>
#include <limits>
#include <sstream>

#include "symbolic.h"

namespace lsr
{
  const std::string manufactured = "manufactured";

  namespace
  {
    const std::string solution_name = "u";

    Constants
    with_standard_constants(Constants constants)
    {
      constants.emplace("pi", dealii::numbers::PI);
      constants.emplace("e", dealii::numbers::E);
      return constants;
    }

    std::string
    names_of(const Constants &constants)
    {
      std::string names;
      for (const auto &constant : constants)
        names += (names.empty() ? "" : ", ") + constant.first;
      return names;
    }

    /// What an exception says, without deal.II's frame around it.
    std::string
    message_of(const std::exception &exception)
    {
      if (const auto *deal =
            dynamic_cast<const dealii::ExceptionBase *>(&exception))
        {
          std::ostringstream out;
          deal->print_info(out);
          return dealii::Utilities::trim(out.str());
        }
      const std::string text = exception.what();
      return text.substr(0, text.find('\n'));
    }

    /**
     * Keeps what deal.II's parser writes to std::cerr, next to throwing an
     * exception with the same content, from the screen.
     */
    class SilencedErrors
    {
    public:
      SilencedErrors()
        : buffer(std::cerr.rdbuf(nullptr))
      {}

      ~SilencedErrors()
      {
        std::cerr.rdbuf(buffer);
        std::cerr.clear();
      }

    private:
      std::streambuf *const buffer;
    };
  } // namespace


  template <int dim>
  Expression<dim>::Expression()
    : Expression("0", "")
  {}


  template <int dim>
  Expression<dim>::Expression(const std::string &text,
                              const std::string &location,
                              const Constants   &user_constants,
                              const Variables    variables)
    : expression(dealii::Utilities::trim(text))
    , location(location)
    , constants(with_standard_constants(user_constants))
    , variables(variables)
    , parser(std::make_shared<dealii::FunctionParser<dim>>(1))
  {
    const bool with_solution = variables == Variables::coordinates_and_solution;

    for (unsigned int d = 0; d < dim; ++d)
      AssertThrow(constants.count(coordinate(d)) == 0,
                  dealii::ExcMessage(describe(
                    "A constant must not have the name of a variable.")));
    AssertThrow(constants.count(solution_name) == 0,
                dealii::ExcMessage(describe(
                  "A constant must not have the name of a variable.")));
    AssertThrow(!expression.empty(),
                dealii::ExcMessage(describe("The text is empty.")));

    try
      {
        const SilencedErrors silence;
        parser->initialize(variable_names(),
                           expression,
                           constants,
                           with_solution);
        // Some versions parse at the first evaluation.
        constant_value = parser->value(dealii::Point<dim>());
      }
    catch (const std::exception &exception)
      {
        AssertThrow(false, dealii::ExcMessage(describe(message_of(exception))));
      }

    uses_solution = with_solution && depends_on(solution_name);
    constant      = !uses_solution;
    for (unsigned int d = 0; d < dim; ++d)
      constant = constant && !depends_on(coordinate(d));
    constant = constant && !depends_on("rand") && !depends_on("rand_seed");
    AssertThrow(!constant || std::isfinite(constant_value),
                dealii::ExcMessage(
                  describe("Its value is not a finite number.")));
  }


  template <int dim>
  bool
  Expression<dim>::depends_on(const std::string &variable) const
  {
    for (const auto &token : tokens(expression))
      if (token == variable)
        return true;
    return false;
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::derivative(const std::string &variable) const
  {
    if (!depends_on(variable))
      return with_text("0", variables);

    try
      {
        return with_text(differentiate(expression, variable), variables);
      }
    catch (const std::exception &exception)
      {
        AssertThrow(false,
                    dealii::ExcMessage(describe(
                      "It cannot be differentiated with respect to " +
                      variable + ": " + message_of(exception) +
                      ". Derivatives are available for +, -, *, /, ^ and " +
                      differentiable_functions() + ".")));
      }
    return {};
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::substitute_solution(const Expression &u) const
  {
    std::string result;
    for (const auto &token : tokens(expression))
      result += token == solution_name ? "(" + u.expression + ")" : token;
    return with_text(result, Variables::coordinates);
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::with_text(const std::string &text,
                             const Variables    new_variables) const
  {
    return Expression(text, location, constants, new_variables);
  }


  template <int dim>
  std::string
  Expression<dim>::coordinate(const unsigned int d)
  {
    return std::string(1, "xyz"[d]);
  }


  template <int dim>
  std::string
  Expression<dim>::variable_names() const
  {
    std::string names = coordinate(0);
    for (unsigned int d = 1; d < dim; ++d)
      names += "," + coordinate(d);
    if (variables == Variables::coordinates_and_solution)
      names += "," + solution_name;
    return names;
  }


  template <int dim>
  std::string
  Expression<dim>::describe(const std::string &problem) const
  {
    return "The expression \"" + expression + "\"" +
           (location.empty() ? "" : " in <" + location + ">") +
           " cannot be used: " + problem + " It may contain the variables " +
           variable_names() + " and the constants " + names_of(constants) +
           ", in the syntax of muParser.";
  }


  template <int dim>
  std::vector<Expression<dim>>
  symbolic_gradient(const Expression<dim> &expression)
  {
    std::vector<Expression<dim>> gradient;
    for (unsigned int d = 0; d < dim; ++d)
      gradient.push_back(expression.derivative(Expression<dim>::coordinate(d)));
    return gradient;
  }


  template <int dim>
  ExpressionFunction<dim>::ExpressionFunction(
    const std::vector<Expression<dim>> &components)
    : dealii::Function<dim>(components.size())
    , components(components)
  {
    try
      {
        for (const auto &component : components)
          gradients.push_back(symbolic_gradient(component));
      }
    catch (const std::exception &exception)
      {
        gradient_problem = message_of(exception);
      }
  }


  template <int dim>
  double
  ExpressionFunction<dim>::value(const dealii::Point<dim> &point,
                                 const unsigned int        component) const
  {
    return components[component].value(point);
  }


  template <int dim>
  dealii::Tensor<1, dim>
  ExpressionFunction<dim>::gradient(const dealii::Point<dim> &point,
                                    const unsigned int        component) const
  {
    AssertThrow(gradient_problem.empty(), dealii::ExcMessage(gradient_problem));
    dealii::Tensor<1, dim> result;
    for (unsigned int d = 0; d < dim; ++d)
      result[d] = gradients[component][d].value(point);
    return result;
  }


  std::vector<std::string>
  split_expressions(const std::string &text)
  {
    std::vector<std::string> parts(1);
    int                      depth = 0;
    for (const char c : text)
      {
        depth += (c == '(') - (c == ')');
        if (c == ',' && depth == 0)
          parts.emplace_back();
        else
          parts.back() += c;
      }
    for (auto &part : parts)
      part = dealii::Utilities::trim(part);
    return parts;
  }


  std::string
  replace_names(const std::string                        &text,
                const std::map<std::string, std::string> &replacements)
  {
    const auto is_part_of_name = [](const char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    };
    std::string result;
    for (std::size_t begin = 0; begin < text.size();)
      {
        std::size_t end = begin;
        while (end < text.size() && is_part_of_name(text[end]))
          ++end;
        if (end == begin)
          {
            result += text[begin++];
            continue;
          }
        const std::string word  = text.substr(begin, end - begin);
        const auto        found = replacements.find(word);
        result +=
          found == replacements.end() ? word : "(" + found->second + ")";
        begin = end;
      }
    return result;
  }


  BoundaryExpressions
  parse_boundary_expressions(const std::string &text,
                             const std::string &location,
                             const unsigned int n_expressions)
  {
    BoundaryExpressions result;
    for (const auto &entry : dealii::Utilities::split_string_list(text, ';'))
      {
        if (entry.empty())
          continue;
        const std::string here  = "\"" + entry + "\" in <" + location + ">";
        const auto        colon = entry.find(':');
        AssertThrow(colon != std::string::npos,
                    dealii::ExcMessage(
                      "The entry " + here +
                      " has no colon. Expected was a boundary id or the word "
                      "all, a colon, and an expression; entries are separated "
                      "by semicolons, as in \"0: sin(pi*x); 1: 0\"."));

        const std::string key = dealii::Utilities::trim(entry.substr(0, colon));
        const bool        is_number =
          dealii::Patterns::Integer(0, std::numeric_limits<int>::max())
            .match(key);
        AssertThrow(is_number || key == "all",
                    dealii::ExcMessage("The entry " + here + " starts with \"" +
                                       key +
                                       "\". Expected was a boundary id (a "
                                       "number) or the word all."));
        const auto id = is_number ? static_cast<dealii::types::boundary_id>(
                                      dealii::Utilities::string_to_int(key)) :
                                    all_boundaries;

        const auto expressions = split_expressions(entry.substr(colon + 1));
        AssertThrow(expressions.size() == n_expressions ||
                      expressions == std::vector<std::string>{manufactured},
                    dealii::ExcMessage(
                      "The entry " + here + " has " +
                      std::to_string(expressions.size()) +
                      " expressions separated by commas. Expected were " +
                      std::to_string(n_expressions) + "."));
        AssertThrow(result.emplace(id, expressions).second,
                    dealii::ExcMessage("The boundary id \"" + key +
                                       "\" occurs twice in <" + location +
                                       ">."));
      }
    return result;
  }


  template class Expression<1>;
  template class Expression<2>;
  template class Expression<3>;
  template class ExpressionFunction<1>;
  template class ExpressionFunction<2>;
  template class ExpressionFunction<3>;
  template std::vector<Expression<1>>
  symbolic_gradient(const Expression<1> &);
  template std::vector<Expression<2>>
  symbolic_gradient(const Expression<2> &);
  template std::vector<Expression<3>>
  symbolic_gradient(const Expression<3> &);
} // namespace lsr
