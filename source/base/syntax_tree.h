// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_syntax_tree_h
#define lsr_base_syntax_tree_h

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace lsr
{
  struct SyntaxOperation;

  /**
   * A formula in some variables, as a list of operations. Each operation comes
   * after those whose results it uses, equal ones occur once, and those on
   * numbers are carried out.
   *
   * Derivatives are trees, too, made by the chain rule. Sacado's numbers are
   * not used for them: there x^2 at x = 0 has the derivative NaN if the
   * exponent is such a number, abs at zero has the derivative 1, erf is
   * missing, and second derivatives take nested numbers, which are slower than
   * one list of plain operations.
   */
  class SyntaxTree
  {
  public:
    /// The names that may stand in a text.
    struct Names
    {
      /// The position in the list is the variable's number.
      std::vector<std::string>           variables;
      std::map<std::string, double>      constants;
      std::map<std::string, std::string> expressions;
    };

    /// Throws lsr::Error, which says at which column what was expected.
    SyntaxTree(const std::string &text, const Names &names);

    double
    evaluate(const double *variables) const;

    bool
    depends_on(const unsigned int variable) const;

    /// Whether this is a number.
    bool
    is_constant() const;

    SyntaxTree
    derivative(const unsigned int variable) const;

    /// The formula with @p replacement in the place of @p variable.
    SyntaxTree
    substitute(const unsigned int variable,
               const SyntaxTree  &replacement) const;

    /// @p left and @p right with an operator, "+" say, between them.
    static SyntaxTree
    combine(const SyntaxTree  &left,
            const std::string &name,
            const SyntaxTree  &right);

    /**
     * The formula as statements of TorchScript, one for each operation, that
     * are appended to @p lines; the names that they assign begin with
     * @p prefix. @p variables are the texts of the variables, tensors of equal
     * sizes or such that broadcast. Returns the text of the result, a number
     * where the formula is one. Throws lsr::Error where a number is not finite.
     */
    std::string
    torchscript(const std::vector<std::string> &variables,
                const std::string              &prefix,
                std::string                    &lines) const;

  private:
    struct Node
    {
      /// n for numbers, v for variables, ? for "b if a is not zero, otherwise
      /// c", the four signs of arithmetic, f for all others.
      char kind;

      /// Positions of the operands; the number of a variable.
      unsigned int a = 0, b = 0, c = 0;

      /// The value of numbers.
      double number = 0.;

      /// A null pointer for the first three kinds.
      const SyntaxOperation *operation = nullptr;
    };

    class Builder;
    class Parser;

    /// The position of a node.
    using Place = unsigned int;

    SyntaxTree() = default;

    /// First the numbers, then the variables, then the others, of which the
    /// last one is the result.
    std::vector<Node> nodes;

    Place n_numbers = 0;

    /// Of numbers and variables.
    Place n_leaves = 0;
  };
} // namespace lsr

#endif
