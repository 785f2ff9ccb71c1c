// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Fields that are known at points.


#include "fe/point_field.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/messages.h"

namespace
{
  using namespace lsr;

  Block
  random_points(const unsigned int dim,
                const std::size_t  n,
                const unsigned int seed)
  {
    std::mt19937                           generator(seed);
    std::uniform_real_distribution<double> uniform(0., 1.);
    const HostBlock points = to_host(make_zero_block(dim, n));
    for (std::size_t i = 0; i < n; ++i)
      for (unsigned int d = 0; d < dim; ++d)
        points(d, i) = uniform(generator);
    return to_memory_space(points);
  }



  Block
  grid_points(const unsigned int dim, const unsigned int n)
  {
    const HostBlock points =
      to_host(make_zero_block(dim, std::size_t(std::pow(n, dim) + .5)));
    for (std::size_t i = 0; i < points.extent(1); ++i)
      for (std::size_t d = 0, rest = i; d < dim; ++d, rest /= n)
        points(d, i) = double(rest % n) / (n - 1);
    return to_memory_space(points);
  }



  template <typename F>
  Column
  values(const Block &points, const F &f)
  {
    const HostBlock  host   = to_host(points);
    const HostColumn result = to_host(make_column(host.extent(1)));
    for (std::size_t i = 0; i < result.size(); ++i)
      result(i) = f(&host(0, i));
    return to_memory_space(result);
  }



  /// The largest error of the interpolant at points inside.
  template <int dim, typename F>
  double
  error(const Block &points, const F &f)
  {
    const PointField<dim> field(points);
    const Block           queries = random_points(dim, 200, 7);
    const HostBlock       host    = to_host(queries);
    for (std::size_t i = 0; i < host.size(); ++i)
      host.data()[i] = .1 + .8 * host.data()[i];
    const Block      inside = to_memory_space(host);
    const HostColumn given  = to_host(values(inside, f)),
                     found =
                       to_host(field.interpolate(values(points, f), inside));
    double largest = 0.;
    for (std::size_t i = 0; i < given.size(); ++i)
      largest = std::max(largest, std::abs(given(i) - found(i)));
    return largest;
  }



  double
  quadratic(const double *x)
  {
    return 1. + x[0] - 2. * x[1] + x[0] * x[1] - 3. * x[1] * x[1];
  }

  double
  cubic(const double *x)
  {
    return x[0] * x[0] * x[0] - x[1] * x[1] * x[0];
  }

  double
  wave(const double *x)
  {
    return std::sin(4. * x[0]) * std::cos(3. * x[1]);
  }



  TEST(PointField, GridsReproduceCubicPolynomials)
  {
    EXPECT_LT(error<2>(grid_points(2, 6), cubic), 1e-13);
    EXPECT_LT(error<3>(grid_points(3, 5), cubic), 1e-13);
  }



  TEST(PointField, ScatteredPointsReproduceQuadraticPolynomials)
  {
    EXPECT_LT(error<2>(random_points(2, 2000, 1), quadratic), 1e-9);
    EXPECT_LT(error<3>(random_points(3, 8000, 1), quadratic), 1e-9);
  }



  TEST(PointField, ErrorsHaveTheirOrder)
  {
    EXPECT_LT(error<2>(grid_points(2, 33), wave),
              error<2>(grid_points(2, 17), wave) / 12.);
    EXPECT_LT(error<2>(random_points(2, 16000, 2), wave),
              error<2>(random_points(2, 1000, 2), wave) / 20.);
  }



  TEST(PointField, PointsKeepTheirValues)
  {
    for (const Block &points : {grid_points(2, 9), random_points(2, 300, 3)})
      {
        const Column     f     = values(points, wave);
        const HostColumn given = to_host(f),
                         found = to_host(
                           PointField<2>(points).interpolate(f, points));
        for (std::size_t i = 0; i < given.size(); ++i)
          EXPECT_NEAR(found(i), given(i), 1e-13);
      }
  }



  TEST(PointField, CopiesOfAPointCountOnceWithTheirMean)
  {
    const HostBlock points = to_host(make_zero_block(1, 4));
    points(0, 1)           = 1.;
    points(0, 2)           = 0.;
    points(0, 3)           = 2.;
    const HostColumn f     = to_host(make_column(4));
    f(0)                   = 1.;
    f(1)                   = 5.;
    f(2)                   = 3.;
    f(3)                   = 8.;
    const PointField<1> field(to_memory_space(points));
    EXPECT_EQ(field.description(), "a grid of 3 points");
    const HostColumn found =
      to_host(field.interpolate(to_memory_space(f), grid_points(1, 2)));
    EXPECT_DOUBLE_EQ(found(0), 2.);
    EXPECT_DOUBLE_EQ(found(1), 5.);
  }



  TEST(PointField, SeveralComponentsStayBesideEachOther)
  {
    const Block      points = random_points(2, 500, 5);
    const HostBlock  host   = to_host(points);
    const HostColumn f      = to_host(make_column(1000));
    for (std::size_t i = 0; i < 500; ++i)
      {
        f(2 * i)     = quadratic(&host(0, i));
        f(2 * i + 1) = -quadratic(&host(0, i));
      }
    const Block      queries = grid_points(2, 3);
    const HostColumn found =
      to_host(PointField<2>(points).interpolate(to_memory_space(f), queries));
    for (std::size_t i = 0; i < 9; ++i)
      EXPECT_NEAR(found(2 * i), -found(2 * i + 1), 1e-12);
  }



  TEST(PointField, PointsOnALineInAPlaneAreFitted)
  {
    const HostBlock points = to_host(make_zero_block(2, 30));
    for (unsigned int i = 0; i < 30; ++i)
      points(0, i) = points(1, i) = i * i;
    const HostBlock query = to_host(make_zero_block(2, 1));
    query(0, 0) = query(1, 0) = 110.;
    const Block      block    = to_memory_space(points);
    const HostColumn found =
      to_host(PointField<2>(block).interpolate(values(block, quadratic),
                                               to_memory_space(query)));
    EXPECT_NEAR(found(0), quadratic(&query(0, 0)), 1e-6);
  }



  TEST(PointField, RefusesToGuessFarAway)
  {
    const HostBlock query = to_host(make_zero_block(2, 1));
    query(0, 0)           = 1.7;
    for (const Block &points : {grid_points(2, 9), random_points(2, 300, 3)})
      test::expect_contains(test::message([&]() {
                              PointField<2>(points).interpolate(
                                values(points, wave), to_memory_space(query));
                            }),
                            "not known near the point (1.7 0)");
  }
} // namespace
