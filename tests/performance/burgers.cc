// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "burgers.h"

#include <cmath>

namespace lsr
{
  namespace performance
  {
    double
    FourierSeries::operator()(const double x) const
    {
      double value = mean;
      for (std::size_t k = 1; k <= cosine.size(); ++k)
        value += cosine[k - 1] * std::cos(M_PI * k * x) +
                 sine[k - 1] * std::sin(M_PI * k * x);
      return value;
    }



    FourierSeries
    random_initial_value(std::mt19937_64 &generator)
    {
      constexpr unsigned int           n_modes = 32;
      std::normal_distribution<double> normal;
      const auto                       standard_deviation = [](unsigned int k) {
        return 0.5 * std::pow(12.25 / (std::pow(M_PI * k, 2) + 12.25), 2);
      };

      FourierSeries series;
      series.mean = standard_deviation(0) * normal(generator) * M_SQRT1_2;
      for (unsigned int k = 1; k <= n_modes; ++k)
        {
          series.cosine.push_back(standard_deviation(k) * normal(generator));
          series.sine.push_back(standard_deviation(k) * normal(generator));
        }
      return series;
    }



    BurgersSolution::BurgersSolution(const FourierSeries &initial_value,
                                     const double         viscosity,
                                     const unsigned int   n_points)
      : mean(initial_value.mean)
      , viscosity(viscosity)
      , coefficients(n_points / 2)
    {
      // The integral of the initial value without its mean.
      FourierSeries integral;
      for (std::size_t k = 1; k <= initial_value.cosine.size(); ++k)
        {
          integral.cosine.push_back(-initial_value.sine[k - 1] / (M_PI * k));
          integral.sine.push_back(initial_value.cosine[k - 1] / (M_PI * k));
        }

      for (unsigned int i = 0; i < n_points; ++i)
        {
          const double x        = -1. + 2. * i / n_points;
          const double phi      = std::exp(-integral(x) / (2 * viscosity));
          const auto   rotation = std::polar(1., -M_PI * x);
          auto         wave     = std::complex<double>(1.);
          for (auto &coefficient : coefficients)
            {
              coefficient += phi / n_points * wave;
              wave *= rotation;
            }
        }
    }



    double
    BurgersSolution::operator()(const double x, const double t) const
    {
      double phi = coefficients[0].real(), derivative = 0;
      for (std::size_t j = 1; j < coefficients.size(); ++j)
        {
          const double frequency = M_PI * j;
          const auto   term =
            2. * coefficients[j] *
            std::polar(std::exp(-viscosity * frequency * frequency * t),
                       frequency * (x - mean * t));
          phi += term.real();
          derivative -= frequency * term.imag();
        }
      return mean - 2 * viscosity * derivative / phi;
    }
  } // namespace performance
} // namespace lsr
