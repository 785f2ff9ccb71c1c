// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_adam_h
#define lsr_studies_adam_h

#include <lsr/base/types.h>

#include <cmath>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// Adam with the usual constants (Kingma and Ba, 2015).
  class Adam
  {
  public:
    explicit Adam(const std::size_t n_parameters)
      : mean(n_parameters)
      , square(n_parameters)
    {}

    void
    step(const Column &theta, const Column &gradient, const double rate)
    {
      constexpr double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-8;

      ++n_steps;
      const double     correction_1 = 1. - std::pow(beta_1, n_steps);
      const double     correction_2 = 1. - std::pow(beta_2, n_steps);
      const HostColumn x = to_host(theta), g = to_host(gradient);
      for (std::size_t i = 0; i < mean.size(); ++i)
        {
          mean[i]   = beta_1 * mean[i] + (1. - beta_1) * g(i);
          square[i] = beta_2 * square[i] + (1. - beta_2) * g(i) * g(i);
          x(i) -= rate * mean[i] / correction_1 /
                  (std::sqrt(square[i] / correction_2) + epsilon);
        }
      Kokkos::deep_copy(theta, x);
    }

  private:
    unsigned int        n_steps = 0;
    std::vector<double> mean, square;
  };
} // namespace lsr_studies

#endif
