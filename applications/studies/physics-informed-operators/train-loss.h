// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_loss_h
#define lsr_studies_train_loss_h

#include <lsr/base/types.h>
#include <lsr/network/network.h>

#include <map>
#include <random>

#include "applications/studies/physics-informed-operators/train-equations.h"
#include "applications/studies/training/taylor_mode.h"

namespace lsr_studies
{
  /// The points of one step of training.
  struct TrainingPoints
  {
    /// Coordinates x points. Where a jump over the period is demanded, the
    /// points at its other end are the last ones.
    HostBlock y;

    struct Range
    {
      std::size_t first, last;
    };

    /// Which columns belong to each kind of points.
    std::map<PointKind, Range> ranges;

    /// Number of points, those at the other end of the period not counted.
    std::size_t n;
  };

  /**
   * Draw @p n_interior points in the interior and about the square root of
   * twice that in every other set. Each set is a lattice (multiples of
   * irrational numbers, mod 1) at a random place, which covers the interval or
   * square more evenly than independent points.
   */
  TrainingPoints
  draw_points(const TrainingEquation &equation,
              unsigned int            n_interior,
              std::mt19937_64        &generator);



  /// Input functions, with their values at points.
  class FunctionBatch
  {
  public:
    explicit FunctionBatch(const std::vector<FourierSeries> &functions);

    /// Functions x points, at @p x.
    HostBlock
    values(const std::vector<double> &x) const;

    /// The input of the branch: @p n_sensors equidistant points of [0, 1]
    /// x functions.
    Block
    sensors(unsigned int n_sensors) const;

  private:
    double period;

    /// Mean, coefficients of cosines, and of sines, x functions.
    Block coefficients;
  };

  std::vector<FourierSeries>
  draw_functions(const TrainingEquation &equation,
                 unsigned int            n,
                 std::mt19937_64        &generator);



  /**
   * The loss of a physics-informed operator network, all functions at all
   * points,
   * @f[
   *   L = \sum_c w_c \operatorname{mean}_{i,j}\,
   *       r_c\bigl(u_i(x_j), S_{ij}\bigr)^2, \qquad
   *   S^k_{ij} = \sum_l b_l(u_i)\, t^k_l(y_j),
   * @f]
   * with the branch $b$ and the jets $t^k$ of the trunk: products of matrices,
   * as are the derivatives with respect to $b$ and $t^k$, which are pulled back
   * through each network alone. Works in host memory.
   */
  class OperatorLoss
  {
  public:
    explicit OperatorLoss(const TrainingEquation &equation);

    /// $L$, and its derivatives with respect to the parameters of branch and
    /// trunk.
    double
    operator()(const Column         &branch_theta,
               const Column         &trunk_theta,
               const FunctionBatch  &functions,
               const TrainingPoints &points,
               const Column         &branch_gradient,
               const Column         &trunk_gradient);

  private:
    /// The entries of the jets of all pairs, functions x points each.
    using Jets = std::vector<HostBlock>;

    /// Sum of the conditions, and its derivatives in @p slopes.
    double
    add_conditions(const TrainingPoints &points,
                   const HostBlock      &u,
                   const Jets           &jets,
                   const Jets           &slopes) const;

    const TrainingEquation &equation;
    TaylorMode              branch, trunk;
  };



  /// Relative L2 errors of operator networks for functions that they have not
  /// been trained with, on a grid.
  class OperatorTest
  {
  public:
    OperatorTest(const TrainingEquation &equation,
                 unsigned int            n_functions,
                 std::uint64_t           seed);

    /// Mean over the functions.
    double
    mean_error(const Network &branch, const Network &trunk) const;

  private:
    Block     sensors, points;
    HostBlock solutions;
  };
} // namespace lsr_studies

#endif
