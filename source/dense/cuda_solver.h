// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_cuda_solver_h
#define lsr_dense_cuda_solver_h

#include <cuda_runtime_api.h>

#include <cstdint>

// The part of cuSOLVER that dense solvers call. Needs the CUDA toolkit and
// nothing else, so that it compiles where Kokkos has no CUDA.

namespace lsr
{
  namespace internal
  {
    namespace cuda
    {
      /**
       * The Cholesky factor $R$ of $A = R^T R$ ($n \times n$, columns
       * contiguous, on the device) in place of its upper triangle. Returns
       * the number of leading columns that are positive definite, $n$ if all
       * of them are.
       */
      std::int64_t
      potrf(std::int64_t n, double *A, std::int64_t lda, cudaStream_t stream);

      /// The Householder QR factorization of $A$ ($m \times n$) in its place:
      /// the triangle, and below it the reflections, whose $\min(m, n)$ factors
      /// go to @p tau.
      void
      geqrf(std::int64_t m,
            std::int64_t n,
            double      *A,
            std::int64_t lda,
            double      *tau,
            cudaStream_t stream);

      /// $C := Q^T C$ ($m \times n$) with the first $k$ of the reflections that
      /// geqrf() has left in $A$ and @p tau.
      void
      ormqr(std::int64_t  m,
            std::int64_t  n,
            std::int64_t  k,
            const double *A,
            std::int64_t  lda,
            const double *tau,
            double       *C,
            std::int64_t  ldc,
            cudaStream_t  stream);
    } // namespace cuda
  }   // namespace internal
} // namespace lsr

#endif
