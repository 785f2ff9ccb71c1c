// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/block_product.h"

#include <lsr/base/device.h>

#include <Epetra_CrsMatrix.h>

#include <memory>
#include <string>

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



  BlockProduct::BlockProduct(const dealii::TrilinosWrappers::SparseMatrix &A)
    : A(A)
  {
    if (!blocks_on_host)
      on_device =
        std::make_shared<internal::DeviceProduct>(A.trilinos_matrix());
  }



  void
  BlockProduct::multiply(const Block &X,
                         const Block &AX,
                         const bool   transpose) const
  {
    if (X.extent(1) == 0) // Epetra knows no such blocks
      return;
    if (on_device)
      on_device->multiply(X, AX, transpose);
    else
      multiply_on_host(A.trilinos_matrix(), to_host(X), to_host(AX), transpose);
  }
} // namespace lsr
