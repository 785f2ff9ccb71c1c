// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_factorization_h
#define lsr_dense_factorization_h

#include <lsr/base/types.h>

namespace lsr
{
  namespace internal
  {
    // Factorizations of blocks where blocks are: LAPACK's on the CPU,
    // cuSOLVER's on a GPU.

    /// The upper triangle of $Q^T Q$, by blocks of columns so that little of
    /// the lower one, which is zero, is computed.
    Block
    gram_triangle(const Block &Q);

    /**
     * Overwrite a symmetric matrix, of which the upper triangle is given and
     * the rest is zero, with the triangle of $A = R^T R$. Returns whether $A$
     * is positive definite; if not, or if it is not finite, the content is of
     * no use.
     */
    bool
    cholesky(const Block &A);

    /// Overwrite @p A ($m \geq n$) with its Householder QR factorization: the
    /// triangle, and below it the reflections.
    void
    geqrf(const Block &A);

    /// The upper triangle of the leading $n$ rows and columns, zeros below.
    Block
    upper_triangle_of(const Block &A, std::size_t n);
  } // namespace internal
} // namespace lsr

#endif
