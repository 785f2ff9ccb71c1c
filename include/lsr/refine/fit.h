// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_fit_h
#define lsr_refine_fit_h

#include <lsr/base/communicator.h>
#include <lsr/base/timer.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/least_squares.h>
#include <lsr/dense/selection.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// Some rows of a residual: values of the network at @p points, in the order
  /// of Network::evaluate(), and the residual of these values.
  struct RowBlock
  {
    /// Inputs of the network $\times$ points.
    Block points;

    /// The residual of these points alone, with a Euclidean or weighted norm.
    Residual &residual;

    /// Rows of different folds are independent of each other.
    unsigned int fold = 0;
  };



  /**
   * The rows of a least-squares problem, block by block, so that no more than
   * one block of $J V$ is held at a time. A stream may join several residuals:
   * it hands out the blocks of one after those of the other.
   */
  class RowStream
  {
  public:
    virtual ~RowStream() = default;

    /// How many folds the rows are divided into.
    virtual unsigned int
    n_folds() const
    {
      return 1;
    }

    /// Number of values of the network on this rank.
    virtual std::size_t
    n_values() const = 0;

    /// Call @p visit for each block of this rank. A block is only valid during
    /// the call.
    virtual void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const = 0;
  };



  /**
   * The first half of fit(): the rows of $A J V$ and $-f$ of a stream as
   * factorizations, one for each fold of the stream. With LeastSquares and
   * HeldOutLoss they give the solutions of all ranks, not only the one that
   * fit() chooses. @p progress is called with a line of text now and then.
   *
   * Collective over @p communicator. Throws lsr::Error if the residual of a
   * block does not belong to its points, or its inner product is not diagonal.
   */
  std::vector<AppendRowsQR>
  factorize(const TangentBasis                             &basis,
            const RowStream                                &rows,
            const std::function<void(const std::string &)> &progress     = {},
            const Communicator                             &communicator = {});



  /// The rule by which fit() chooses the number of columns and the damping.
  enum class SelectionRule
  {
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
    /// Automatic: validation if there are validation rows, else
    /// cross_validation if the rows come in folds, else
    /// generalized_cross_validation.
    std::optional<SelectionRule> rule;

    /// Which of rank and damping are given; the others are chosen.
    RegularizationChoice choice;

    /// Called with a line of text now and then.
    std::function<void(const std::string &)> progress;
  };



  /// The result of fit().
  struct Fit
  {
    /// The correction $\Delta\theta$ of the parameters.
    Column correction;

    /// Rows over all ranks; columns that are independent.
    std::size_t n_rows = 0, numerical_rank = 0;

    /// The rule that was used, and what it chose.
    SelectionRule  rule = SelectionRule::plateau;
    Regularization choice;

    /// $\|f\|^2$ of the network, and $\|f + A J V y\|^2$ of the solution.
    double initial_loss = 0, loss = 0;

    /// Loss, condition estimate and norm of the coefficients without damping,
    /// for every number of columns.
    RankProfile profile;

    /// The loss on unseen rows as the rule predicts it, undamped, for every
    /// number of columns, scaled to n_rows; empty for the plateau.
    std::vector<double> predicted;

    /// The mean square of the validation rows' residual: of the network and of
    /// the solution. Zero if there are none.
    double initial_validation = 0, validation = 0;

    /// Wall time of the stages `reduce` (J V and its factorization) and
    /// `solve`.
    Timer timer;
  };



  /**
   * The second half of fit(): the solution from the factorizations of each
   * fold of the rows, and of rows for validation. All ranks have the same.
   */
  Fit
  fit(const TangentBasis              &basis,
      const std::vector<AppendRowsQR> &folds,
      const FitParameters             &parameters = {},
      const std::vector<AppendRowsQR> &validation = {});



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
   * finite or has a dual norm, a given rank exceeds the directions, or the rule
   * needs validation rows or folds that are not there.
   */
  Fit
  fit(const TangentBasis  &basis,
      const RowStream     &rows,
      const FitParameters &parameters   = {},
      const RowStream     *validation   = nullptr,
      const Communicator  &communicator = Communicator());
} // namespace lsr

#endif
