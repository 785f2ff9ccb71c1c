// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_fit_h
#define lsr_refine_fit_h

#include <lsr/base/communicator.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/least_squares.h>
#include <lsr/dense/selection.h>
#include <lsr/network/network.h>
#include <lsr/refine/row_stream.h>
#include <lsr/refine/tangent_basis.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * The first half of fit(): the rows of $A J V$ and $-f$ of a stream as
   * factorizations, one for each fold of the stream. With LeastSquares and
   * HeldOutLoss they give the solutions of all ranks, not only the one that
   * fit() chooses. @p progress is called with a line of text now and then.
   *
   * Collective over @p communicator. Throws lsr::Error if the residual of a
   * block does not belong to its points or is not Euclidean.
   */
  std::vector<AppendRowsQR>
  factorize(const Network                                  &network,
            const TangentBasis                             &basis,
            const RowStream                                &rows,
            const std::function<void(const std::string &)> &progress     = {},
            const Communicator                             &communicator = {});



  /// By what fit() chooses the number of columns and the damping.
  enum class SelectionRule
  {
    /// validation if there are validation rows, else cross_validation if the
    /// rows come in folds, else generalized_cross_validation.
    automatic,
    /// As few columns as give a loss within one per cent of the best; no
    /// damping.
    plateau,
    /// The loss on validation rows.
    validation,
    /// The loss on each fold of a fit to the others.
    cross_validation,
    /// GeneralizedCrossValidation: for rows that are independent.
    generalized_cross_validation
  };

  /// Options of fit().
  struct FitParameters
  {
    SelectionRule rule = SelectionRule::automatic;

    /// What is given and what is to be chosen.
    RegularizationChoice choice;

    /// Called with a line of text now and then.
    std::function<void(const std::string &)> progress;
  };



  /// What fit() found.
  struct Fit
  {
    /// The correction $\Delta\theta$ of the parameters.
    Column correction;

    /// Rows over all ranks; columns that are independent.
    std::size_t n_rows = 0, numerical_rank = 0;

    /// The rule that was used, and what it chose.
    SelectionRule  rule = SelectionRule::automatic;
    Regularization choice;

    /// $\|f\|^2$ of the network, and $\|f + A J V y\|^2$ of the solution.
    double initial_loss = 0, loss = 0;

    /// Loss, condition estimate and norm of the coefficients without damping,
    /// for every number of columns.
    RankProfile profile;

    /// What the rule predicts as loss on unseen rows without damping, for every
    /// number of columns, scaled to n_rows; empty for the plateau.
    std::vector<double> predicted;

    /// The mean square of the validation rows' residual: of the network and of
    /// the solution. Zero if there are none.
    double initial_validation = 0, validation = 0;

    /// Wall time of the stages `reduce` (J V and its factorization) and
    /// `solve`.
    std::map<std::string, double> seconds;
  };



  /**
   * One-shot linearized subspace refinement with any number of rows: minimize
   * $\|f + A J V y\|^2 + \lambda^2 \|y\|^2$ over the reduced coefficients
   * (paper, Algorithm 1), with one linearization.
   *
   * Blocks of rows of $A J V$ stream into an AppendRowsQR, so that memory is
   * that of a block and of one triangle of $r^2$ numbers for each fold,
   * whatever the number of rows; the result does not depend on the size of the
   * blocks, up to rounding. One factorization gives the solutions of all ranks
   * and all
   * $\lambda$; the rule chooses among them, see choose_regularization(). Rows
   * of
   * @p validation are never fitted to; their folds, each of which has a
   * triangle of its own, tell gains from chance.
   *
   * Where several linearizations or a dual norm are needed, use refine(), which
   * holds all rows.
   *
   * Collective over @p communicator, over which rows are distributed. Throws
   * lsr::Error if there are fewer rows than directions, a residual is not
   * finite or not Euclidean, a given rank exceeds the directions, or the rule
   * needs validation rows or folds that are not there.
   */
  Fit
  fit(const Network       &network,
      const TangentBasis  &basis,
      const RowStream     &rows,
      const FitParameters &parameters   = {},
      const RowStream     *validation   = nullptr,
      const Communicator  &communicator = Communicator());
} // namespace lsr

#endif
