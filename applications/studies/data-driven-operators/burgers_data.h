// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_burgers_data_h
#define lsr_studies_burgers_data_h

#include <lsr/refine/data_set.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "applications/studies/random-fields/gaussian_field.h"

namespace lsr_studies
{
  /**
   * Random initial values $u(x, 0)$ and solutions $u(x, 1)$ of $u_t + u u_x =
   * \frac{0.1}\pi u_{xx}$ with period 2, both at the points $-1 + 2 j / 128$.
   *
   * The numbers of functions do not change which they are: those to test come
   * first, then those for validation, then those to fit.
   */
  struct BurgersData
  {
    std::size_t n_fit = 900, n_validation = 100, n_test = 50;

    /**
     * The Gaussian process of the initial values, by the standard deviations of
     * $\cos \pi k x$ and $\sin \pi k x$: `smooth`,
     * $\frac 12 \bigl(\tau^2 / ((\pi k)^2 + \tau^2)\bigr)^2$, or
     * `published`, $49 / ((\pi k)^2 + 49)$.
     */
    std::string field = "smooth";

    /// $\tau^2$ of the smooth field.
    double tau2 = 12.25;

    /// Quadrature points for the transformation of Cole and Hopf.
    unsigned int n_quadrature = 512;

    std::uint64_t seed = 0;

    GaussianField
    initial_values() const;

    /// A function a point: n_sensors inputs and as many targets. Throws
    /// lsr::Error for another field or a $\tau^2$ that is not positive.
    DataSet
    on_grid() const;
  };

  /// The same with a value of a function a point, [sensors, x], and its
  /// functions as groups: the input of networks that are made without a grid.
  DataSet
  as_rows(const DataSet &on_grid);
} // namespace lsr_studies

#endif
