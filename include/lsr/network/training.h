// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_training_h
#define lsr_network_training_h

#include <lsr/network/network.h>

#include <cstdint>
#include <functional>

namespace lsr
{
  /// The loss that training minimizes.
  enum class TrainingLoss
  {
    /// $\frac 1n \sum_i (q_i - t_i)^2$ over all values.
    mean_square,
    /// The mean over points of $\|q(x_i) - t_i\|_2$, the norm over the outputs
    /// of a point, unsquared: for networks that return a function on a grid.
    mean_norm
  };



  /// How the learning rate of Adam falls.
  enum class LearningRate
  {
    /// By a cosine over the epochs, to a hundredth.
    cosine,
    /// By a factor whenever the mean squared error has not improved, by more
    /// than 1e-4 of the best so far, for more than some epochs (PyTorch's
    /// ReduceLROnPlateau).
    plateau,
    /// By a factor after every so many epochs (PyTorch's StepLR).
    steps
  };



  /// How a network is trained on data: Adam on mini-batches, then L-BFGS.
  struct TrainingParameters
  {
    /// Passes over the data with Adam.
    unsigned int epochs = 300;

    /// Points in a mini-batch.
    unsigned int batch_size = 256;

    /// Learning rate of Adam at the start, and how it falls.
    double       learning_rate = 1e-3;
    LearningRate schedule      = LearningRate::cosine;

    /// LearningRate::plateau and LearningRate::steps: the factor, and the
    /// epochs without an improvement, or between two steps.
    double       learning_rate_factor = 0.5;
    unsigned int learning_rate_epochs = 10;

    /// Adam: add this times the parameters to the gradient.
    double weight_decay = 0;

    TrainingLoss loss = TrainingLoss::mean_square;

    /// Iterations of full-batch L-BFGS with strong Wolfe line search after
    /// that.
    unsigned int lbfgs_iterations = 0;

    /// Stop as soon as the mean squared error is below.
    double target = 0;

    /// Seed of the order of the mini-batches.
    std::uint64_t seed = 0;
  };

  /// Called after every epoch of Adam and every ten iterations of L-BFGS with
  /// a name of the stage, the count, and the mean squared error. The network
  /// then has the parameters that were reached, so that it can be saved.
  using TrainingProgress =
    std::function<void(const char *stage, unsigned int count, double mse)>;

  /**
   * Minimize the mean squared error $\frac 1n \sum_i (q_i - t_i)^2$, or another
   * TrainingLoss, over the parameters of @p network. Points are n_inputs
   * $\times$ n_points, targets are flattened like the values of the network.
   * Returns the mean squared error that was reached. Deterministic for a given
   * seed and number of threads. Throws lsr::Error if shapes do not match or the
   * loss is not finite.
   */
  double
  train(Network                  &network,
        const Block              &points,
        const Column             &targets,
        const TrainingParameters &parameters,
        const TrainingProgress   &progress = {});
} // namespace lsr

#endif
