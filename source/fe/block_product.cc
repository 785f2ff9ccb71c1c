// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/block_product.h>

#include <Epetra_CrsMatrix.h>

#include "epetra_view.h"

namespace lsr
{
  void
  multiply(const dealii::TrilinosWrappers::SparseMatrix &A,
           const Block                                  &X,
           const Block                                  &AX,
           const bool                                    transpose)
  {
    const Epetra_CrsMatrix &matrix = A.trilinos_matrix();

    // These are the blocks themselves unless they live on a device.
    const auto X_host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), X);
    const auto AX_host = Kokkos::create_mirror_view(Kokkos::HostSpace(), AX);

    const Epetra_MultiVector x =
      epetra_view(transpose ? matrix.RangeMap() : matrix.DomainMap(), X_host);
    Epetra_MultiVector ax =
      epetra_view(transpose ? matrix.DomainMap() : matrix.RangeMap(), AX_host);
    const int error = matrix.Multiply(transpose, x, ax);
    AssertThrow(error == 0,
                dealii::ExcMessage("Epetra could not multiply a matrix and a "
                                   "block: error " +
                                   std::to_string(error) + "."));
    Kokkos::deep_copy(AX, AX_host);
  }
} // namespace lsr
