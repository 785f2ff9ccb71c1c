// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "symbolic.h"

#include <lsr/base/exceptions.h>

#include <ginac/ginac.h>

#include <cctype>
#include <functional>
#include <map>
#include <sstream>

// Functions whose counterparts in GiNaC are missing or tailored to complex
// numbers. They print under their names in muParser.
namespace lsr::symbolic
{
  using GiNaC::ex;

  DECLARE_FUNCTION_1P(real_abs)
  DECLARE_FUNCTION_1P(real_sign)
  DECLARE_FUNCTION_1P(real_erf)
  DECLARE_FUNCTION_1P(real_erfc)

  namespace
  {
    ex
    derivative_of_abs(const ex &x, unsigned int)
    {
      return real_sign(x);
    }

    ex
    derivative_of_sign(const ex &, unsigned int)
    {
      return 0;
    }

    ex
    derivative_of_erf(const ex &x, unsigned int)
    {
      return ex(1.1283791670955126) * exp(-pow(x, 2)); // 2 / sqrt(pi)
    }

    ex
    derivative_of_erfc(const ex &x, unsigned int)
    {
      return -derivative_of_erf(x, 0);
    }

    // GiNaC has an abs of its own, so that the name cannot be set.
    void
    print_abs(const ex &x, const GiNaC::print_context &context)
    {
      context.s << "abs(";
      x.print(context);
      context.s << ")";
    }
  } // namespace

  REGISTER_FUNCTION(
    real_abs,
    derivative_func(derivative_of_abs).print_func<GiNaC::print_dflt>(print_abs))
  REGISTER_FUNCTION(real_sign,
                    derivative_func(derivative_of_sign).set_name("sign"))
  REGISTER_FUNCTION(real_erf,
                    derivative_func(derivative_of_erf).set_name("erf"))
  REGISTER_FUNCTION(real_erfc,
                    derivative_func(derivative_of_erfc).set_name("erfc"))
} // namespace lsr::symbolic

namespace lsr
{
  namespace
  {
    using GiNaC::ex;
    using Unary  = std::function<ex(const ex &)>;
    using Binary = std::function<ex(const ex &, const ex &)>;

    const std::map<std::string, Unary> &
    unary_functions()
    {
      static const std::map<std::string, Unary> functions = {
        {"sin", [](const ex &x) { return sin(x); }},
        {"cos", [](const ex &x) { return cos(x); }},
        {"tan", [](const ex &x) { return tan(x); }},
        {"cot", [](const ex &x) { return 1 / tan(x); }},
        {"sec", [](const ex &x) { return 1 / cos(x); }},
        {"csc", [](const ex &x) { return 1 / sin(x); }},
        {"asin", [](const ex &x) { return asin(x); }},
        {"acos", [](const ex &x) { return acos(x); }},
        {"atan", [](const ex &x) { return atan(x); }},
        {"sinh", [](const ex &x) { return sinh(x); }},
        {"cosh", [](const ex &x) { return cosh(x); }},
        {"tanh", [](const ex &x) { return tanh(x); }},
        {"asinh", [](const ex &x) { return asinh(x); }},
        {"acosh", [](const ex &x) { return acosh(x); }},
        {"atanh", [](const ex &x) { return atanh(x); }},
        {"exp", [](const ex &x) { return exp(x); }},
        {"log", [](const ex &x) { return log(x); }},
        {"ln", [](const ex &x) { return log(x); }},
        {"log2", [](const ex &x) { return log(x) / log(ex(2)); }},
        {"log10", [](const ex &x) { return log(x) / log(ex(10)); }},
        {"sqrt", [](const ex &x) { return sqrt(x); }},
        {"abs", [](const ex &x) -> ex { return symbolic::real_abs(x); }},
        {"sign", [](const ex &x) -> ex { return symbolic::real_sign(x); }},
        {"erf", [](const ex &x) -> ex { return symbolic::real_erf(x); }},
        {"erfc", [](const ex &x) -> ex { return symbolic::real_erfc(x); }}};
      return functions;
    }

    const std::map<std::string, Binary> &
    binary_functions()
    {
      static const std::map<std::string, Binary> functions = {
        {"pow", [](const ex &x, const ex &y) { return pow(x, y); }},
        {"atan2", [](const ex &x, const ex &y) { return atan2(x, y); }}};
      return functions;
    }


    bool
    is_number(const std::string &token)
    {
      return std::isdigit(static_cast<unsigned char>(token[0])) ||
             (token[0] == '.' && token.size() > 1);
    }


    bool
    is_name(const std::string &token)
    {
      return std::isalpha(static_cast<unsigned char>(token[0])) ||
             token[0] == '_';
    }


    /**
     * Reads muParser's arithmetic by recursive descent. GiNaC's own parser has
     * other rules for signs: to it 2^-x+1 is 2^(-x+1).
     */
    class Parser
    {
    public:
      explicit Parser(const std::string &text)
        : words(tokens(text))
      {}

      ex
      parse()
      {
        const ex result = sum();
        require(position == words.size(),
                "\"" + peek() + "\" has no symbolic derivative");
        return result;
      }

      const GiNaC::symbol &
      symbol(const std::string &name)
      {
        return symbols.emplace(name, GiNaC::realsymbol(name)).first->second;
      }

    private:
      std::string
      peek() const
      {
        return position < words.size() ? words[position] : "";
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
        require(accept(word),
                "\"" + word + "\" was expected in the place of \"" + peek() +
                  "\"");
      }

      ex
      sum()
      {
        ex result = product();
        while (true)
          if (accept("+"))
            result += product();
          else if (accept("-"))
            result -= product();
          else
            return result;
      }

      ex
      product()
      {
        ex result = factor();
        while (true)
          if (accept("*"))
            result *= factor();
          else if (accept("/"))
            result /= factor();
          else
            return result;
      }

      /// A power with or without a sign, which binds less than the power.
      ex
      factor()
      {
        if (accept("-"))
          return -factor();
        if (accept("+"))
          return factor();
        const ex base = primary();
        return accept("^") ? pow(base, factor()) : base;
      }

      ex
      primary()
      {
        if (accept("("))
          {
            const ex result = sum();
            expect(")");
            return result;
          }
        const std::string word = peek();
        require(!word.empty() && (is_number(word) || is_name(word)),
                "\"" + word + "\" has no symbolic derivative");
        ++position;
        if (is_number(word))
          return GiNaC::numeric(word.c_str());
        return accept("(") ? call(word) : symbol(word);
      }

      ex
      call(const std::string &name)
      {
        const auto unary  = unary_functions().find(name);
        const auto binary = binary_functions().find(name);
        require(unary != unary_functions().end() ||
                  binary != binary_functions().end(),
                "the function " + name + " has no symbolic derivative");
        const ex first = sum();
        ex       result;
        if (unary != unary_functions().end())
          result = unary->second(first);
        else
          {
            expect(",");
            result = binary->second(first, sum());
          }
        expect(")");
        return result;
      }

      const std::vector<std::string>           words;
      std::size_t                              position = 0;
      std::map<std::string, GiNaC::realsymbol> symbols;
    };
  } // namespace


  std::vector<std::string>
  tokens(const std::string &text)
  {
    const auto is_part_of_word = [](const char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
             c == '.';
    };
    std::vector<std::string> result;
    bool                     in_word = false;
    for (const char c : text)
      {
        // The sign of an exponent belongs to the number, as in 1e-3.
        const bool is_exponent_sign =
          in_word && (c == '+' || c == '-') && is_number(result.back()) &&
          std::tolower(static_cast<unsigned char>(result.back().back())) == 'e';
        if (in_word && (is_part_of_word(c) || is_exponent_sign))
          result.back() += c;
        else if (!std::isspace(static_cast<unsigned char>(c)))
          result.emplace_back(1, c);
        in_word = is_part_of_word(c) || is_exponent_sign;
      }
    return result;
  }


  std::string
  differentiate(const std::string &text, const std::string &variable)
  {
    Parser             parser(text);
    const ex           expression = parser.parse();
    std::ostringstream out;
    out << expression.diff(parser.symbol(variable));
    return out.str();
  }


  std::string
  differentiable_functions()
  {
    std::string names;
    for (const auto &entry : unary_functions())
      names += entry.first + ", ";
    for (const auto &entry : binary_functions())
      names += entry.first + ", ";
    return names.substr(0, names.size() - 2);
  }
} // namespace lsr
