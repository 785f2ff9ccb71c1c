// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_softmax_residual_h
#define lsr_studies_softmax_residual_h

#include <lsr/refine/residual.h>

#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * The residual of classification (paper, S2.5): what the probabilities
   * $p = \mathrm{softmax}(q)$ of the classes, $p_c = e^{q_c} / \sum_d e^{q_d}$,
   * are off the certainty of the right one,
   * @f[
   *   f(q) = \mathrm{softmax}(q) - \mathrm{onehot}(\mathrm{label}),
   *   \qquad A = \mathrm{diag}(p) - p\,p^T,
   * @f]
   * for each point by itself, with the Euclidean norm. Rows are ordered like
   * the values of a network with one output for each of $k$ classes: row
   * $i k + c$ is class $c$ at point $i$.
   *
   * The $k$ rows of a point sum to zero, and so do those of $A X$: of a point's
   * rows $k - 1$ are independent. Adding a number to all values of a point
   * changes nothing. The Jacobian is symmetric.
   */
  class SoftmaxResidual : public Residual
  {
  public:
    /**
     * @p labels of the points of this rank, classes counted from 0; points are
     * distributed over @p communicator. Throws lsr::Error if there is a label
     * that is not below @p n_classes.
     */
    SoftmaxResidual(const std::vector<unsigned int> &labels,
                    const unsigned int               n_classes,
                    const Communicator &communicator = Communicator());

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

  private:
    const unsigned int n_classes;

    /// The rows of the labels, one after the other.
    Column onehot;

    /// $p$ where the residual was linearized.
    Column probabilities;
  };
} // namespace lsr_studies

#endif
