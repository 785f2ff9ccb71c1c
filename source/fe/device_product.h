// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_device_product_h
#define lsr_source_fe_device_product_h

#include <lsr/base/types.h>

#include <Epetra_CrsMatrix.h>

namespace lsr
{
  namespace internal
  {
    /**
     * Compute $A X$, or $A^T X$ if @p transpose, where the blocks are: every
     * rank multiplies its rows of the matrix (KokkosKernels), and only the
     * rows of @p X that other ranks need pass through the host. For blocks on
     * a device; on the CPU Epetra's own product is the faster one.
     * Collective.
     *
     * @param [in] A  Square, with the same distribution of rows and columns.
     * @param [in] X  Locally owned rows times $r$.
     * @param [out] AX  Of the same extents; must not overlap @p X.
     */
    void
    multiply_on_device(const Epetra_CrsMatrix &A,
                       const Block            &X,
                       const Block            &AX,
                       bool                    transpose);
  } // namespace internal
} // namespace lsr

#endif
