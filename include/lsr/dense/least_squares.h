// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_least_squares_h
#define lsr_dense_least_squares_h

#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/orthonormalization.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace lsr
{
  /**
   * The solutions of a least-squares problem over the rank, that is, for every
   * number of columns $k = 0, 1, \ldots$: entry $k$ of each vector belongs to
   * the solution that uses the leading $k$ columns.
   */
  struct RankProfile
  {
    /// $\|f + G y_k\|^2$.
    std::vector<double> loss;
    /// An estimate of the condition number of the leading $k$ columns; 1 for
    /// $k = 0$.
    std::vector<double> condition;
    /// $\|y_k\|$.
    std::vector<double> coefficient_norm;
  };

  /**
   * The smallest rank whose residual norm is within the factor
   * $1 + \text{slack}$ of the least one, given the loss of every rank: where
   * the plateau begins.
   */
  std::size_t
  choose_rank(const std::vector<double> &losses, double slack);

  /**
   * The minimizers of $\|f + G_k y\|^2 + \lambda^2 \|y\|^2$ for all $\lambda$,
   * where $G_k$ are some columns of a matrix $G$, from one singular value
   * decomposition of their triangle,
   * @f[
   *   R_k = U \,\mathrm{diag}(s)\, V^T, \qquad
   *   y(\lambda) = V \,\mathrm{diag}\Bigl(\frac{s}{s^2 + \lambda^2}\Bigr) U^T z
   * .
   * @f]
   * Made by LeastSquares::tikhonov(). For $\lambda = 0$ the solution is the
   * shortest minimizer, singular values below a tolerance times the largest
   * counting as zero.
   *
   * The decomposition costs $O(k^3)$, everything else $O(k^2)$ per $\lambda$.
   */
  class Tikhonov
  {
  public:
    /**
     * \param [in] R $k \times k$, the triangle of the columns; overwritten
     * \param [in] z $k$ entries of $Q^T (-f)$
     * \param [in] unreachable $\|f\|^2$ minus the part in the span of the
     *   columns
     * \param [in] used column j of the triangle is column used[j] of $G$
     * \param [in] n_columns the columns of $G$
     * \param [in] tolerance below which, relative to the largest, singular
     *   values count as zero for $\lambda = 0$
     */
    Tikhonov(const HostBlock                &R,
             const HostColumn               &z,
             double                          unreachable,
             const std::vector<std::size_t> &used,
             std::size_t                     n_columns,
             double                          tolerance);

    /// $s_1$, the scale of sensible values of $\lambda$; 0 without columns.
    double
    largest_singular_value() const;

    /// $y(\lambda)$, as coefficients of the columns of $G$.
    Column
    solve(double lambda) const;

    /// $(R_k^T R_k + \lambda^2 I)^{-1} b$, the entries of @p b and of the
    /// result belonging to columns of $G$.
    Column
    solve_normal_equations(double lambda, const Column &b) const;

    /// $\|f + G y(\lambda)\|^2$.
    double
    loss(double lambda) const;

    /// The trace of the matrix that maps $-f$ to $G y(\lambda)$,
    /// $\sum_i s_i^2 / (s_i^2 + \lambda^2)$: how many columns there are in
    /// effect.
    double
    effective_rank(double lambda) const;

    /// $\|f' + G' y(\lambda)\|^2$ for other rows, known by their own
    /// factorization, for each of @p lambdas.
    std::vector<double>
    held_out_loss(const AppendRowsQR        &held_out,
                  const std::vector<double> &lambdas) const;

  private:
    /// The coefficients $\mathrm{diag}(s / (s^2 + \lambda^2)) U^T z$.
    void
    filter(double lambda, double *x) const;

    /// $V x$, as coefficients of the columns of $G$.
    Column
    combination(const HostColumn &x) const;

    std::vector<double>      s;
    HostBlock                VT;
    HostColumn               UTz;
    double                   unreachable;
    std::vector<std::size_t> used;
    std::size_t              n_columns;
    double                   tolerance;
  };



  /**
   * The problem of minimizing $\|f + G y\|$ over $y$, given the triangle of a
   * QR factorization $G = Q R$ (see AppendRowsQR) and $z = Q^T (-f)$.
   *
   * The columns are nested: the solution of rank $k$ uses the leading $k$ of
   * them, $y_k = R_k^{-1} z_{1:k}$ with the leading triangle $R_k$, and so one
   * factorization gives every rank, with
   * @f[
   *   \|f + G y_k\|^2 = \rho^2 + \sum_{j > k} z_j^2 ,
   * @f]
   * summed from the tail and never subtracted. profile() lists this loss, the
   * condition and the norm of the coefficients for all ranks; choose_rank()
   * picks one from it.
   *
   * Rank-deficient matrices are normal here. numerical_rank() says how many
   * leading columns are independent, and solutions never use more. With
   * Pivoting::none the columns keep their order, and the first dependent column
   * ends the usable ones; with Pivoting::columns the columns are scaled to unit
   * length and a pivoted QR of the triangle (pivoted_qr()) moves the
   * dependent ones to the end. Ranks then count columns in the order of the
   * pivots, and condition numbers are those of the scaled columns; coefficients
   * are always those of the columns of $G$, in their order.
   *
   * @code
   * const LeastSquares least_squares(qr);
   * const std::size_t  rank = choose_rank(least_squares.losses(), 0.01);
   * const Column       y    = least_squares.solve(rank);
   * @endcode
   *
   * Everything is computed on every rank from the same triangle; nothing
   * communicates.
   */
  class LeastSquares
  {
  public:
    /// The relative tolerance below which columns count as dependent: well
    /// above rounding, so that those which are equal never give coefficients
    /// that cancel.
    static constexpr double default_tolerance = 1e-14;

    /**
     * Take over a factorization.
     *
     * \param [in] R $r \times r$; only the upper triangle is read
     * \param [in] z $Q^T (-f)$, $r$ entries
     * \param [in] rho2 the squared norm of the part of $f$ orthogonal to the
     *   columns
     * \param [in] pivoting the order in which columns are used
     * \param [in] tolerance columns are used as long as their condition number
     *   is at most 1 / @p tolerance
     *
     * Throws Error if the extents do not fit, an entry is not finite or the
     * tolerance is not between 0 and 1.
     */
    LeastSquares(const Block  &R,
                 const Column &z,
                 double        rho2,
                 Pivoting      pivoting  = Pivoting::none,
                 double        tolerance = default_tolerance);

    /// The same from an AppendRowsQR of $G$ with right hand sides $-f$.
    explicit LeastSquares(const AppendRowsQR &qr,
                          Pivoting            pivoting  = Pivoting::none,
                          double              tolerance = default_tolerance);

    /**
     * The same with a given order of columns, such as that of the pivots of
     * another problem with the same columns.
     *
     * \param [in] qr the factorization
     * \param [in] order a permutation of the columns of $G$: the leading $k$ of
     *   it make up the solution of rank $k$
     * \param [in] tolerance as above
     */
    LeastSquares(const AppendRowsQR             &qr,
                 const std::vector<std::size_t> &order,
                 double                          tolerance = default_tolerance);

    /**
     * The same problem in the norm $\|f\|^2 = f^T K^{-1} f$, from its normal
     * equations: with $S = K^{-1} G$, $N = S^T G$ and $b = -S^T f$, the
     * triangle is the Cholesky factor of $N$, and $z = R^{-T} b$. This squares
     * the condition number of $K^{-1/2} G$: use it for columns that are nearly
     * orthonormal (see orthonormalize()).
     *
     * \param [in] N $r \times r$, symmetric up to rounding; its symmetric part
     *   is used. If it is not positive definite, the columns in front of the
     *   first one that breaks the factorization are used.
     * \param [in] b $r$ entries
     * \param [in] minimum_loss $\rho^2$, which the normal equations do not
     *   know; the constant of the losses in the profile
     */
    static LeastSquares
    from_normal_equations(const Block &N, const Column &b, double minimum_loss);

    std::size_t
    n_columns() const;

    /// The columns of $G$ in the order in which solutions use them.
    const std::vector<std::size_t> &
    order() const;

    /**
     * The largest number of leading columns whose condition number, as
     * estimated incrementally (LAPACK's laic1), is at most 1 / tolerance().
     */
    std::size_t
    numerical_rank() const;

    /// The relative tolerance below which columns count as dependent.
    double
    tolerance() const;

    /**
     * The solution that uses the leading @p rank columns, or numerical_rank()
     * if that is less: $r$ coefficients in the order of the columns of $G$,
     * zero for the columns that are not used.
     */
    Column
    solve(std::size_t rank = std::numeric_limits<std::size_t>::max()) const;

    /// The regularized solutions that use the leading @p rank columns (all, if
    /// that is less); costs a singular value decomposition.
    Tikhonov
    tikhonov(std::size_t rank = std::numeric_limits<std::size_t>::max()) const;

    /**
     * $\|f' + G' y_k\|^2$ for the ranks $k = 0, \ldots, $ numerical_rank(),
     * where $G'$ and $f'$ are other rows of the same columns, known by their
     * own factorization: the loss of the solutions on rows that they have
     * not seen. Costs $O(r^3)$ for all ranks together.
     */
    std::vector<double>
    held_out_loss(const AppendRowsQR &held_out) const;

    /// The loss $\|f + G y_k\|^2$ for the ranks $k = 0, \ldots, $
    /// numerical_rank().
    std::vector<double>
    losses() const;

    /// The same problem for the unknown $y$ + @p offset, with the same
    /// triangle. Needs Pivoting::none.
    LeastSquares
    about(const Column &offset) const;

    /**
     * Loss, condition and coefficient norm for the ranks
     * $0, \ldots, $ numerical_rank(), at the cost $O(r^3)$ of one triangular
     * inverse.
     *
     * \param [in] basis_triangle If the columns of $G$ belong to a basis $Q$
     *   that was made from other columns by $W = Q R_b$ (orthonormalize()),
     *   this is $R_b$ ($r \times r$, upper triangular), and condition and
     *   coefficient norm are those of the columns that belong to $W$: of
     *   $R R_b$ and of $R_b^{-1} y$. Needs Pivoting::none, for only then are
     *   the leading columns of $Q$ those of $W$.
     */
    RankProfile
    profile(const Block &basis_triangle = Block()) const;

  private:
    void
    scale_and_pivot();

    /// Throws Error for columns that are not in their own order.
    void
    require_no_pivots(const std::string &what) const;

    /// The coefficients of G's columns from those of the scaled, pivoted ones.
    Column
    unscramble(const HostColumn &x) const;

    /// Triangle and right hand side of the scaled columns in pivot order.
    Block      R;
    HostColumn z;
    double     rho2;
    double     relative_tolerance;

    /// Column j of the triangle is column pivots[j] of G times scale[j].
    std::vector<std::size_t> pivots;
    std::vector<double>      scale;

    /// The condition number of the leading k columns, k = 0..r.
    std::vector<double> condition;
  };
} // namespace lsr

#endif
