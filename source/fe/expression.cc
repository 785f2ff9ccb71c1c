// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/expression.h>

#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <utility>

#include "base/syntax_tree.h"

namespace lsr
{
  const std::string manufactured = "manufactured";

  namespace
  {
    /// x, y, z, u: the number of the solution is that of the coordinates.
    template <int dim>
    std::vector<std::string>
    all_variables()
    {
      const std::vector<std::string> coordinates = {"x", "y", "z"};
      std::vector<std::string>       names(coordinates.begin(),
                                     coordinates.begin() + dim);
      names.push_back("u");
      return names;
    }


    std::string
    join(const std::vector<std::string> &names, const std::string &separator)
    {
      std::string text;
      for (const std::string &name : names)
        text += (text.empty() ? "" : separator) + name;
      return text;
    }


    template <int dim>
    unsigned int
    number_of(const std::string &variable)
    {
      const auto names = all_variables<dim>();
      const auto found = std::find(names.begin(), names.end(), variable);
      AssertThrow(found != names.end(),
                  dealii::ExcMessage("There is no variable \"" + variable +
                                     "\", expected one of " + join(names, ",") +
                                     "."));
      return found - names.begin();
    }


    void
    check_name(const std::string              &name,
               const std::string              &kind,
               const std::vector<std::string> &variables)
    {
      require(std::find(variables.begin(), variables.end(), name) ==
                variables.end(),
              kind + " " + name + " has the name of a variable.");
      require(!name.empty() &&
                !std::isdigit(static_cast<unsigned char>(name[0])) &&
                std::all_of(name.begin(),
                            name.end(),
                            [](const unsigned char c) {
                              return std::isalnum(c) || c == '_';
                            }),
              kind + " \"" + name +
                "\" has no name of letters, digits and _ that begins with a "
                "letter.");
    }
  } // namespace


  template <int dim>
  Expression<dim>::Expression()
    : Expression("0", "")
  {}


  template <int dim>
  Expression<dim>::Expression(SyntaxTree tree)
    : tree(std::make_shared<const SyntaxTree>(std::move(tree)))
    , constant(this->tree->is_constant())
    , constant_value(constant ? this->tree->evaluate(nullptr) : 0.)
  {}


  template <int dim>
  Expression<dim>::Expression(const std::string      &text,
                              const std::string      &location,
                              const Constants        &constants,
                              const Variables         variables,
                              const NamedExpressions &named_expressions)
  {
    auto names = all_variables<dim>();
    try
      {
        for (const auto &constant : constants)
          check_name(constant.first, "The constant", names);
        for (const auto &expression : named_expressions)
          {
            check_name(expression.first, "The function", names);
            require(constants.count(expression.first) == 0,
                    "The function " + expression.first +
                      " has a name that is also the name of a constant.");
          }
        if (variables == Variables::coordinates)
          names.pop_back();
        *this =
          Expression(SyntaxTree(text, {names, constants, named_expressions}));
        require(!constant || std::isfinite(constant_value),
                "Its value is not a finite number.");
      }
    catch (const Error &error)
      {
        std::vector<std::string> known = {"e", "pi"};
        for (const auto &constant : constants)
          known.push_back(constant.first);
        AssertThrow(false,
                    dealii::ExcMessage(
                      "The expression \"" + dealii::Utilities::trim(text) +
                      "\"" +
                      (location.empty() ? "" : " in <" + location + ">") +
                      " cannot be used: " + error.what() +
                      " It may contain the variables " + join(names, ",") +
                      " and the constants " + join(known, ", ") +
                      ", in the syntax of muParser."));
      }
  }


  template <int dim>
  bool
  Expression<dim>::depends_on(const std::string &variable) const
  {
    return tree->depends_on(number_of<dim>(variable));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::derivative(const std::string &variable) const
  {
    return Expression(tree->derivative(number_of<dim>(variable)));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::derivative(const unsigned int d) const
  {
    return Expression(tree->derivative(d));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::substitute_solution(const Expression &u) const
  {
    return Expression(tree->substitute(dim, *u.tree));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::operator+(const Expression &other) const
  {
    return Expression(SyntaxTree::combine(*tree, "+", *other.tree));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::operator-(const Expression &other) const
  {
    return Expression(SyntaxTree::combine(*tree, "-", *other.tree));
  }


  template <int dim>
  Expression<dim>
  Expression<dim>::operator*(const Expression &other) const
  {
    return Expression(SyntaxTree::combine(*tree, "*", *other.tree));
  }


  template <int dim>
  double
  Expression<dim>::evaluate(const dealii::Point<dim> &point,
                            const double              u) const
  {
    std::array<double, dim + 1> variables;
    for (unsigned int d = 0; d < dim; ++d)
      variables[d] = point[d];
    variables[dim] = u;
    return tree->evaluate(variables.data());
  }


  template <int dim>
  ExpressionFunction<dim>::ExpressionFunction(
    const std::vector<Expression<dim>> &components)
    : dealii::Function<dim>(components.size())
    , components(components)
    , gradients(components.size())
  {
    for (unsigned int c = 0; c < components.size(); ++c)
      for (unsigned int d = 0; d < dim; ++d)
        gradients[c].push_back(components[c].derivative(d));
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
} // namespace lsr
