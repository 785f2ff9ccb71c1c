// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_approximation_problem_h
#define lsr_studies_approximation_problem_h

#include <lsr/network/network.h>
#include <lsr/refine/data_set.h>

#include <cstdint>
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
} // namespace lsr_studies

#endif
