// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/random-fields/gaussian_field.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lsr_studies;

TEST(GaussianField, HasTheSquaredExponentialCovariance)
{
  const double        l          = 0.2;
  const GaussianField field      = squared_exponential_field(l);
  const auto          covariance = [&](const double distance) {
    double sum = 0;
    for (std::size_t k = 0; k < field.standard_deviation.size(); ++k)
      sum += std::pow(field.standard_deviation[k], 2) *
             std::cos(2 * M_PI * k * distance / field.period);
    return sum;
  };
  for (double distance = 0; distance <= 1; distance += 0.1)
    EXPECT_NEAR(covariance(distance),
                std::exp(-0.5 * std::pow(distance / l, 2)),
                2 * std::exp(-0.5 / (l * l)));
}

TEST(GaussianField, SamplesHaveItsStandardDeviations)
{
  const GaussianField field = rational_field(0.5 * 12.25 * 12.25, 3.5, 2, true);
  std::mt19937_64     generator(1);
  const unsigned int  n    = 4000;
  double              mean = 0, cosine = 0, sine = 0;
  for (unsigned int i = 0; i < n; ++i)
    {
      const FourierSeries sample = field.sample(generator);
      mean += sample.mean * sample.mean / n;
      cosine += sample.cosine[1] * sample.cosine[1] / n;
      sine += sample.sine[1] * sample.sine[1] / n;
    }
  const auto variance = [&](const unsigned int k) {
    return std::pow(field.standard_deviation[k], 2);
  };
  EXPECT_NEAR(mean / variance(0), 1, 0.1);
  EXPECT_NEAR(cosine / variance(2), 1, 0.1);
  EXPECT_NEAR(sine / variance(2), 1, 0.1);
}

TEST(FourierSeries, ExpressionHasAllDigits)
{
  FourierSeries series;
  series.period = 2;
  series.mean   = 0.1;
  series.cosine = {1. / 3};
  series.sine   = {-0.25};
  EXPECT_EQ(series.expression("x"),
            "(0.10000000000000001+(0.33333333333333331)*cos("
            "3.1415926535897931*x)+(-0.25)*sin(3.1415926535897931*x))");
}

TEST(FourierSeries, FindsItsMinimum)
{
  std::mt19937_64     generator(2);
  const FourierSeries series = squared_exponential_field(0.2).sample(generator);
  double              minimum = series(-0.5);
  for (const double value : series.values(-0.5, 1.5, 5000))
    minimum = std::min(minimum, value);
  EXPECT_NEAR(series.minimum(-0.5, 1), minimum, 1e-2);
  EXPECT_GE(series.minimum(-0.5, 1), minimum - 1e-6);
}
