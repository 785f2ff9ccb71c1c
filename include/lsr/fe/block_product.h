// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_block_product_h
#define lsr_fe_block_product_h

#include <lsr/base/types.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>

namespace lsr
{
  /**
   * Compute $A X$, or $A^T X$ if @p transpose, for a block of columns at once.
   * Collective.
   *
   * Rows of @p X and @p AX are the locally owned rows of @p A in increasing
   * global order, like the entries of finite-element vectors. On the CPU this
   * is Epetra's product, and the memory of the blocks is used as it is; on a
   * device KokkosKernels multiplies, to which the matrix is copied in every
   * call.
   *
   * @param [in] A  Square matrix, distributed by rows.
   * @param [in] X  Locally owned rows times $r$.
   * @param [out] AX  Of the same extents; must not overlap @p X.
   */
  void
  multiply(const dealii::TrilinosWrappers::SparseMatrix &A,
           const Block                                  &X,
           const Block                                  &AX,
           const bool                                    transpose = false);
} // namespace lsr

#endif
