// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/spectrum.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>
#include <sstream>

using namespace lsr;

namespace
{
  using Field = std::function<double(double, double)>;

  /// Samples on the box (1, 1 + width) x (-2, -2 + height).
  Raster
  sample(const Field       &field,
         const unsigned int n,
         const unsigned int m,
         const double       width  = 1.,
         const double       height = 1.)
  {
    Raster raster;
    raster.n_points = {{n, m}};
    raster.lower    = {{1., m == 1 ? 0. : -2.}};
    raster.upper    = {{1. + width, m == 1 ? 0. : -2. + height}};
    for (unsigned int j = 0; j < m; ++j)
      for (unsigned int i = 0; i < n; ++i)
        raster.values.push_back(
          field(i * width / (n - 1), m == 1 ? 0. : j * height / (m - 1)));
    return raster;
  }

  /// cos(pi i x / width) cos(pi j y / height)
  Field
  wave(const unsigned int i,
       const unsigned int j,
       const double       width  = 1.,
       const double       height = 1.)
  {
    return [=](const double x, const double y) {
      return std::cos(M_PI * i * x / width) * std::cos(M_PI * j * y / height);
    };
  }

  double
  sum(const std::vector<double> &values)
  {
    return std::accumulate(values.begin(), values.end(), 0.);
  }

  /// All energy of the field is in one bin.
  void
  expect_single_bin(const Spectrum   &spectrum,
                    const std::size_t bin,
                    const double      energy)
  {
    ASSERT_EQ(spectrum.energy.size(), spectrum.wavenumber.size());
    ASSERT_LT(bin, spectrum.energy.size());
    for (std::size_t b = 0; b < spectrum.energy.size(); ++b)
      EXPECT_NEAR(spectrum.energy[b], b == bin ? energy : 0., 1e-14 * energy)
        << "bin " << b;
    EXPECT_NEAR(spectrum.mean_square, energy, 1e-13 * energy);
  }
} // namespace



TEST(Spectrum, HasAWaveInTheBinOfItsWavenumber)
{
  const Spectrum spectrum = compute_spectrum(sample(wave(3, 4), 33, 17));
  expect_single_bin(spectrum, 5, 0.25);
  EXPECT_NEAR(spectrum.mean_wavenumber, 5 * M_PI, 1e-12);
  EXPECT_NEAR(spectrum.wavenumber[5], 5 * M_PI, 1e-12);

  // The mean counts the wave itself, not the middle of its bin.
  const Spectrum diagonal = compute_spectrum(sample(wave(1, 1), 9, 9));
  expect_single_bin(diagonal, 1, 0.25);
  EXPECT_NEAR(diagonal.mean_wavenumber, std::sqrt(2.) * M_PI, 1e-12);

  // The shortest wave that the points can hold, and the mean of the field.
  expect_single_bin(compute_spectrum(sample(wave(8, 0), 9, 9)), 8, 1.);
  expect_single_bin(compute_spectrum(sample(wave(0, 0), 9, 9)), 0, 1.);
}



TEST(Spectrum, MeasuresWavenumbersByTheLongerSide)
{
  const double   width = 3, height = 0.5;
  const Spectrum spectrum =
    compute_spectrum(sample(wave(4, 2, width, height), 21, 33, width, height));
  const double k = M_PI * std::hypot(4 / width, 2 / height);
  EXPECT_NEAR(spectrum.mean_wavenumber, k, 1e-12);
  EXPECT_NEAR(spectrum.wavenumber[1], M_PI / width, 1e-12);
  expect_single_bin(spectrum, std::lround(k * width / M_PI), 0.25);
}



TEST(Spectrum, OfACurve)
{
  const Spectrum spectrum = compute_spectrum(sample(wave(7, 0, 2.), 33, 1, 2.));
  expect_single_bin(spectrum, 7, 0.5);
  EXPECT_NEAR(spectrum.mean_wavenumber, 7 * M_PI / 2, 1e-12);
  EXPECT_EQ(spectrum.energy.size(), 33u);
}



TEST(Spectrum, AddsUpToTheMeanSquare)
{
  std::mt19937                           generator(1);
  std::uniform_real_distribution<double> random(-1, 1);
  const unsigned int                     n = 13, m = 8;
  const Raster                           raster =
    sample([&](double, double) { return random(generator); }, n, m);
  double square = 0;
  for (unsigned int j = 0; j < m; ++j)
    for (unsigned int i = 0; i < n; ++i)
      {
        const double weight = ((i == 0 || i + 1 == n) ? 0.5 : 1.) *
                              ((j == 0 || j + 1 == m) ? 0.5 : 1.);
        square +=
          weight * std::pow(raster.values[j * n + i], 2) / ((n - 1) * (m - 1));
      }
  const Spectrum spectrum = compute_spectrum(raster);
  EXPECT_NEAR(spectrum.mean_square, square, 1e-13);
  EXPECT_NEAR(sum(spectrum.energy), square, 1e-13);
}



TEST(Spectrum, WeightsTheMeanWavenumberByEnergy)
{
  const Spectrum spectrum = compute_spectrum(sample(
    [](const double x, const double y) {
      return wave(2, 0)(x, y) + 3. * wave(0, 6)(x, y);
    },
    17,
    17));
  EXPECT_NEAR(spectrum.mean_wavenumber, M_PI * (2. + 9. * 6.) / 10., 1e-12);
}



TEST(Spectrum, SeesNoJumpWhereAFieldDoesNotVanishOnTheBoundary)
{
  // The coefficients of the linear function fall like the inverse square of the
  // wavenumber, not like its inverse.
  const Spectrum spectrum =
    compute_spectrum(sample([](const double x, double) { return x; }, 257, 1));
  for (const unsigned int k : {1, 3, 9, 27})
    {
      const double exact = 8 / std::pow(M_PI * k, 4);
      EXPECT_NEAR(spectrum.energy[k], exact, 0.05 * exact);
    }
}



TEST(Spectrum, TakesPointsOutsideOfTheDomainForZeros)
{
  // An L-shaped domain, and the same field continued by zero.
  const auto field = [](const double outside) {
    return [=](const double x, const double y) {
      return (x > 0.5 && y > 0.5) ? outside : std::sin(2 * M_PI * x) * y;
    };
  };
  const Spectrum unknown =
    compute_spectrum(sample(field(std::nan("")), 33, 33));
  const Spectrum zero = compute_spectrum(sample(field(0.), 33, 33));
  EXPECT_GT(zero.mean_square, 0.01);
  EXPECT_EQ(unknown.energy, zero.energy);
  EXPECT_EQ(unknown.mean_wavenumber, zero.mean_wavenumber);
}



TEST(Spectrum, OfNothing)
{
  const Spectrum zero =
    compute_spectrum(sample([](double, double) { return 0.; }, 5, 5));
  EXPECT_EQ(sum(zero.energy), 0.);
  EXPECT_TRUE(std::isnan(zero.mean_wavenumber));
  EXPECT_THROW(compute_spectrum(Raster()), Error);
}



TEST(ErrorSpectra, AreWrittenWithTwoLinesForEachIteration)
{
  const Spectrum a = compute_spectrum(sample(wave(1, 0), 3, 1));
  const Spectrum b =
    compute_spectrum(sample([](double, double) { return 0.; }, 3, 1));
  std::ostringstream out;
  ErrorSpectra{{{4, a, b}, {5, b, a}}}.write_csv(out);
  std::istringstream       in(out.str());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].rfind("iteration,field,mean_square,mean_wavenumber,0,3.14",
                           0),
            0u)
    << lines[0];
  unsigned int iteration;
  double       square, mean, first, second;
  ASSERT_EQ(std::sscanf(lines[1].c_str(),
                        "%u,network,%lf,%lf,%lf,%lf,",
                        &iteration,
                        &square,
                        &mean,
                        &first,
                        &second),
            5)
    << lines[1];
  EXPECT_EQ(iteration, 4u);
  EXPECT_EQ(square, a.mean_square);
  EXPECT_EQ(mean, a.mean_wavenumber);
  EXPECT_EQ(first, a.energy[0]);
  EXPECT_EQ(second, a.energy[1]);
  EXPECT_EQ(lines[2], "4,refined,0,,0,0,0");
  EXPECT_EQ(lines[3], "5,network,0,,0,0,0");
  EXPECT_EQ(lines[4].rfind("5,refined,", 0), 0u) << lines[4];
}
