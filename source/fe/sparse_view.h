// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_sparse_view_h
#define lsr_source_fe_sparse_view_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>

#include <deal.II/lac/la_parallel_vector.h>
#include <deal.II/lac/trilinos_sparse_matrix.h>

#include <functional>
#include <memory>
#include <vector>

namespace lsr
{
  namespace internal
  {
    using TrilinosMatrix = dealii::TrilinosWrappers::SparseMatrix;



    /// What algebraic multigrid has to be told of a matrix.
    struct MultigridOptions
    {
      /// Whether the matrix is symmetric positive definite.
      bool elliptic = true;

      /// Whether shape functions are not linear.
      bool higher_order = false;

      /// For each component, which of the locally owned unknowns belong to it;
      /// empty where there is one component.
      std::vector<std::vector<bool>> constant_modes;
    };



    /**
     * A sparse matrix, distributed by rows, as the part of Trilinos sees it
     * that deal.II keeps matrices in. All that is said to this part is in the
     * one file that defines make_sparse_view(); which one is compiled,
     * CMake's LSR_SPARSE_BACKEND says.
     *
     * Blocks have the locally owned rows of the matrix in increasing global
     * order, at least one column, and are used in place. All functions are
     * collective.
     */
    class SparseView
    {
    public:
      using Operator =
        std::function<void(const HostBlock &X, const HostBlock &Y)>;

      virtual ~SparseView() = default;

      /// $Y = A X$, or $A^T X$ if @p transpose. The blocks must not overlap.
      virtual void
      multiply(const HostBlock &X,
               const HostBlock &Y,
               const bool       transpose) const = 0;

      /// Returns $Y = A^{-1} X$ by a factorization, where the blocks may be the
      /// same. MUMPS, where it is there, fills in less than KLU in 3D and is
      /// slower elsewhere. Throws if the matrix is singular.
      virtual Operator
      factorize(const bool in_3d) const = 0;

      /// Returns a cycle of algebraic multigrid as preconditioner.
      virtual Operator
      multigrid(const MultigridOptions &options) const = 0;
    };



    /// The entries of @p vector that this rank owns, as a block.
    HostBlock
    as_block(const dealii::LinearAlgebra::distributed::Vector<double> &vector);



    /// A function of blocks as the solvers of deal.II want it.
    struct VectorOperator
    {
      SparseView::Operator function;

      void
      vmult(dealii::LinearAlgebra::distributed::Vector<double>       &y,
            const dealii::LinearAlgebra::distributed::Vector<double> &x) const
      {
        function(as_block(x), as_block(y));
      }
    };



    /// Of @p A as it is now. The matrix has to live as long as the view, and
    /// the view as long as what it returns.
    std::unique_ptr<const SparseView>
    make_sparse_view(const TrilinosMatrix &A);



    /// A copy of the rows of @p A that this rank owns, with global columns.
    CompressedRows
    locally_owned_rows(const TrilinosMatrix &A);
  } // namespace internal
} // namespace lsr

#endif
