// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The product of a distributed matrix and a block where the block is, against
// Epetra's product of vectors.

#include <lsr/fe/advection_diffusion_reaction.h>

#include <gtest/gtest.h>

#include "../fe/problems.h"
#include "fe/device_product.h"
#include "support/models.h"

using namespace lsr;

namespace
{
  /// The tangent of a problem that is not symmetric, with a mesh of 2^n x 2^n
  /// cells.
  void
  expect_products_of_vectors(const unsigned int n_refinements,
                             const std::size_t  n_columns)
  {
    AdvectionDiffusionReaction<2>::Parameters parameters;
    parameters.advection       = "1, y";
    parameters.reaction        = "u^2";
    parameters.right_hand_side = "x";
    const AdvectionDiffusionReaction<2>    equation(parameters);
    test::Problem<2>                       problem(equation, 2, n_refinements);
    dealii::TrilinosWrappers::SparseMatrix A;
    problem.assembler->jacobian(problem.solution, A);

    const std::size_t n = problem.solution.locally_owned_size();
    // Columns of a larger block, so that the leading dimension matters; other
    // numbers on every rank.
    const unsigned int rank =
      dealii::Utilities::MPI::this_mpi_process(MPI_COMM_WORLD);
    const Block X =
      columns(test::random_block(n, n_columns + 3, rank), 2, n_columns + 2);
    for (const bool transpose : {false, true})
      {
        const Block AX = make_block(n, n_columns);
        internal::multiply_on_device(A.trilinos_matrix(), X, AX, transpose);
        const HostBlock x = to_host(X), found = to_host(AX);
        double          error = 0, scale = 0;
        for (std::size_t j = 0; j < n_columns; ++j)
          {
            FEVector column = problem.solution, product = problem.solution;
            std::copy_n(&x(0, j), n, column.begin());
            transpose ? A.Tvmult(product, column) : A.vmult(product, column);
            for (std::size_t i = 0; i < n; ++i)
              {
                error =
                  std::max(error,
                           std::abs(product.local_element(i) - found(i, j)));
                scale = std::max(scale, std::abs(product.local_element(i)));
              }
          }
        EXPECT_LE(error, 1e-13 * scale);
        EXPECT_TRUE(n * n_columns == 0 || scale > 0);
      }
  }
} // namespace

TEST(DeviceProduct, agrees_with_products_of_vectors)
{
  expect_products_of_vectors(4, 5);
}

TEST(DeviceProduct, takes_no_columns)
{
  expect_products_of_vectors(3, 0);
}

// One cell: there are ranks without rows.
TEST(DeviceProduct, takes_ranks_without_rows)
{
  expect_products_of_vectors(0, 4);
}
