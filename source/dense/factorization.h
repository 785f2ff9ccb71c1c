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

    // Of triangles and halves of symmetric matrices little more is computed
    // than there is: products and solves are those of blocks of columns, down
    // to the diagonal.

    /// The upper triangle of $A^T B$, zeros below.
    Block
    product_triangle(const Block &A, const Block &B);

    /// Make a matrix symmetric whose upper triangle is given.
    void
    mirror(const Block &A);

    /**
     * Overwrite a symmetric matrix, of which the upper triangle is given and
     * the rest is zero, with the triangle of $A = R^T R$. Returns the number of
     * leading columns that are positive definite; if that is not all, or if an
     * entry is not finite (which may go unnoticed), the content is of no use.
     */
    std::size_t
    cholesky(const Block &A);

    /// Overwrite @p A ($m \times n$) with its Householder QR factorization: the
    /// triangle, and below it the reflections, whose factors are returned.
    Column
    geqrf(const Block &A);

    /// $C := Q^T C$ with the reflections that geqrf() has left in @p A, and
    /// their factors.
    void
    apply_reflections(const Block &A, const Column &factors, const Block &C);

    /// The upper triangle of the leading $n$ rows and columns, zeros below.
    Block
    upper_triangle_of(const Block &A, std::size_t n);

    /// $B := R^{-T} B$.
    void
    solve_transposed_triangle(const Block &R, const Block &B);

    /// $X := R^{-1} X$ for triangles.
    void
    solve_for_triangle(const Block &R, const Block &X);

    /// $R X$ for triangles.
    Block
    product_of_triangles(const Block &R, const Block &X);

    /// $R^{-1}$, of which $R R^{-1} = 1$ holds to rounding even where @p R is
    /// ill-conditioned, which LAPACK's trtri does not promise.
    Block
    inverse_of_triangle(const Block &R);
  } // namespace internal
} // namespace lsr

#endif
