// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_grading_h
#define lsr_fe_grading_h

#include <lsr/fe/expression.h>

#include <deal.II/base/point.h>

#include <string>
#include <vector>

namespace lsr
{
  /**
   * A map $x = g(\xi)$ of the coordinates $\xi$ of a mesh to those where its
   * vertices are moved to.
   */
  template <int dim>
  class Grading
  {
  public:
    /// @p text has an expression for each coordinate, separated by commas.
    /// Throws, naming @p location, where the text comes from, if there are
    /// other than dim of them or one cannot be read.
    Grading(const std::string &text, const std::string &location);

    /// $g(\xi)$.
    dealii::Point<dim>
    operator()(const dealii::Point<dim> &xi) const;

    /// The expressions.
    const std::string text;

    /// $\partial g_d / \partial \xi_e$.
    Expression<dim>
    derivative(const unsigned int d, const unsigned int e) const;

  private:
    std::vector<Expression<dim>> coordinates;
  };



  /// The inverse $\xi = g^{-1}(x)$ of a grading, by Newton's method.
  template <int dim>
  class InverseGrading
  {
  public:
    /// @p grading has to live as long as this object.
    explicit InverseGrading(const Grading<dim> &grading);

    /// $g^{-1}(x)$, beginning at @p guess. Throws if that does not converge.
    dealii::Point<dim>
    operator()(const dealii::Point<dim> &x,
               const dealii::Point<dim> &guess) const;

  private:
    const Grading<dim>          &grading;
    std::vector<Expression<dim>> derivatives;
  };
} // namespace lsr

#endif
