// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_residuals_h
#define lsr_tests_support_residuals_h

#include <lsr/refine/residual.h>

namespace lsr
{
  namespace test
  {
    /// The derivative of a residual at @p q in the direction @p x, by a
    /// difference of second order.
    inline Column
    directional_derivative(Residual &residual, const Column &q, const Column &x)
    {
      const double epsilon    = 1e-5;
      const Column derivative = make_column(residual.n_rows());
      const Column moved      = make_column(q.size());
      const Column f          = make_column(residual.n_rows());
      for (const int side : {-1, 1})
        {
          for (std::size_t i = 0; i < q.size(); ++i)
            moved(i) = q(i) + side * epsilon * x(i);
          residual.evaluate(moved, f);
          for (std::size_t i = 0; i < f.size(); ++i)
            derivative(i) += side * f(i) / (2 * epsilon);
        }
      return derivative;
    }
  } // namespace test
} // namespace lsr

#endif
