// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_loss_h
#define lsr_studies_train_loss_h

#include <map>
#include <random>
#include <vector>

#include "applications/studies/physics-informed-operators/train-equations.h"

namespace lsr_studies
{
  /// The points of one step of training.
  struct TrainingPoints
  {
    /// [points, coordinates]. Where a jump over the period is demanded, the
    /// points at its other end are the last ones.
    torch::Tensor y;

    struct Range
    {
      long first, size;

      /// The part of @p tensor that belongs to these points, which its
      /// direction @p d counts.
      torch::Tensor
      of(const torch::Tensor &tensor, const long d) const
      {
        return tensor.narrow(d, first, size);
      }
    };

    std::map<PointKind, Range> ranges;

    /// Number of points, those at the other end of the period not counted.
    long n;
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

    /// [functions, points], at @p x.
    torch::Tensor
    values(const torch::Tensor &x) const;

    /// The input of the branch: the values at @p n_sensors equidistant points
    /// of [0, 1].
    torch::Tensor
    sensors(long n_sensors) const;

  private:
    double period;

    /// Mean, coefficients of cosines, and of sines, of each function.
    torch::Tensor coefficients;
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
   * with the branch $b$ and the jets $t^k$ of the trunk. Returns $L$, with its
   * derivatives with respect to the parameters of branch and trunk in the
   * gradients. Works in host memory.
   */
  double
  operator_loss(const TrainingEquation &equation,
                const Column           &branch_theta,
                const Column           &trunk_theta,
                const FunctionBatch    &functions,
                const TrainingPoints   &points,
                const Column           &branch_gradient,
                const Column           &trunk_gradient);



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
    mean_error(const Column &branch_theta, const Column &trunk_theta) const;

  private:
    const TrainingEquation &equation;
    torch::Tensor           sensors, points, solutions;
  };
} // namespace lsr_studies

#endif
