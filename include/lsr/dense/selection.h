// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_selection_h
#define lsr_dense_selection_h

#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/least_squares.h>

#include <cstddef>
#include <optional>
#include <vector>

namespace lsr
{
  /// How many columns and how much damping; see LeastSquares::tikhonov().
  struct Regularization
  {
    std::size_t rank   = 0;
    double      lambda = 0;

    /// The predicted loss of this choice.
    double predicted_loss = 0;
  };



  /**
   * An estimate of the loss that solutions of a least-squares problem have on
   * rows that they were not fitted to. By it, the number of columns and the
   * Tikhonov parameter are chosen. Estimates are comparable with each other,
   * and in units of the loss $\|f + G y\|^2$ of all fitted rows.
   */
  class PredictedLoss
  {
  public:
    virtual ~PredictedLoss() = default;

    /// Without damping, for the ranks 0, 1, ...
    virtual std::vector<double>
    of_ranks() const = 0;

    /// How much smaller than that of rank 0 the loss of @p choice has to be
    /// for not being so by chance.
    virtual double
    uncertainty(const Regularization &choice) const = 0;

    /// For @p rank columns, damped by each of @p lambdas.
    virtual std::vector<double>
    of_lambdas(std::size_t rank, const std::vector<double> &lambdas) const = 0;
  };



  /**
   * Generalized cross-validation (Golub, Heath and Wahba 1979): the loss times
   * $(1 - t/n)^{-2}$, $n$ rows, $t$ the rank or Tikhonov::effective_rank().
   * Costs nothing, but takes rows for independent of each other: where they are
   * not (many rows of one function), it picks too large a rank. Ranks above
   * nine tenths of the rows are not trusted.
   */
  class GeneralizedCrossValidation : public PredictedLoss
  {
  public:
    GeneralizedCrossValidation(const LeastSquares &problem, std::size_t n_rows);

    std::vector<double>
    of_ranks() const override;

    /// $\sqrt{2/n}$ times the loss of rank 0: one standard deviation of a sum
    /// of squares of $n$ independent, normally distributed numbers.
    double
    uncertainty(const Regularization &choice) const override;

    std::vector<double>
    of_lambdas(std::size_t                rank,
               const std::vector<double> &lambdas) const override;

  private:
    double
    inflate(double loss, double effective_rank) const;

    const LeastSquares &problem;
    const double        n_rows;
  };



  /**
   * The loss on held-out rows: of a validation set, or, with several splits,
   * cross-validation, where every row is held out once.
   */
  class HeldOutLoss : public PredictedLoss
  {
  public:
    /// A problem, and rows that are not in it, in folds that are independent
    /// of each other.
    struct Split
    {
      LeastSquares              fitted;
      std::vector<AppendRowsQR> held_out;
    };

    /// The estimates are scaled from the held-out rows to @p n_rows rows.
    HeldOutLoss(std::vector<Split> splits, std::size_t n_rows);

    /**
     * Cross-validation: each of @p folds is held out of a fit to the others.
     * The fits use columns in the order of @p problem, the fit to all folds.
     */
    static HeldOutLoss
    cross_validation(const std::vector<AppendRowsQR> &folds,
                     const LeastSquares              &problem);

    std::vector<double>
    of_ranks() const override;

    /**
     * From the gains of the $B$ folds, each scaled to all rows: their mean is
     * no chance if it is larger than $t\, s / \sqrt{B}$, where $s$ is their
     * standard deviation and $t$ that quantile of Student's distribution with
     * $B - 1$ degrees of freedom below which it is with a probability of 95 %.
     * One fold says nothing of chance; its rows are taken for independent, as
     * in GeneralizedCrossValidation.
     */
    double
    uncertainty(const Regularization &choice) const override;

    std::vector<double>
    of_lambdas(std::size_t                rank,
               const std::vector<double> &lambdas) const override;

  private:
    const std::vector<Split> splits;

    /// All held-out rows of each split.
    std::vector<AppendRowsQR> held_out;

    double scale = 1;
  };



  /// The part of a Regularization that is given; choose_regularization()
  /// chooses the rest.
  struct RegularizationChoice
  {
    /// The number of columns, if it is given.
    std::optional<std::size_t> rank;

    /// The Tikhonov parameter $\lambda$, if it is given.
    std::optional<double> lambda;

    /// Smallest ranks are preferred that predict a residual norm within one
    /// plus this of the least.
    double slack = 1e-2;

    /// Search ranks and $\lambda$ together even if the ranks alone give no sign
    /// of overfitting.
    bool exhaustive = false;
  };



  /**
   * Choose rank and Tikhonov parameter of @p problem for the least predicted
   * loss.
   *
   * First among all ranks without damping. If that shows overfitting (all
   * columns are predicted to lose a fifth more than the best rank, or four
   * times what they lose on the fitted rows) and $\lambda$ is not given,
   * $\lambda$ is searched as well: on a grid of four values a decade from the
   * largest singular value down, for ranks that are the largest one divided by
   * powers of 2. Rank 0, which is no correction at all, is what remains unless
   * the gain over it is larger than its uncertainty.
   */
  Regularization
  choose_regularization(const PredictedLoss        &predicted,
                        const LeastSquares         &problem,
                        const RegularizationChoice &choice = {});
} // namespace lsr

#endif
