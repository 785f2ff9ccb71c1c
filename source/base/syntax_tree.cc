// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/syntax_tree.h"

#include <lsr/base/exceptions.h>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iomanip>
#include <limits>
#include <sstream>
#include <tuple>

namespace lsr
{
  /// An operator or a function, its derivatives with respect to both
  /// operands as texts in x and y, and TorchScript for tensors $x and $y.
  struct SyntaxOperation
  {
    const char  *name;
    unsigned int n_operands;
    double (*value)(double, double);
    const char *derivatives[2];
    const char *torchscript;
  };


  namespace
  {
    const std::map<std::string, double> standard_constants = {
      {"pi", 3.14159265358979323846},
      {"_pi", 3.14159265358979323846},
      {"e", 2.71828182845904523536},
      {"_e", 2.71828182845904523536}};


#define LSR_UNARY(name, value, derivative, torchscript)        \
  {                                                            \
    name, 1, [](double x, double) -> double { return value; }, \
      {derivative, "0"}, torchscript                           \
  }
#define LSR_BINARY(name, value, derivative_x, derivative_y, torchscript) \
  {                                                                      \
    name, 2, [](double x, double y) -> double { return value; },         \
      {derivative_x, derivative_y}, torchscript                          \
  }

    // clang-format off
    constexpr SyntaxOperation operations[] = {
      LSR_BINARY("+", x + y, "1", "1", "$x + $y"),
      LSR_BINARY("-", x - y, "1", "-1", "$x - $y"),
      LSR_BINARY("*", x * y, "y", "x", "$x * $y"),
      LSR_BINARY("/", x / y, "1/y", "-x/y^2", "$x / $y"),
      LSR_BINARY("^", std::pow(x, y), "y*x^(y - 1)", "x^y*log(x)", "torch.pow($x, $y)"),
      LSR_BINARY("atan2", std::atan2(x, y), "y/(x^2 + y^2)", "-x/(x^2 + y^2)", "torch.atan2($x, $y)"),
      LSR_BINARY("<", x < y, "0", "0", "($x < $y).double()"),
      LSR_BINARY(">", x > y, "0", "0", "($x > $y).double()"),
      LSR_BINARY("<=", x <= y, "0", "0", "($x <= $y).double()"),
      LSR_BINARY(">=", x >= y, "0", "0", "($x >= $y).double()"),
      LSR_BINARY("==", x == y, "0", "0", "($x == $y).double()"),
      LSR_BINARY("!=", x != y, "0", "0", "($x != $y).double()"),
      LSR_BINARY("&&", x != 0. && y != 0., "0", "0", "(($x != 0.) & ($y != 0.)).double()"),
      LSR_BINARY("||", x != 0. || y != 0., "0", "0", "(($x != 0.) | ($y != 0.)).double()"),
      // As in dealii::FunctionParser, which rounds the operands.
      LSR_BINARY("&", std::round(x) != 0. && std::round(y) != 0., "0", "0", "((torch.abs($x) >= 0.5) & (torch.abs($y) >= 0.5)).double()"),
      LSR_BINARY("|", std::round(x) != 0. || std::round(y) != 0., "0", "0", "((torch.abs($x) >= 0.5) | (torch.abs($y) >= 0.5)).double()"),
      LSR_UNARY("sin", std::sin(x), "cos(x)", "torch.sin($x)"),
      LSR_UNARY("cos", std::cos(x), "-sin(x)", "torch.cos($x)"),
      LSR_UNARY("tan", std::tan(x), "1 + tan(x)^2", "torch.tan($x)"),
      LSR_UNARY("cot", 1. / std::tan(x), "-1 - cot(x)^2", "1. / torch.tan($x)"),
      LSR_UNARY("sec", 1. / std::cos(x), "sec(x)*tan(x)", "1. / torch.cos($x)"),
      LSR_UNARY("csc", 1. / std::sin(x), "-csc(x)*cot(x)", "1. / torch.sin($x)"),
      LSR_UNARY("asin", std::asin(x), "1/sqrt(1 - x^2)", "torch.asin($x)"),
      LSR_UNARY("acos", std::acos(x), "-1/sqrt(1 - x^2)", "torch.acos($x)"),
      LSR_UNARY("atan", std::atan(x), "1/(1 + x^2)", "torch.atan($x)"),
      LSR_UNARY("sinh", std::sinh(x), "cosh(x)", "torch.sinh($x)"),
      LSR_UNARY("cosh", std::cosh(x), "sinh(x)", "torch.cosh($x)"),
      LSR_UNARY("tanh", std::tanh(x), "1 - tanh(x)^2", "torch.tanh($x)"),
      LSR_UNARY("asinh", std::asinh(x), "1/sqrt(x^2 + 1)", "torch.asinh($x)"),
      LSR_UNARY("acosh", std::acosh(x), "1/sqrt(x^2 - 1)", "torch.acosh($x)"),
      LSR_UNARY("atanh", std::atanh(x), "1/(1 - x^2)", "torch.atanh($x)"),
      LSR_UNARY("exp", std::exp(x), "exp(x)", "torch.exp($x)"),
      LSR_UNARY("log", std::log(x), "1/x", "torch.log($x)"),
      LSR_UNARY("ln", std::log(x), "1/x", "torch.log($x)"),
      LSR_UNARY("log2", std::log2(x), "1/(x*log(2))", "torch.log2($x)"),
      LSR_UNARY("log10", std::log10(x), "1/(x*log(10))", "torch.log10($x)"),
      LSR_UNARY("sqrt", std::sqrt(x), "0.5/sqrt(x)", "torch.sqrt($x)"),
      LSR_UNARY("erf", std::erf(x), "2/sqrt(pi)*exp(-x^2)", "torch.erf($x)"),
      LSR_UNARY("erfc", std::erfc(x), "-2/sqrt(pi)*exp(-x^2)", "torch.erfc($x)"),
      LSR_UNARY("abs", std::abs(x), "sign(x)", "torch.abs($x)"),
      LSR_UNARY("sign", (x > 0.) - (x < 0.), "0", "torch.sign($x)"),
      LSR_UNARY("rint", std::floor(x + 0.5), "0", "torch.floor($x + 0.5)"),
      LSR_UNARY("int", std::round(x), "0", "torch.trunc($x + 0.5 * torch.sign($x))"),
      LSR_UNARY("ceil", std::ceil(x), "0", "torch.ceil($x)"),
      LSR_UNARY("floor", std::floor(x), "0", "torch.floor($x)")};
    // clang-format on

#undef LSR_UNARY
#undef LSR_BINARY


    /// A null pointer if there is none.
    const SyntaxOperation *
    find_operation(const std::string &name)
    {
      for (const SyntaxOperation &operation : operations)
        if (name == operation.name)
          return &operation;
      return nullptr;
    }
  } // namespace



  /// Adds operations to a list, or finds those that are there already.
  class SyntaxTree::Builder
  {
  public:
    Place
    number(const double value)
    {
      return find_or_add({'n', 0, 0, 0, value});
    }


    Place
    variable(const Place number)
    {
      return find_or_add({'v', number});
    }


    Place
    choose(const Place condition, const Place a, const Place b)
    {
      if (is_number(condition))
        return nodes[condition].number != 0. ? a : b;
      return a == b ? a : find_or_add({'?', condition, a, b});
    }


    Place
    apply(const SyntaxOperation &operation, const Place a, const Place b)
    {
      if (is_number(a) && is_number(b))
        return number(operation.value(nodes[a].number, nodes[b].number));

      const char kind =
        std::strlen(operation.name) == 1 ? operation.name[0] : 'f';
      if (kind == '+' && (is(a, 0.) || is(b, 0.)))
        return is(a, 0.) ? b : a;
      if (kind == '*' && (is(a, 0.) || is(b, 0.)))
        return number(0.);
      if (kind == '*' && is(a, 1.))
        return b;
      if (((kind == '*' || kind == '/') && is(b, 1.)) ||
          (kind == '-' && is(b, 0.)) || (kind == '/' && is(a, 0.)))
        return a;
      if (kind == '^')
        {
          // Products are ten times faster than std::pow().
          if (is(b, 0.) || is(b, 1.))
            return is(b, 0.) ? number(1.) : a;
          if (is(b, 2.) || is(b, 3.) || is(b, 4.))
            {
              const auto square = apply("*", a, a);
              return is(b, 2.) ? square :
                                 apply("*", square, is(b, 3.) ? a : square);
            }
        }
      return find_or_add({kind, a, b, a, 0., &operation});
    }


    Place
    apply(const std::string &name, const Place a, const Place b)
    {
      return apply(*find_operation(name), a, b);
    }


    /// Append @p tree with @p replacements in the place of its variables, and
    /// return the position of its result.
    Place
    append(const SyntaxTree             &tree,
           const std::map<Place, Place> &replacements = {})
    {
      std::vector<Place> here;
      for (const Node &node : tree.nodes)
        if (node.kind == 'n')
          here.push_back(number(node.number));
        else if (node.kind == 'v')
          {
            const auto found = replacements.find(node.a);
            here.push_back(found != replacements.end() ? found->second :
                                                         variable(node.a));
          }
        else if (node.kind == '?')
          here.push_back(choose(here[node.a], here[node.b], here[node.c]));
        else
          here.push_back(apply(*node.operation, here[node.a], here[node.b]));
      return here.back();
    }


    /// Append the derivative of the operation at @p position.
    Place
    differentiate(const Place position, const Place variable)
    {
      std::vector<Place> D;
      for (Place i = 0; i <= position; ++i)
        {
          const Node node = nodes[i];
          if (node.kind == 'n')
            D.push_back(number(0.));
          else if (node.kind == 'v')
            D.push_back(number(node.a == variable));
          else if (node.kind == '?')
            D.push_back(choose(node.a, D[node.b], D[node.c]));
          else
            {
              Place sum = number(0.);
              for (unsigned int k = 0; k < node.operation->n_operands; ++k)
                {
                  const Place inner = D[k == 0 ? node.a : node.b];
                  if (is(inner, 0.))
                    continue;
                  const SyntaxTree rule(node.operation->derivatives[k],
                                        {{"x", "y"}, {}, {}});
                  const auto outer = append(rule, {{0, node.a}, {1, node.b}});
                  sum              = apply("+", sum, apply("*", outer, inner));
                }
              D.push_back(sum);
            }
        }
      return D.back();
    }


    /// The operations that lead to the one at @p result.
    SyntaxTree
    tree(const Place result) const
    {
      std::vector<bool> used(result + 1);
      used[result] = true;
      for (Place i = result + 1; i-- > 0;)
        if (used[i] && has_operands(nodes[i]))
          used[nodes[i].a] = used[nodes[i].b] = used[nodes[i].c] = true;

      SyntaxTree         tree;
      std::vector<Place> place(result + 1);
      for (const char kind : {'n', 'v', 'f'})
        {
          for (Place i = 0; i <= result; ++i)
            if (used[i] &&
                (has_operands(nodes[i]) ? kind == 'f' : kind == nodes[i].kind))
              {
                Node node = nodes[i];
                if (kind == 'f')
                  {
                    node.a = place[node.a];
                    node.b = place[node.b];
                    node.c = place[node.c];
                  }
                place[i] = tree.nodes.size();
                tree.nodes.push_back(node);
              }
          if (kind == 'n')
            tree.n_numbers = tree.nodes.size();
          if (kind == 'v')
            tree.n_leaves = tree.nodes.size();
        }
      return tree;
    }

  private:
    static bool
    has_operands(const Node &node)
    {
      return node.kind != 'n' && node.kind != 'v';
    }


    bool
    is_number(const Place i) const
    {
      return nodes[i].kind == 'n';
    }


    bool
    is(const Place i, const double value) const
    {
      return is_number(i) && nodes[i].number == value;
    }


    Place
    find_or_add(const Node &node)
    {
      // NaN equals nothing, not even as a key.
      if (std::isnan(node.number))
        {
          nodes.push_back(node);
          return nodes.size() - 1;
        }
      const auto [found, is_new] = places.emplace(
        std::make_tuple(
          node.kind, node.a, node.b, node.c, node.number, node.operation),
        nodes.size());
      if (is_new)
        nodes.push_back(node);
      return found->second;
    }


    std::vector<Node> nodes;
    std::map<
      std::tuple<char, Place, Place, Place, double, const SyntaxOperation *>,
      Place>
      places;
  };



  /// Recursive descent with muParser's precedences.
  class SyntaxTree::Parser
  {
  public:
    Parser(const std::string &text, const Names &names, Builder &builder)
      : names(names)
      , builder(builder)
    {
      split(text);
    }


    Place
    parse()
    {
      const auto result = expression();
      if (!peek().empty())
        fail("an operator was expected");
      return result;
    }

  private:
    struct Token
    {
      std::string text;
      std::size_t column;
    };


    static bool
    is_letter(const char c)
    {
      return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
    }


    static bool
    is_digit(const char c)
    {
      return std::isdigit(static_cast<unsigned char>(c));
    }


    /// Cut @p text into words; the last one is empty.
    void
    split(const std::string &text)
    {
      const auto at = [&](const Place i) {
        return i < text.size() ? text[i] : '\0';
      };
      std::size_t end = 0;
      do
        {
          while (std::isspace(static_cast<unsigned char>(at(end))))
            ++end;
          const std::size_t begin = end;
          if (is_letter(at(begin)))
            while (is_letter(at(end)) || is_digit(at(end)))
              ++end;
          else if (is_digit(at(begin)) || at(begin) == '.')
            {
              // 0xe is not the number 14.
              const bool is_hexadecimal =
                at(begin) == '0' && std::tolower(at(begin + 1)) == 'x';
              char *rest = nullptr;
              std::strtod(text.c_str() + begin, &rest);
              end = is_hexadecimal ?
                      begin + 1 :
                      std::max<std::size_t>(rest - text.c_str(), begin + 1);
            }
          else if (end < text.size())
            {
              const std::string two = text.substr(begin, 2);
              end += two.size() == 2 && find_operation(two) ? 2 : 1;
            }
          words.push_back({text.substr(begin, end - begin), begin + 1});
        }
      while (!words.back().text.empty());
    }


    const std::string &
    peek() const
    {
      return words[position].text;
    }


    [[noreturn]] void
    fail(const std::string &expectation) const
    {
      throw Error((peek().empty() ? "it ends" : "\"" + peek() + "\" stands") +
                  " at column " + std::to_string(words[position].column) +
                  ", where " + expectation + ".");
    }


    bool
    accept(const std::string &word)
    {
      const bool found = peek() == word;
      position += found;
      return found;
    }


    void
    expect(const std::string &word)
    {
      if (!accept(word))
        fail("\"" + word + "\" or an operator was expected");
    }


    /// Counts how deep operations are nested, for the stack is limited.
    class Nesting
    {
    public:
      explicit Nesting(Parser &parser)
        : depth(parser.depth)
      {
        if (depth == 200)
          parser.fail("fewer operations inside of each other were expected");
        ++depth;
      }

      ~Nesting()
      {
        --depth;
      }

    private:
      unsigned int &depth;
    };


    Place
    expression()
    {
      const Nesting nesting(*this);
      const auto    condition = binary(0);
      if (!accept("?"))
        return condition;
      const auto yes = expression();
      expect(":");
      return builder.choose(condition, yes, expression());
    }


    /// Operators from the @p level of precedence on, which bind to the left.
    Place
    binary(const std::size_t level)
    {
      static const std::vector<std::vector<std::string>> levels = {
        {"||", "|"},
        {"&&", "&"},
        {"<", ">", "<=", ">=", "==", "!="},
        {"+", "-"},
        {"*", "/"}};
      if (level == levels.size())
        return factor();

      const auto &operators = levels[level];
      auto        result    = binary(level + 1);
      while (std::count(operators.begin(), operators.end(), peek()) > 0)
        {
          const std::string name = words[position++].text;
          result = builder.apply(name, result, binary(level + 1));
        }
      return result;
    }


    /// A power with or without a sign, which binds less than the power.
    Place
    factor()
    {
      const Nesting nesting(*this);
      if (accept("-"))
        return builder.apply("*", builder.number(-1.), factor());
      if (accept("+"))
        return factor();
      const auto base = primary();
      return accept("^") ? builder.apply("^", base, factor()) : base;
    }


    Place
    primary()
    {
      if (accept("("))
        {
          const auto result = expression();
          expect(")");
          return result;
        }
      if (is_digit(peek()[0]) || (peek()[0] == '.' && peek().size() > 1))
        return builder.number(
          std::strtod(words[position++].text.c_str(), nullptr));
      if (!is_letter(peek()[0]))
        fail("a number, a name or a parenthesis was expected");
      return words[position + 1].text == "(" ? call() : name();
    }


    Place
    name()
    {
      const std::string &word = peek();
      const auto         text = names.expressions.find(word);
      const auto         variable =
        std::find(names.variables.begin(), names.variables.end(), word);
      const bool is_known = names.constants.count(word) > 0;
      const auto standard = standard_constants.find(word);
      if (text == names.expressions.end() &&
          variable == names.variables.end() && !is_known &&
          standard == standard_constants.end())
        fail("a variable, a constant or a function with its arguments was "
             "expected");

      ++position;
      if (text == names.expressions.end())
        return variable != names.variables.end() ?
                 builder.variable(variable - names.variables.begin()) :
                 builder.number(is_known ? names.constants.at(word) :
                                           standard->second);
      try
        {
          return Parser(text->second,
                        {names.variables, names.constants, {}},
                        builder)
            .parse();
        }
      catch (const Error &error)
        {
          throw Error("in \"" + text->second + "\", which is called " + word +
                      ", " + error.what());
        }
    }


    Place
    call()
    {
      const std::size_t begin = position;
      const std::string name  = peek();
      const bool        is_if = name == "if";
      const bool        any =
        name == "sum" || name == "avg" || name == "min" || name == "max";
      const SyntaxOperation *operation =
        find_operation(name == "pow" ? "^" : name);
      if (name == "rand" || name == "rand_seed")
        fail("a function was expected that always has the same value");
      if (!operation && !is_if && !any)
        fail("a function was expected");

      std::vector<Place> arguments;
      position += 2;
      do
        arguments.push_back(expression());
      while (accept(","));
      expect(")");

      const std::size_t n        = arguments.size();
      const std::size_t expected = any ? n : is_if ? 3 : operation->n_operands;
      if (n != expected)
        {
          position = begin;
          fail("a function of " + std::to_string(n) +
               " arguments was expected; this one has " +
               std::to_string(expected));
        }

      if (is_if) // dealii::FunctionParser rounds the condition
        return builder.choose(builder.apply("int", arguments[0], arguments[0]),
                              arguments[1],
                              arguments[2]);
      if (!any)
        return builder.apply(*operation, arguments[0], arguments.back());

      auto result = arguments[0];
      for (std::size_t i = 1; i < n; ++i)
        if (name == "sum" || name == "avg")
          result = builder.apply("+", result, arguments[i]);
        else
          result = builder.choose(
            builder.apply(name == "min" ? "<=" : ">=", result, arguments[i]),
            result,
            arguments[i]);
      return name == "avg" ? builder.apply("/", result, builder.number(n)) :
                             result;
    }


    const Names        names;
    Builder           &builder;
    std::vector<Token> words;
    std::size_t        position = 0;
    unsigned int       depth    = 0;
  };



  SyntaxTree::SyntaxTree(const std::string &text, const Names &names)
  {
    Builder    builder;
    const auto result = Parser(text, names, builder).parse();
    *this             = builder.tree(result);
  }



  double
  SyntaxTree::evaluate(const double *variables) const
  {
    const std::size_t                          n = nodes.size();
    boost::container::small_vector<double, 64> values(
      n, boost::container::default_init);
    for (std::size_t i = 0; i < n_numbers; ++i)
      values[i] = nodes[i].number;
    for (std::size_t i = n_numbers; i < n_leaves; ++i)
      values[i] = variables[nodes[i].a];
    for (std::size_t i = n_leaves; i < n; ++i)
      {
        const Node &node = nodes[i];
        switch (node.kind)
          {
            case '?':
              values[i] = values[values[node.a] != 0. ? node.b : node.c];
              break;
            case '+':
              values[i] = values[node.a] + values[node.b];
              break;
            case '-':
              values[i] = values[node.a] - values[node.b];
              break;
            case '*':
              values[i] = values[node.a] * values[node.b];
              break;
            case '/':
              values[i] = values[node.a] / values[node.b];
              break;
            default:
              values[i] = node.operation->value(values[node.a], values[node.b]);
          }
      }
    return values[n - 1];
  }



  bool
  SyntaxTree::depends_on(const unsigned int variable) const
  {
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node &node) {
      return node.kind == 'v' && node.a == variable;
    });
  }



  bool
  SyntaxTree::is_constant() const
  {
    return nodes.back().kind == 'n';
  }



  SyntaxTree
  SyntaxTree::derivative(const unsigned int variable) const
  {
    Builder    builder;
    const auto value = builder.append(*this);
    return builder.tree(builder.differentiate(value, variable));
  }



  SyntaxTree
  SyntaxTree::substitute(const unsigned int variable,
                         const SyntaxTree  &replacement) const
  {
    Builder    builder;
    const auto value = builder.append(replacement);
    return builder.tree(builder.append(*this, {{variable, value}}));
  }



  SyntaxTree
  SyntaxTree::combine(const SyntaxTree  &left,
                      const std::string &name,
                      const SyntaxTree  &right)
  {
    Builder    builder;
    const auto a = builder.append(left);
    const auto b = builder.append(right);
    return builder.tree(builder.apply(name, a, b));
  }



  namespace
  {
    /// A number as TorchScript reads it, never as an integer.
    std::string
    literal(const double number)
    {
      require(std::isfinite(number), "it contains a number that is not finite");
      std::ostringstream out;
      out << std::setprecision(std::numeric_limits<double>::max_digits10)
          << number;
      std::string text = out.str();
      if (text.find_first_of(".e") == std::string::npos)
        text += ".";
      return number < 0 ? "(" + text + ")" : text;
    }



    std::string
    substitute_operands(const std::string &text,
                        const std::string &x,
                        const std::string &y)
    {
      std::string result;
      for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '$')
          result += text[++i] == 'x' ? x : y;
        else
          result += text[i];
      return result;
    }
  } // namespace



  std::string
  SyntaxTree::torchscript(const std::vector<std::string> &variables,
                          const std::string              &prefix,
                          std::string                    &lines) const
  {
    std::vector<std::string> texts;
    // Most functions of LibTorch take tensors only.
    const auto tensor = [&](const Place i) {
      return nodes[i].kind == 'n' ?
               "torch.full_like(" + variables[0] + ", " + texts[i] + ")" :
               texts[i];
    };
    for (const Node &node : nodes)
      {
        if (node.kind == 'n')
          texts.push_back(literal(node.number));
        else if (node.kind == 'v')
          texts.push_back(variables[node.a]);
        else
          {
            const std::string name = prefix + std::to_string(texts.size());
            std::string       value;
            if (node.kind == '?')
              value = "torch.where(" + texts[node.a] + " != 0., " +
                      tensor(node.b) + ", " + tensor(node.c) + ")";
            else if (std::strchr("+-*/^", node.kind))
              value = substitute_operands(node.operation->torchscript,
                                          texts[node.a],
                                          texts[node.b]);
            else
              value = substitute_operands(node.operation->torchscript,
                                          tensor(node.a),
                                          tensor(node.b));
            lines += "  " + name + " = " + value + "\n";
            texts.push_back(name);
          }
      }
    return texts.back();
  }
} // namespace lsr
