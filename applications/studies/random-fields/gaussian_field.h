// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_gaussian_field_h
#define lsr_studies_gaussian_field_h

#include <random>
#include <string>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * A real Fourier series,
   * @f[
   *   g(x) = \text{mean} + \sum_{k \ge 1} a_k \cos(2 \pi k x / P)
   *                                     + b_k \sin(2 \pi k x / P),
   * @f]
   * with $a_k$ = cosine[k - 1], $b_k$ = sine[k - 1] and the period $P$.
   */
  struct FourierSeries
  {
    double              period = 2;
    double              mean   = 0;
    std::vector<double> cosine, sine;

    double
    operator()(double x) const;

    /// The values at @p n points $i P' / n$ behind @p first, where $P'$ is
    /// @p length.
    std::vector<double>
    values(double first, double length, unsigned int n) const;

    /// The smallest value at 201 points of the interval [first, last].
    double
    minimum(double first, double last) const;

    /// The integral of the series without its mean, itself with mean 0.
    FourierSeries
    integral() const;

    /// The series as an expression of @p variable in the syntax of muParser,
    /// with all digits.
    std::string
    expression(const std::string &variable) const;
  };



  /**
   * A stationary periodic Gaussian process of mean zero, by its Karhunen-Loeve
   * expansion: the coefficients of the FourierSeries are independent and
   * normally distributed, $a_k$ and $b_k$ with standard_deviation[k].
   */
  struct GaussianField
  {
    double period = 2;

    /// For $k = 0, 1, \dots$; that of $k = 0$ is of the mean.
    std::vector<double> standard_deviation;

    /// A sample; the next numbers of @p generator decide which.
    FourierSeries
    sample(std::mt19937_64 &generator) const;
  };

  /**
   * The process with the covariance $\exp(-|x - x'|^2 / (2 l^2))$ and length
   * scale @p l, up to its periodic repetition, which is $\exp(-1/(2l^2))$
   * where @p period is 2 and points are in $[0, 1]$. Modes down to $10^{-9}$ of
   * the largest.
   */
  GaussianField
  squared_exponential_field(double l, double period = 2);

  /**
   * Standard deviations $\sigma \left((2 \pi k / P)^2 + \tau^2\right)^{-2}$ for
   * $k = 1, \dots, n$, and a mean with the standard deviation that the formula
   * gives for $k = 0$ divided by $\sqrt 2$ (the norm of its eigenfunction), or
   * with none.
   */
  GaussianField
  rational_field(double       sigma,
                 double       tau,
                 double       period,
                 bool         with_mean,
                 unsigned int n = 32);

  /// Initial values of Burgers' equation with the period 1 (paper, Example 3):
  /// $\sigma = 625 \sqrt 2$, $\tau = 5$, without a mean.
  GaussianField
  burgers_initial_values();
} // namespace lsr_studies

#endif
