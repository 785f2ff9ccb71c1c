// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_train_points_h
#define lsr_studies_train_points_h

#include <lsr/dense/host.h>

#include <map>
#include <random>

#include "applications/studies/physics-informed-operators/train-equations.h"

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

    /// What the branch network sees: @p n_sensors equidistant points of [0, 1]
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
} // namespace lsr_studies

#endif
