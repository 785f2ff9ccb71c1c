// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/row_labels.h"

#include <lsr/dense/sparse_matrix.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/models.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  constexpr std::size_t n = 40; // squared points

  /// Nodes of a mesh of squares, with a shift that is as large as rounding.
  Block
  lattice(const double shift = 0.)
  {
    return make_block_of(2,
                         n * n,
                         [&](const std::size_t d, const std::size_t i) {
                           return double(d == 0 ? i % n : i / n) / (n - 1) +
                                  shift;
                         });
  }

  RowLabels
  labels_of(const Sampling &sampling, const unsigned int n_outputs = 2)
  {
    return row_labels(sampling, n_outputs, Communicator());
  }

  /// Values between neighbours, with weights that are wrong by rounding.
  CompressedRows
  midpoints(const double error = 0.)
  {
    CompressedRows P;
    P.n_columns = n * n;
    for (std::size_t i = 0; i + 1 < n * n; ++i)
      {
        P.add(i, 0.5 + error);
        P.add(i + 1, 0.5 - error);
        P.end_row();
      }
    return P;
  }
} // namespace

TEST(RowLabels, AreDifferentForDifferentPointsAndOutputs)
{
  const RowLabels labels = labels_of({lattice()});
  EXPECT_EQ(labels.size(), 2 * n * n);
  EXPECT_EQ(std::set<std::uint64_t>(labels.begin(), labels.end()).size(),
            labels.size());
}

TEST(RowLabels, DoNotDependOnRounding)
{
  const RowLabels expected = labels_of({lattice()});
  for (const double error : {1e-16, -1e-16, 1e-14, -1e-14})
    EXPECT_EQ(labels_of({lattice(error)}), expected) << error;
}

TEST(RowLabels, BelongToPointsAndNotToTheirNumbers)
{
  const HostBlock x = to_host(lattice());
  const Block     reversed =
    make_block_of(2, n * n, [&](const std::size_t d, const std::size_t i) {
      return x(d, n * n - 1 - i);
    });
  RowLabels found = labels_of({reversed}, 1);
  std::reverse(found.begin(), found.end());
  EXPECT_EQ(found, labels_of({lattice()}, 1));
}

TEST(RowLabels, OfSelectedValuesAreThoseOfAll)
{
  const RowLabels all = labels_of({lattice()});
  EXPECT_EQ(labels_of({lattice(), {7, 3, 12}}),
            (RowLabels{all[7], all[3], all[12]}));
}

TEST(RowLabels, OfCombinationsComeFromPointsAndWeights)
{
  const RowLabels labels =
    labels_of(Sampling::projected(lattice(), midpoints()), 1);
  EXPECT_EQ(std::set<std::uint64_t>(labels.begin(), labels.end()).size(),
            n * n - 1);
  EXPECT_EQ(labels_of(Sampling::projected(lattice(), midpoints(1e-16)), 1),
            labels);
  EXPECT_NE(labels_of(Sampling::projected(lattice(), midpoints(0.1)), 1),
            labels);
}

TEST(RowLabels, OfInputsThatAreTheSameEverywhere)
{
  const HostBlock x = to_host(lattice());
  for (const double parameter : {0., 0.2, std::sqrt(0.5)})
    {
      const Block points =
        make_block_of(3, n * n, [&](const std::size_t d, const std::size_t i) {
          return d < 2 ? x(d, i) : parameter;
        });
      const RowLabels labels = labels_of({points}, 1);
      EXPECT_EQ(std::set<std::uint64_t>(labels.begin(), labels.end()).size(),
                n * n);
    }
}
