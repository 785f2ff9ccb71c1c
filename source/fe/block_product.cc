// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/fe/block_product.h>

#include <Epetra_CrsMatrix.h>

#include "device_product.h"
#include "epetra_view.h"

namespace lsr
{
  namespace
  {
    void
    multiply_on_host(const Epetra_CrsMatrix &A,
                     const HostBlock        &X,
                     const HostBlock        &AX,
                     const bool              transpose)
    {
      const Epetra_MultiVector x =
        epetra_view(transpose ? A.RangeMap() : A.DomainMap(), X);
      Epetra_MultiVector ax =
        epetra_view(transpose ? A.DomainMap() : A.RangeMap(), AX);
      const int error = A.Multiply(transpose, x, ax);
      AssertThrow(error == 0,
                  dealii::ExcMessage("Epetra could not multiply a matrix and a "
                                     "block: error " +
                                     std::to_string(error) + "."));
    }
  } // namespace



  void
  multiply(const dealii::TrilinosWrappers::SparseMatrix &A,
           const Block                                  &X,
           const Block                                  &AX,
           const bool                                    transpose)
  {
    const Epetra_CrsMatrix &matrix = A.trilinos_matrix();
    if (blocks_on_host)
      multiply_on_host(matrix, to_host(X), to_host(AX), transpose);
    else
      internal::multiply_on_device(matrix, X, AX, transpose);
  }
} // namespace lsr
