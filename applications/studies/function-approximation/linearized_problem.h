// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_linearized_problem_h
#define lsr_studies_linearized_problem_h

#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>

#include <functional>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
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

  /**
   * @name Solvers that begin at zero and return the solution after
   * @p n_iterations, or before if they cannot improve it.
   */
  /// @{

  /// Adam on the full gradient of the mean square.
  Column
  solve_by_adam(const LinearizedProblem &problem,
                double                   rate,
                unsigned int             n_iterations,
                const ProgressOfSolver  &progress);

  /// L-BFGS on the mean square, with strong Wolfe line search.
  Column
  solve_by_lbfgs(const LinearizedProblem &problem,
                 unsigned int             history,
                 unsigned int             n_iterations,
                 const ProgressOfSolver  &progress);

  /// Conjugate gradients for least squares (Hestenes and Stiefel, 1952), in the
  /// form that does not multiply $J^T J$ out.
  Column
  solve_by_cgls(const LinearizedProblem &problem,
                unsigned int             n_iterations,
                const ProgressOfSolver  &progress);

  /// Golub-Kahan bidiagonalization (Paige and Saunders, 1982).
  Column
  solve_by_lsqr(const LinearizedProblem &problem,
                unsigned int             n_iterations,
                const ProgressOfSolver  &progress);

  /// @}
} // namespace lsr_studies

#endif
