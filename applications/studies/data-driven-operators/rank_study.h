// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_rank_study_h
#define lsr_studies_rank_study_h

#include <lsr/base/timer.h>
#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "applications/studies/data-driven-operators/operator_networks.h"

namespace lsr_studies
{
  /// The subject of a rank study.
  struct RankStudyParameters
  {
    TangentBasisParameters basis;

    /// Whether to look for a Tikhonov parameter, too; costs a singular value
    /// decomposition of as many columns as there are directions.
    bool tikhonov = true;

    /// Directions up to which the problem is solved once more in single
    /// precision; 0: not at all.
    std::size_t n_single_precision = 0;

    std::function<void(const std::string &)> progress;
  };



  /// A solution of the reduced least-squares problem, and its errors.
  struct RankStudySolution
  {
    /// It uses the leading @p rank directions, damped by @p lambda.
    std::size_t rank   = 0;
    double      lambda = 0;

    /// The objective: the mean square of the relative l2 error of a
    /// function to fit, of the linear model.
    double loss = 0;

    /// Condition estimate of the columns, and norm of the coefficients without
    /// damping.
    double condition = 1, coefficient_norm = 0;

    /// The mean relative l2 error of a function: of as many functions to fit as
    /// there are to test, of those for validation, and of those to test.
    double fit = 0, validation = 0, test = 0;

    /// The loss of the solution of this rank in single precision, evaluated in
    /// double precision; not a number where there is none.
    double single_precision_loss = std::numeric_limits<double>::quiet_NaN();
  };



  /// The results of rank_study().
  struct RankStudy
  {
    /// Without damping, for ranks from 0 to all that are independent; then with
    /// all of these columns, damped less and less.
    std::vector<RankStudySolution> solutions;

    /// The solution with the least validation error, and the one that uses all
    /// columns without damping.
    std::size_t best = 0, undamped = 0;

    /// The corrections of the parameters of these two.
    Column best_correction, undamped_correction;

    std::size_t n_rows = 0;

    /// Functions to fit.
    double
    n_functions() const
    {
      return double(n_rows) / n_sensors;
    }

    /// Stages `subspace`, `reduce` (J V and its factorization), `single
    /// precision`, `solve` and `errors`.
    Timer timer;
  };



  /**
   * Refine an operator network on the rows to fit of @p rows, each divided by
   * the norm of its function's targets, in blocks and in one factorization of
   * nested columns, which gives the solutions of all ranks and Tikhonov
   * parameters, and measure their errors. Functions are groups of n_sensors
   * consecutive rows.
   *
   * Throws lsr::Error if there are no functions to fit, for validation or to
   * test, or more directions than rows.
   */
  RankStudy
  rank_study(const Network             &network,
             const DataSet             &rows,
             const RankStudyParameters &parameters);
} // namespace lsr_studies

#endif
