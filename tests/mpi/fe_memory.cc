// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// No rank holds rows of another: what Kokkos allocates on a rank while a
// network is refined is bounded by the rows of that rank.

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/finite_element_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_basis.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "support/problems.h"

using namespace lsr;

namespace
{
  /// Bytes of all views of this rank, and the most that they have been.
  std::int64_t allocated = 0, most_allocated = 0;

  /// Counts while it lives.
  class AllocationCounter
  {
  public:
    AllocationCounter()
    {
      allocated = most_allocated = 0;
      Kokkos::Tools::Experimental::set_allocate_data_callback(
        [](const auto, const char *, const void *, const std::uint64_t size) {
          allocated += std::int64_t(size);
          most_allocated = std::max(most_allocated, allocated);
        });
      Kokkos::Tools::Experimental::set_deallocate_data_callback(
        [](const auto, const char *, const void *, const std::uint64_t size) {
          allocated -= std::int64_t(size);
        });
    }

    ~AllocationCounter()
    {
      Kokkos::Tools::Experimental::set_allocate_data_callback(nullptr);
      Kokkos::Tools::Experimental::set_deallocate_data_callback(nullptr);
    }
  };

  void
  expect_own_rows_only(const ResidualNorm norm)
  {
    AdvectionDiffusionReaction<2>::Parameters parameters;
    parameters.exact_solution  = "sin(2*pi*x)*sin(pi*y)";
    parameters.right_hand_side = manufactured;
    const AdvectionDiffusionReaction<2> equation(parameters);
    test::Problem<2>                    problem(
      equation, 2, 5, "hyper_cube", "0 : 1 : true", MPI_COMM_WORLD);

    FullyConnected model;
    model.widths                  = {30, 30};
    const Network         network = model.build();
    const std::size_t     r       = 100;
    const StructuredBasis basis(network, r, 1);
    const Sampling        sampling =
      nodal_sampling(problem.discretization.mapping(),
                     problem.discretization.dof_handler(),
                     1);
    FiniteElementResidual<2> residual(*problem.assembler, norm);

    // Matrix and factorization, which Tpetra has in views, are another matter.
    residual.linearize(make_column(residual.n_values()));
    {
      const AllocationCounter counter;
      refine(basis, sampling, residual);
    }
    const auto   n_rows    = sampling.points.extent(1);
    const auto   n_all     = problem.discretization.dof_handler().n_dofs();
    const double of_a_row  = r * sizeof(double);
    const double of_rank   = 3. * n_rows * of_a_row;
    const double of_system = 20. * r * of_a_row;
    std::cout << "  " << n_rows << " of " << n_all
              << " rows: " << most_allocated / (n_rows * of_a_row)
              << " times the rows of J V on this rank" << std::endl;

    // J V and A J V, and matrices of the reduced system.
    EXPECT_GT(most_allocated, n_rows * of_a_row);
    EXPECT_LT(most_allocated, of_rank + of_system);
    // With four ranks that is less than all rows.
    if (dealii::Utilities::MPI::n_mpi_processes(MPI_COMM_WORLD) == 4)
      {
        EXPECT_LT(most_allocated, n_all * of_a_row);
      }
  }
} // namespace

TEST(MemoryOfARank, IsThatOfItsOwnRowsInTheEuclideanNorm)
{
  expect_own_rows_only(ResidualNorm::l2);
}

TEST(MemoryOfARank, IsThatOfItsOwnRowsInTheDualNorm)
{
  expect_own_rows_only(ResidualNorm::dual);
}
