// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_approximation_h
#define lsr_studies_approximation_h

#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * The function $\sin(\pi x) \sin(\pi y)$ at random points of $[-1,1]^2$, to
   * train on and to test with, and on a lattice that covers the square.
   */
  struct ApproximationProblem
  {
    DataSet train, test, lattice;

    /// Throws lsr::Error if there are no points to train on or to test with.
    ApproximationProblem(std::size_t   n_train,
                         std::size_t   n_test,
                         std::uint64_t seed);

    /// An untrained tanh network that standardizes its inputs to mean 0 and
    /// standard deviation 1 over the points to train on.
    Network
    make_network(const std::vector<unsigned int> &widths,
                 std::uint64_t                    seed) const;
  };

  /// $q - t$ at the points of @p data, of the refined prediction if there is a
  /// correction.
  Column
  errors(const Network &network,
         const DataSet &data,
         const Column  &correction = {});

  /// $a x + b y$.
  Column
  combination(double a, const Column &x, double b, const Column &y);

  /// The mean of the squares.
  double
  mean_square(const Column &x);



  /**
   * The convex problem $\min_v \|f + J v\|^2$ over all parameters of a network,
   * linearized where it is, on data. The network is a FullyConnected with one
   * output. $J$ is kept as the factors of its rows, so that a product with it
   * or its transpose costs one matrix product a layer.
   */
  class LinearizedProblem
  {
  public:
    /// Keeps a reference to the network, whose parameters must not change.
    /// Throws lsr::Error if it has parameters other than those of its layers.
    LinearizedProblem(const Network &network, const DataSet &data);

    std::size_t
    n_parameters() const
    {
      return network.n_parameters();
    }

    /// $f$.
    const Column &
    residual() const
    {
      return f;
    }

    /// $J v$.
    Column
    times(const Column &v) const;

    /// $J^T u$.
    Column
    transposed_times(const Column &u) const;

    /// The mean square of $f + J v$, and its gradient.
    double
    loss(const Column &v, const Column &gradient) const;

  private:
    const Network          &network;
    const RankOneDirections rows;
    const Column            f;
  };



  /// Called with the number of products with $J$ and $J^T$ so far and the mean
  /// square of the residual.
  using ProgressOfSolver =
    std::function<void(unsigned int n_products, double mse)>;

  /// How a LinearizedProblem is solved by iterations that begin at zero.
  struct IterativeSolver
  {
    /**
     * - `adam`: on the full gradient of the mean square;
     * - `lbfgs`: on the mean square, with strong Wolfe line search;
     * - `cgls`: conjugate gradients for least squares (Hestenes and Stiefel,
     *   1952), in the form that does not multiply $J^T J$ out;
     * - `lsqr`: Golub-Kahan bidiagonalization (Paige and Saunders, 1982).
     */
    std::string method;

    unsigned int n_iterations = 1000;

    /// Learning rate of Adam.
    double rate = 1e-3;

    /// Pairs that L-BFGS keeps.
    unsigned int history = 100;

    /// The solution after all iterations, or before if they cannot improve it.
    Column
    solve(const LinearizedProblem &problem,
          const ProgressOfSolver  &progress) const;
  };
} // namespace lsr_studies

#endif
