// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_residuals_h
#define lsr_tests_support_residuals_h

#include <lsr/refine/residual.h>

#include "support/models.h"

namespace lsr
{
  namespace test
  {
    /// The derivative of a residual at @p q in the direction @p x, by a
    /// difference of second order.
    inline Column
    directional_derivative(Residual &residual, const Column &q, const Column &x)
    {
      const double              epsilon = 1e-5;
      const std::vector<double> at = to_vector(q), direction = to_vector(x);
      std::vector<double>       derivative(residual.n_rows());
      const Column              f = make_column(residual.n_rows());
      for (const int side : {-1, 1})
        {
          residual.evaluate(make_column_of(q.size(),
                                           [&](const std::size_t i) {
                                             return at[i] + side * epsilon *
                                                              direction[i];
                                           }),
                            f);
          const std::vector<double> values = to_vector(f);
          for (std::size_t i = 0; i < values.size(); ++i)
            derivative[i] += side * values[i] / (2 * epsilon);
        }
      return to_column(derivative);
    }
  } // namespace test
} // namespace lsr

#endif
