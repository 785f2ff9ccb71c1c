// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_cuda_solver_h
#define lsr_dense_cuda_solver_h

#include <cuda_runtime_api.h>

#include <cstdint>

// What the dense solvers call of cuSOLVER. Needs the CUDA toolkit and nothing
// else, so that it compiles where Kokkos has no CUDA.

namespace lsr
{
  namespace internal
  {
    namespace cuda
    {
      /**
       * The Cholesky factor $R$ of $A = R^T R$ ($n \times n$, columns
       * contiguous, on the device) in place of its upper triangle. Returns
       * whether $A$ is positive definite.
       */
      bool
      potrf(std::int64_t n, double *A, std::int64_t lda, cudaStream_t stream);

      /// The Householder QR factorization of $A$ ($m \times n$) in its place:
      /// the triangle, and below it the reflections.
      void
      geqrf(std::int64_t m,
            std::int64_t n,
            double      *A,
            std::int64_t lda,
            cudaStream_t stream);
    } // namespace cuda
  }   // namespace internal
} // namespace lsr

#endif
