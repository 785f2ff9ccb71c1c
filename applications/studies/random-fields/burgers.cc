// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/random-fields/burgers.h"

#include <cmath>

namespace lsr_studies
{
  PeriodicBurgersSolution::PeriodicBurgersSolution(
    const FourierSeries &initial_value,
    const double         viscosity,
    const unsigned int   n_points)
    : period(initial_value.period)
    , mean(initial_value.mean)
    , viscosity(viscosity)
    , coefficients(n_points / 2)
  {
    // The integral of the initial value without its mean.
    FourierSeries integral;
    integral.period = period;
    for (std::size_t k = 1; k <= initial_value.cosine.size(); ++k)
      {
        const double frequency = 2 * M_PI * k / period;
        integral.cosine.push_back(-initial_value.sine[k - 1] / frequency);
        integral.sine.push_back(initial_value.cosine[k - 1] / frequency);
      }

    for (unsigned int i = 0; i < n_points; ++i)
      {
        const double x        = i * period / n_points;
        const double phi      = std::exp(-integral(x) / (2 * viscosity));
        const auto   rotation = std::polar(1., -2 * M_PI * x / period);
        auto         wave     = std::complex<double>(1.);
        for (auto &coefficient : coefficients)
          {
            coefficient += phi / n_points * wave;
            wave *= rotation;
          }
      }
  }



  double
  PeriodicBurgersSolution::operator()(const double x, const double t) const
  {
    double phi = coefficients[0].real(), derivative = 0;
    for (std::size_t j = 1; j < coefficients.size(); ++j)
      {
        const double frequency = 2 * M_PI * j / period;
        const double decay = std::exp(-viscosity * frequency * frequency * t);
        // What follows is smaller still.
        if (decay < 1e-30)
          break;
        const auto term =
          2. * coefficients[j] * std::polar(decay, frequency * (x - mean * t));
        phi += term.real();
        derivative -= frequency * term.imag();
      }
    return mean - 2 * viscosity * derivative / phi;
  }
} // namespace lsr_studies
