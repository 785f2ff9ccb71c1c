// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_residuals_h
#define lsr_tests_support_residuals_h

#include <lsr/dense/blas.h>
#include <lsr/refine/residual.h>

#include <gtest/gtest.h>

#include <functional>

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

    /// The Jacobian at @p q is the derivative there, and the transposed one its
    /// transpose.
    inline void
    expect_jacobian(Residual     &residual,
                    const Column &q,
                    const double  tolerance = 1e-8)
    {
      residual.linearize(q);
      const Block X    = random_block(residual.n_values(), 3, 11),
                  Y    = random_block(residual.n_rows(), 3, 12);
      const Block AX   = make_block(residual.n_rows(), 3),
                  ATY  = make_block(residual.n_values(), 3),
                  left = make_block(3, 3), right = make_block(3, 3);
      residual.set_zero(X);
      residual.apply_jacobian(X, AX);
      residual.apply_transposed_jacobian(Y, ATY);
      multiply(1., 'T', Y, 'N', AX, 0., left);
      multiply(1., 'T', ATY, 'N', X, 0., right);
      EXPECT_LT(relative_difference(left, right), 1e-12);

      const Column x  = make_column(residual.n_values()),
                   Ax = make_column(residual.n_rows());
      Kokkos::deep_copy(x, Kokkos::subview(X, Kokkos::ALL(), 0));
      Kokkos::deep_copy(Ax, Kokkos::subview(AX, Kokkos::ALL(), 0));
      EXPECT_LT(relative_difference(directional_derivative(residual, q, x), Ax),
                tolerance);
    }

    /// The norm $\|f\|^2 = \sum_i f_i^2 / d_i$ with @p d of the row, which is
    /// given to the reduced problem as one that is not diagonal.
    class DualNorm : public InnerProduct
    {
    public:
      explicit DualNorm(const std::function<double(std::size_t)> &d)
        : d(d)
      {}

      bool
      diagonal() const override
      {
        return false;
      }

      Block
      solve(const Block &F) override
      {
        const HostBlock f = to_host(F);
        return make_block_of(f.extent(0),
                             f.extent(1),
                             [&](const std::size_t i, const std::size_t j) {
                               return f(i, j) / d(i);
                             });
      }

    private:
      const std::function<double(std::size_t)> d;
    };
  } // namespace test
} // namespace lsr

#endif
