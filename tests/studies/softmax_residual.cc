// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/softmax_residual.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/messages.h"
#include "support/models.h"
#include "support/residuals.h"

using namespace lsr_studies;
using namespace lsr::test;

namespace
{
  const std::vector<unsigned int> labels = {2, 0, 3, 3, 1};
  const unsigned int              k      = 4;
  const std::size_t               n      = labels.size() * k;

  double
  largest_sum_over_classes(const Block &block)
  {
    const HostBlock X       = to_host(block);
    double          largest = 0;
    for (std::size_t j = 0; j < X.extent(1); ++j)
      for (std::size_t i = 0; i < X.extent(0); i += k)
        {
          double sum = 0;
          for (unsigned int c = 0; c < k; ++c)
            sum += X(i + c, j);
          largest = std::max(largest, std::abs(sum));
        }
    return largest;
  }
} // namespace



TEST(SoftmaxResidual, IsOffByTheProbabilities)
{
  SoftmaxResidual residual({1}, 3);
  const Column    f = make_column(3);
  residual.evaluate(to_column({std::log(1.), std::log(2.), std::log(5.)}), f);
  const auto errors = to_vector(f);
  EXPECT_NEAR(errors[0], 1. / 8, 1e-15);
  EXPECT_NEAR(errors[1], 2. / 8 - 1, 1e-15);
  EXPECT_NEAR(errors[2], 5. / 8, 1e-15);
}



TEST(SoftmaxResidual, HasItsJacobian)
{
  SoftmaxResidual residual(labels, k);
  expect_jacobian(residual, random_column(n, 1));
}



TEST(SoftmaxResidual, RowsOfAPointSumToZero)
{
  SoftmaxResidual residual(labels, k);
  const Column    q = random_column(n, 6), f = make_column(n);
  residual.evaluate(q, f);
  EXPECT_LT(largest_sum_over_classes(as_block(f)), 1e-15);

  residual.linearize(q);
  const Block AX = make_block(n, 3);
  residual.apply_jacobian(random_block(n, 3, 7), AX);
  EXPECT_GT(norm(Column(AX.data(), n)), 0.1);
  EXPECT_LT(largest_sum_over_classes(AX), 1e-15);
}



TEST(SoftmaxResidual, LargeValuesDoNotOverflow)
{
  SoftmaxResidual residual({0, 1}, 2);
  const Column    f = make_column(4);
  // Certain, and right; certain, and wrong.
  residual.evaluate(to_column({1e4, -1e4, 1e4, -1e4}), f);
  EXPECT_EQ(to_vector(f), std::vector<double>({0, 0, 1, -1}));
}



TEST(SoftmaxResidual, RefusesLabelsThatAreNoClass)
{
  EXPECT_EQ(message([]() {
              SoftmaxResidual({0, 9, 10}, 10);
            }),
            "label 10 of point 2: a class from 0 to 9 expected");
}
