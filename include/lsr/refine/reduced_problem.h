// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_reduced_problem_h
#define lsr_refine_reduced_problem_h

#include <lsr/base/timer.h>
#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/least_squares.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <memory>

namespace lsr
{
  /// Rows of a residual about a network, to first order in the reduced
  /// coefficients: $f + G y$ with $G = A P J V$.
  struct LinearRows
  {
    Block  G;
    Column f;
  };

  /**
   * The rows of @p residual, linearized at the values of the network of
   * @p basis at the points of @p sampling. They are scaled such that their norm
   * is Euclidean.
   *
   * Throws lsr::Error if the values are not as many as the residual expects, or
   * if its inner product is not diagonal.
   */
  LinearRows
  linear_rows(const TangentBasis &basis,
              const Sampling     &sampling,
              Residual           &residual);



  /**
   * The small problem that a refinement solves: minimize $\|f + G y\|$ over $r$
   * reduced coefficients, with $G = A X$ the Jacobian of a residual times some
   * columns $X$ of values. The same on all ranks. There are three ways to make
   * one:
   *
   * - *By rows*: from an AppendRowsQR of $(G, -f)$, into which blocks of rows
   *   may have streamed. Householder reflections, no condition number is
   *   squared.
   * - *By an inner product*: that of the residual. Where it is diagonal, this
   *   is the first way for scaled rows. Otherwise it is the normal equations
   *   $G^T K^{-1} G\, y = -G^T K^{-1} f$, with $K^{-1} G = X$ for free where
   *   $K = A$. They square a condition number, so $X$ should be
   *   well-conditioned.
   * - *By Galerkin's method*: galerkin(), $X^T A X y = -X^T f$.
   */
  class ReducedProblem
  {
  public:
    /// By rows. Collective things have been done: AppendRowsQR::reduce().
    explicit ReducedProblem(const AppendRowsQR &rows);

    /// By the inner product of @p residual, which has been linearized. @p f are
    /// its rows. Collective.
    ReducedProblem(const Block &X, const Column &f, Residual &residual);

    /// By Galerkin's method, from $X^T A X$ and $X^T f$ that all ranks have.
    /// The norm is that of $X^T f$.
    static ReducedProblem
    galerkin(const Block &XTAX, const Column &XTf);

    /// The solutions of all ranks. Normal equations are never pivoted.
    LeastSquares
    least_squares(
      const Pivoting pivoting  = Pivoting::none,
      const double   tolerance = LeastSquares::default_tolerance) const;

    /**
     * The minimizer with the least $\|C y\|$, by singular values, for columns
     * of $G$ that are dependent: singular values below @p tolerance times the
     * largest, of $G C^{-1}$ (for normal equations, of their matrix), count as
     * zero. With $X = Q C$ and orthonormal columns $Q$ this is the shortest $X
     * y$.
     */
    Column
    shortest_solution(const double tolerance, const Block &C) const;

    /**
     * The problem as $r + 1$ rows with its norm as the Euclidean one: a
     * triangle, and the norm of what no $y$ changes. Throws lsr::Error if the
     * matrix of normal equations is not positive definite.
     */
    LinearRows
    rows() const;

    /// The root mean square of the lengths of the columns of $G$.
    double
    column_scale() const;

    /// Minimize $\|f + G y\|^2 + \lambda^2 \|y\|^2$.
    Column
    solve_damped(const double lambda) const;

    /// Solve $(G^T K^{-1} G + \lambda^2 I)\, y = b$ for another @p b than $-G^T
    /// K^{-1} f$. By rows this costs $O(r^2)$ after the first time.
    Column
    solve_damped(const double lambda, const Column &b) const;

    /// The wall time of the second way, stages `jacobian` (A X) and `solve`.
    const Timer &
    timer() const
    {
      return timer_;
    }

  private:
    ReducedProblem() = default;

    void
    set_rows(const AppendRowsQR &rows);

    /// Whether @p matrix is $G^T K^{-1} G$, and not a triangle.
    bool   normal_equations = false;
    Block  matrix;
    Column right_hand_side;
    double minimum_loss = 0;
    Timer  timer_;

    /// The singular values of the triangle, once solve_damped() needs them.
    mutable std::shared_ptr<const Tikhonov> singular_values;

    const Tikhonov &
    tikhonov() const;
  };
} // namespace lsr

#endif
