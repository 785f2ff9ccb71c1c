// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/subspace_study.h"

#include <gtest/gtest.h>

#include "support/models.h"

using namespace lsr_studies;

TEST(IterationCurve, OfOneRankDoesNotDependOnThoseBefore)
{
  const auto problem = []() {
    return LinearRows{test::random_block(60, 8, 1), test::random_column(60, 2)};
  };
  const LinearRows            shared = problem();
  std::vector<IterationCurve> curves;
  for (const std::size_t rank : {3, 5, 8})
    {
      const IterationCurve curve = minimize_iteratively(shared, rank, 200),
                           alone = minimize_iteratively(problem(), rank, 200);
      EXPECT_EQ(curve.direct_loss, alone.direct_loss);
      EXPECT_EQ(curve.losses, alone.losses);
      curves.push_back(curve);

      // L-BFGS arrives at the direct solution.
      ASSERT_FALSE(curve.losses.empty());
      EXPECT_NEAR(curve.losses.back(),
                  curve.direct_loss,
                  1e-8 * curve.direct_loss);
    }
  EXPECT_GT(curves[0].direct_loss, curves[1].direct_loss);
  EXPECT_GT(curves[1].direct_loss, curves[2].direct_loss);
}
