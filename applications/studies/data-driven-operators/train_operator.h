// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_operator_h
#define lsr_studies_train_operator_h

#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>

#include <functional>
#include <string>

#include "applications/studies/data-driven-operators/operator_networks.h"

namespace lsr_studies
{
  /// How long a network is trained.
  struct OperatorTraining
  {
    /// Passes over the functions with Adam.
    unsigned int epochs = 2000;

    /// Iterations of L-BFGS with all functions after that.
    unsigned int lbfgs_iterations = 0;

    /// Of Adam.
    double learning_rate = 1e-3, weight_decay = 1e-4;
  };

  /**
   * Train @p layout on the functions to fit of @p on_grid as the paper does:
   * Adam, its learning rate halved every quarter of the epochs, 50 functions in
   * a mini-batch, and the mean of the norms of the functions' errors as loss;
   * then, which the paper does not, by L-BFGS with the same loss. The network
   * that is returned takes [sensors, x].
   */
  Network
  train_operator(const OperatorNetwork                          &layout,
                 const DataSet                                  &on_grid,
                 const OperatorTraining                         &length,
                 const std::function<void(const std::string &)> &progress);

  /// The relative l2 error of each function on its grid, in the order of the
  /// groups of @p rows; with a correction, of the refined prediction.
  std::vector<double>
  relative_errors(const Network &network,
                  const DataSet &rows,
                  const Column  &correction = {});
} // namespace lsr_studies

#endif
