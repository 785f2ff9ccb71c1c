// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/block_product.h"

#include <lsr/base/device.h>

#include <memory>

#include "fe/device_product.h"
#include "fe/sparse_view.h"

namespace lsr
{
  BlockProduct::BlockProduct(const dealii::TrilinosWrappers::SparseMatrix &A)
  {
    if (blocks_on_host)
      on_host = internal::make_sparse_view(A);
    else
      on_device = std::make_shared<internal::DeviceProduct>(A);
  }



  void
  BlockProduct::multiply(const Block &X,
                         const Block &AX,
                         const bool   transpose) const
  {
    if (X.extent(1) == 0)
      return;
    if (on_host)
      on_host->multiply(to_host(X), to_host(AX), transpose);
    else
      on_device->multiply(X, AX, transpose);
  }
} // namespace lsr
