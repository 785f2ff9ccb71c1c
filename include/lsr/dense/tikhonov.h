// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_tikhonov_h
#define lsr_dense_tikhonov_h

#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/host.h>

#include <cstddef>
#include <vector>

namespace lsr
{
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

    std::vector<double>      s;
    HostBlock                VT;
    HostColumn               UTz;
    double                   unreachable;
    std::vector<std::size_t> used;
    std::size_t              n_columns;
    double                   tolerance;
  };
} // namespace lsr

#endif
