// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The projection of a function does not depend on how the mesh is distributed,
// also where cells of several ranks share a degree of freedom.

#include <lsr/base/communicator.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/distributed/tria.h>
#include <deal.II/fe/fe_q_hierarchical.h>
#include <deal.II/fe/mapping_q1.h>
#include <deal.II/grid/grid_generator.h>
#include <deal.II/lac/la_parallel_vector.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/programs.h"
#include "support/ranks.h"

using namespace lsr;
using ParallelVector = dealii::LinearAlgebra::distributed::Vector<double>;

namespace
{
  /// Number, sum and sum of squares of all degrees of freedom: they do not
  /// depend on the numbering.
  std::array<double, 3>
  project_on(const MPI_Comm communicator)
  {
    dealii::parallel::distributed::Triangulation<2> triangulation(communicator);
    dealii::GridGenerator::hyper_cube(triangulation);
    test::make_grid_with_hanging_nodes(triangulation);
    dealii::DoFHandler<2> dof_handler(triangulation);
    dof_handler.distribute_dofs(dealii::FE_Q_Hierarchical<2>(2));

    const dealii::MappingQ1<2> mapping;
    const Sampling             sampling =
      projected_sampling(mapping, dof_handler);
    const Block  points = sampling.points;
    const Column q      = make_column(points.extent(1));
    for (std::size_t i = 0; i < q.size(); ++i) // in no element's space
      q(i) = std::exp(std::sin(5. * points(0, i)) + points(1, i));

    std::array<double, 3> sums{};
    const Block           u = sampling.apply(as_block(q));
    for (std::size_t i = 0; i < u.extent(0); ++i)
      for (unsigned int k = 0; k < sums.size(); ++k)
        sums[k] += std::pow(u(i, 0), k);
    for (double &sum : sums)
      sum = Communicator(communicator).sum(sum);
    return sums;
  }
} // namespace

TEST(ProjectedSampling, IsTheSameOnAnyNumberOfRanks)
{
  test::compare_with_one_rank(
    project_on, [](const auto &together, const auto &alone) {
      EXPECT_EQ(together[0], alone[0]);
      EXPECT_NEAR(together[1], alone[1], 1e-12 * std::abs(alone[1]));
      EXPECT_NEAR(together[2], alone[2], 1e-12 * alone[2]);
    });
}
