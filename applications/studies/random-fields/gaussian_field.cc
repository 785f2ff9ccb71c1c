// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/random-fields/gaussian_field.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <sstream>

namespace lsr_studies
{
  double
  FourierSeries::operator()(const double x) const
  {
    double value = mean;
    for (std::size_t k = 1; k <= cosine.size(); ++k)
      value += cosine[k - 1] * std::cos(2 * M_PI * k * x / period) +
               sine[k - 1] * std::sin(2 * M_PI * k * x / period);
    return value;
  }



  std::vector<double>
  FourierSeries::values(const double       first,
                        const double       length,
                        const unsigned int n) const
  {
    std::vector<double> result;
    for (unsigned int i = 0; i < n; ++i)
      result.push_back((*this)(first + i * length / n));
    return result;
  }



  double
  FourierSeries::minimum(const double first, const double last) const
  {
    // Cosines and sines of the points by rotation, which is some ten times as
    // fast.
    constexpr unsigned int n_cells = 200;
    double                 result  = (*this)(first);
    for (unsigned int i = 1; i <= n_cells; ++i)
      {
        const double x     = first + (last - first) * i / n_cells;
        const double phase = 2. * M_PI * x / period;
        const auto   step  = std::polar(1., phase);
        auto         wave  = step;
        double       value = mean;
        for (std::size_t k = 0; k < cosine.size(); ++k, wave *= step)
          value += cosine[k] * wave.real() + sine[k] * wave.imag();
        result = std::min(result, value);
      }
    return result;
  }



  FourierSeries
  FourierSeries::integral() const
  {
    FourierSeries result;
    result.period = period;
    for (std::size_t k = 1; k <= cosine.size(); ++k)
      {
        const double frequency = 2 * M_PI * k / period;
        result.cosine.push_back(-sine[k - 1] / frequency);
        result.sine.push_back(cosine[k - 1] / frequency);
      }
    return result;
  }



  std::string
  FourierSeries::expression(const std::string &variable) const
  {
    std::ostringstream text;
    text.precision(17);
    text << '(' << mean;
    for (std::size_t k = 1; k <= cosine.size(); ++k)
      {
        std::ostringstream phase;
        phase.precision(17);
        phase << '(' << 2 * M_PI * k / period << '*' << variable << ')';
        text << "+(" << cosine[k - 1] << ")*cos" << phase.str() << "+("
             << sine[k - 1] << ")*sin" << phase.str();
      }
    text << ')';
    return text.str();
  }



  FourierSeries
  GaussianField::sample(std::mt19937_64 &generator) const
  {
    std::normal_distribution<double> normal;
    FourierSeries                    series;
    series.period = period;
    series.mean   = standard_deviation[0] * normal(generator);
    for (std::size_t k = 1; k < standard_deviation.size(); ++k)
      {
        series.cosine.push_back(standard_deviation[k] * normal(generator));
        series.sine.push_back(standard_deviation[k] * normal(generator));
      }
    return series;
  }



  GaussianField
  squared_exponential_field(const double l, const double period)
  {
    GaussianField field;
    field.period         = period;
    const double largest = l * std::sqrt(2 * M_PI) / period;
    for (unsigned int k = 0;; ++k)
      {
        const double frequency = 2 * M_PI * k / period;
        const double variance =
          largest * std::exp(-0.5 * std::pow(frequency * l, 2));
        if (variance < 1e-18 * largest)
          break;
        field.standard_deviation.push_back(
          std::sqrt(k == 0 ? variance : 2 * variance));
      }
    return field;
  }



  GaussianField
  rational_field(const double       sigma,
                 const double       tau,
                 const double       period,
                 const bool         with_mean,
                 const unsigned int n)
  {
    GaussianField field;
    field.period           = period;
    const auto coefficient = [&](const unsigned int k) {
      return sigma *
             std::pow(std::pow(2 * M_PI * k / period, 2) + tau * tau, -2);
    };
    field.standard_deviation.push_back(with_mean ? coefficient(0) * M_SQRT1_2 :
                                                   0.);
    for (unsigned int k = 1; k <= n; ++k)
      field.standard_deviation.push_back(coefficient(k));
    return field;
  }



  GaussianField
  burgers_initial_values()
  {
    return rational_field(625 * M_SQRT2, 5, 1, false);
  }
} // namespace lsr_studies
