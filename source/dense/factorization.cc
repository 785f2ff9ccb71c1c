// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "factorization.h"

#include <lsr/base/device.h>
#include <lsr/dense/blas.h>

#include <KokkosBlas3_trsm.hpp>

#include <algorithm>

#ifdef KOKKOS_ENABLE_CUDA
#  include "cuda_solver.h"
#else
#  include "lapack.h"
#endif

namespace lsr
{
  namespace internal
  {
#ifdef KOKKOS_ENABLE_CUDA
    namespace
    {
      std::int64_t
      leading_dimension(const Block &A)
      {
        return std::max<std::int64_t>(A.extent(0), A.stride(1));
      }
    } // namespace

    std::size_t
    cholesky(const Block &A)
    {
      return A.extent(0) == 0 ? 0 :
                                cuda::potrf(A.extent(0),
                                            A.data(),
                                            leading_dimension(A),
                                            ExecutionSpace().cuda_stream());
    }

    Column
    geqrf(const Block &A)
    {
      const Column factors = make_column(std::min(A.extent(0), A.extent(1)));
      if (A.size() > 0)
        cuda::geqrf(A.extent(0),
                    A.extent(1),
                    A.data(),
                    leading_dimension(A),
                    factors.data(),
                    ExecutionSpace().cuda_stream());
      return factors;
    }

    void
    apply_reflections(const Block &A, const Column &factors, const Block &C)
    {
      if (factors.size() > 0 && C.size() > 0)
        cuda::ormqr(C.extent(0),
                    C.extent(1),
                    factors.size(),
                    A.data(),
                    leading_dimension(A),
                    factors.data(),
                    C.data(),
                    leading_dimension(C),
                    ExecutionSpace().cuda_stream());
    }
#else
    static_assert(blocks_on_host,
                  "Kokkos computes on a device that is neither the CPU nor "
                  "CUDA; its Cholesky and QR factorizations belong here.");

    std::size_t
    cholesky(const Block &A)
    {
      const int n    = lapack_int(A.extent(0));
      const int lda  = leading_dimension(A);
      int       info = 0;
      dpotrf_("U", &n, A.data(), &lda, &info);
      return info == 0 ? n : info - 1;
    }

    Column
    geqrf(const Block &A)
    {
      const int    m = lapack_int(A.extent(0)), n = lapack_int(A.extent(1));
      const int    lda     = leading_dimension(A);
      const Column factors = make_column(std::min(m, n));
      int          info    = 0;
      with_workspace([&](double *work, const int *length) {
        dgeqrf_(&m, &n, A.data(), &lda, factors.data(), work, length, &info);
      });
      return factors;
    }

    void
    apply_reflections(const Block &A, const Column &factors, const Block &C)
    {
      const int m = lapack_int(C.extent(0)), n = lapack_int(C.extent(1));
      const int k   = lapack_int(factors.size());
      const int lda = leading_dimension(A), ldc = leading_dimension(C);
      int       info = 0;
      with_workspace([&](double *work, const int *length) {
        dormqr_("L",
                "T",
                &m,
                &n,
                &k,
                A.data(),
                &lda,
                factors.data(),
                C.data(),
                &ldc,
                work,
                length,
                &info);
      });
    }
#endif



    Block
    upper_triangle_of(const Block &A, const std::size_t n)
    {
      const Block R = make_zero_block(n, n);
      Kokkos::parallel_for(
        "lsr::upper_triangle",
        Kokkos::RangePolicy<ExecutionSpace>(0, n),
        KOKKOS_LAMBDA(const std::size_t j) {
          for (std::size_t i = 0; i <= j; ++i)
            R(i, j) = A(i, j);
        });
      Kokkos::fence();
      return R;
    }



    void
    solve_transposed_triangle(const Block &R, const Block &B)
    {
      if (B.size() > 0)
        KokkosBlas::trsm("L", "U", "T", "N", 1., R, B);
    }



    namespace
    {
      /// Call action(end, j) for blocks [j, end) of @p n columns.
      template <typename Action>
      void
      for_blocks_of_columns(const std::size_t n, const Action &action)
      {
        constexpr std::size_t width = 256;
        for (std::size_t j = 0; j < n; j += width)
          action(j, std::min(j + width, n));
      }

      /// The columns [first, last) of a triangle, down to the diagonal.
      Block
      upper_part(const Block      &A,
                 const std::size_t first,
                 const std::size_t last)
      {
        return rows(columns(A, first, last), 0, last);
      }
    } // namespace



    void
    solve_for_triangle(const Block &R, const Block &X)
    {
      for_blocks_of_columns(X.extent(1),
                            [&](const std::size_t j, const std::size_t end) {
                              solve_upper_triangular(upper_part(R, 0, end),
                                                     upper_part(X, j, end));
                            });
    }



    Block
    product_of_triangles(const Block &R, const Block &X)
    {
      const Block product = make_zero_block(R.extent(0), X.extent(1));
      for_blocks_of_columns(X.extent(1),
                            [&](const std::size_t j, const std::size_t end) {
                              multiply(1.,
                                       'N',
                                       upper_part(R, 0, end),
                                       'N',
                                       upper_part(X, j, end),
                                       0.,
                                       upper_part(product, j, end));
                            });
      return product;
    }



    Block
    inverse_of_triangle(const Block &R)
    {
      const Block inverse = make_zero_block(R.extent(0), R.extent(0));
      Kokkos::parallel_for(
        "lsr::identity",
        Kokkos::RangePolicy<ExecutionSpace>(0, R.extent(0)),
        KOKKOS_LAMBDA(const std::size_t i) { inverse(i, i) = 1; });
      Kokkos::fence();
      solve_for_triangle(R, inverse);
      return inverse;
    }



    void
    mirror(const Block &A)
    {
      Kokkos::parallel_for(
        "lsr::mirror",
        Kokkos::RangePolicy<ExecutionSpace>(0, A.extent(1)),
        KOKKOS_LAMBDA(const std::size_t j) {
          for (std::size_t i = 0; i < j; ++i)
            A(j, i) = A(i, j);
        });
      Kokkos::fence();
    }



    Block
    product_triangle(const Block &A, const Block &B)
    {
      const std::size_t r = B.extent(1);
      const Block       N = make_zero_block(r, r);
      for_blocks_of_columns(r, [&](const std::size_t j, const std::size_t end) {
        multiply(1.,
                 'T',
                 columns(A, 0, end),
                 'N',
                 columns(B, j, end),
                 0.,
                 upper_part(N, j, end));
      });
      return upper_triangle_of(N, r);
    }
  } // namespace internal
} // namespace lsr
