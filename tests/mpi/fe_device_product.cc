// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The product of a distributed matrix and a block where the block is, against
// Trilinos' product of vectors.

#include <lsr/fe/advection_diffusion_reaction.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "fe/device_product.h"
#include "support/models.h"
#include "support/problems.h"

using namespace lsr;

namespace
{
  /// The Jacobian of a problem that is not symmetric, with 2^n x 2^n cells.
  class DeviceProduct : public testing::Test
  {
  protected:
    void
    set_up(const unsigned int n_refinements)
    {
      AdvectionDiffusionReaction<2>::Parameters parameters;
      parameters.advection       = "1, y";
      parameters.reaction        = "u^2";
      parameters.right_hand_side = "x";
      equation = std::make_unique<AdvectionDiffusionReaction<2>>(parameters);
      problem = std::make_unique<test::Problem<2>>(*equation, 2, n_refinements);
      problem->assembler->jacobian(problem->solution, A);
    }

    void
    expect_products_of_vectors(const std::size_t n_columns) const
    {
      const std::size_t n = problem->solution.locally_owned_size();
      // Rows of a larger block, so that the leading dimension matters; other
      // numbers on every rank.
      const Block X =
        rows(test::random_block(n + 3, n_columns, rank), 2, n + 2);
      for (const bool transpose : {false, true})
        {
          const Block AX = rows(make_block(n + 3, n_columns), 1, n + 1);
          Kokkos::deep_copy(AX, std::numeric_limits<double>::quiet_NaN());
          internal::DeviceProduct(A).multiply(X, AX, transpose);
          const HostBlock x = to_host(X), found = to_host(AX);
          double          error = 0, scale = 0;
          for (std::size_t j = 0; j < n_columns; ++j)
            {
              FEVector column = problem->solution, product = problem->solution;
              for (std::size_t i = 0; i < n; ++i)
                column.local_element(i) = x(i, j);
              transpose ? A.Tvmult(product, column) : A.vmult(product, column);
              for (std::size_t i = 0; i < n; ++i)
                {
                  const double expected   = product.local_element(i);
                  scale                   = std::max(scale, std::abs(expected));
                  const double difference = std::abs(expected - found(i, j));
                  if (!(difference <= error)) // also if it is not a number
                    error = difference;
                }
            }
          EXPECT_LE(error, 1e-13 * scale);
          EXPECT_TRUE(n * n_columns == 0 || scale > 0);
        }
    }

    const unsigned int rank =
      dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD);
    std::unique_ptr<AdvectionDiffusionReaction<2>> equation;
    std::unique_ptr<test::Problem<2>>              problem;
    dealii::TrilinosWrappers::SparseMatrix         A;
  };
} // namespace

TEST_F(DeviceProduct, AgreesWithProductsOfVectors)
{
  set_up(4);
  expect_products_of_vectors(5);
}

TEST_F(DeviceProduct, TakesNoColumns)
{
  set_up(3);
  expect_products_of_vectors(0);
}

TEST_F(DeviceProduct, TakesRanksWithoutRows)
{
  set_up(0);
  expect_products_of_vectors(4);
}

TEST_F(DeviceProduct, AllRanksRefuseWhatIsNotANumberOnOne)
{
  set_up(3);
  if (rank == 0)
    {
      const auto   row = *problem->discretization.locally_owned_dofs().begin();
      const double nan = std::numeric_limits<double>::quiet_NaN();
      A.set(row, 1, &row, &nan); // the one that takes it
    }
  A.compress(dealii::VectorOperation::insert);
  EXPECT_THROW(internal::DeviceProduct{A}, dealii::ExceptionBase);
}
