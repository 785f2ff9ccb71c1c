// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_device_product_h
#define lsr_source_fe_device_product_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>

#include <deal.II/base/partitioner.h>
#include <deal.II/lac/trilinos_sparse_matrix.h>

namespace lsr
{
  namespace internal
  {
    /**
     * Products of a distributed matrix and blocks where the blocks are: every
     * rank multiplies its rows of the matrix (KokkosKernels), and of the blocks
     * only rows that several ranks have to do with pass through the host. For
     * blocks on a device; on the CPU Trilinos' own product is the faster one.
     */
    class DeviceProduct
    {
    public:
      /// Copy the entries of @p A, a square matrix with the same distribution
      /// of rows and columns. Throws on all ranks if it has another one, or an
      /// entry that is not finite. Collective.
      explicit DeviceProduct(const dealii::TrilinosWrappers::SparseMatrix &A);

      /**
       * Compute $A X$, or $A^T X$ if @p transpose. Collective.
       *
       * @param [in] X  Locally owned rows times $r$.
       * @param [out] AX  Of the same extents; must not overlap @p X.
       */
      void
      multiply(const Block &X, const Block &AX, bool transpose) const;

    private:
      /// Rows of ghosts, which belong to other ranks.
      Block
      import_ghosts(const Block &X) const;

      /// Add the rows @p X of ghosts to those of @p Y on the ranks they belong
      /// to.
      void
      export_ghosts(const Block &X, const Block &Y) const;

      /// Who owns the ghosts, and whose ghosts are among the own rows.
      dealii::Utilities::MPI::Partitioner partitioner;

      /// Entries in the columns of own rows, and in those of ghosts.
      SparseMatrix own, ghosts;

      /// A row for each time that an own row is a ghost of another rank, with a
      /// 1 in its column.
      SparseMatrix exported;
    };
  } // namespace internal
} // namespace lsr

#endif
