// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_block_product_h
#define lsr_fe_block_product_h

#include <lsr/base/types.h>

#include <deal.II/lac/trilinos_sparse_matrix.h>

#include <memory>

namespace lsr
{
  namespace internal
  {
    class DeviceProduct;
    class SparseView;
  } // namespace internal

  /**
   * Products of a square matrix, distributed by rows, with blocks of columns.
   *
   * Rows of the blocks are the locally owned rows of the matrix in increasing
   * global order, like the entries of finite-element vectors. On the CPU this
   * is Trilinos' product, and the memory of the blocks is used as it is. On a
   * device KokkosKernels multiplies a copy of this rank's rows of the matrix;
   * of the blocks, only rows that several ranks have to do with pass through
   * the host.
   */
  class BlockProduct
  {
  public:
    /// With @p A as it is now: after another assembly, make a new product.
    /// The matrix has to live as long as this object. On a device this throws
    /// on all ranks if an entry is not finite. Collective.
    explicit BlockProduct(const dealii::TrilinosWrappers::SparseMatrix &A);

    /**
     * Compute $A X$, or $A^T X$ if @p transpose. Collective.
     *
     * @param [in] X  Locally owned rows times $r$.
     * @param [out] AX  Of the same extents; must not overlap @p X.
     */
    void
    multiply(const Block &X,
             const Block &AX,
             const bool   transpose = false) const;

  private:
    /// One of them is null.
    std::shared_ptr<const internal::SparseView>    on_host;
    std::shared_ptr<const internal::DeviceProduct> on_device;
  };
} // namespace lsr

#endif
