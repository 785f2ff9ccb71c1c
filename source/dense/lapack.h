// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_lapack_h
#define lsr_dense_lapack_h

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

/**
 * The routines of LAPACK that the dense solvers call. The trailing arguments
 * are the lengths of the character arguments that Fortran compilers pass.
 */
extern "C"
{
  void
  dtpqrt_(const int *m,
          const int *n,
          const int *l,
          const int *nb,
          double    *A,
          const int *lda,
          double    *B,
          const int *ldb,
          double    *T,
          const int *ldt,
          double    *work,
          int       *info);

  void
  dgeqrf_(const int *m,
          const int *n,
          double    *A,
          const int *lda,
          double    *tau,
          double    *work,
          const int *lwork,
          int       *info);

  void
  dgetrf_(const int *m,
          const int *n,
          double    *A,
          const int *lda,
          int       *ipiv,
          int       *info);

  void
  dgeqp3_(const int *m,
          const int *n,
          double    *A,
          const int *lda,
          int       *jpvt,
          double    *tau,
          double    *work,
          const int *lwork,
          int       *info);

  void
  dormqr_(const char   *side,
          const char   *trans,
          const int    *m,
          const int    *n,
          const int    *k,
          const double *A,
          const int    *lda,
          const double *tau,
          double       *C,
          const int    *ldc,
          double       *work,
          const int    *lwork,
          int          *info,
          std::size_t = 1,
          std::size_t = 1);

  void
  dlarfg_(const int *n, double *alpha, double *x, const int *incx, double *tau);

  void
  dlarf_(const char   *side,
         const int    *m,
         const int    *n,
         const double *v,
         const int    *incv,
         const double *tau,
         double       *C,
         const int    *ldc,
         double       *work,
         std::size_t = 1);

  void
  dlarft_(const char   *direct,
          const char   *storev,
          const int    *n,
          const int    *k,
          const double *V,
          const int    *ldv,
          const double *tau,
          double       *T,
          const int    *ldt,
          std::size_t = 1,
          std::size_t = 1);

  void
  dlarfb_(const char   *side,
          const char   *trans,
          const char   *direct,
          const char   *storev,
          const int    *m,
          const int    *n,
          const int    *k,
          const double *V,
          const int    *ldv,
          const double *T,
          const int    *ldt,
          double       *C,
          const int    *ldc,
          double       *work,
          const int    *ldwork,
          std::size_t = 1,
          std::size_t = 1,
          std::size_t = 1,
          std::size_t = 1);

  void
  dlaic1_(const int    *job,
          const int    *j,
          const double *x,
          const double *sest,
          const double *w,
          const double *gamma,
          double       *sestpr,
          double       *s,
          double       *c);

  void
  dtrtri_(const char *uplo,
          const char *diag,
          const int  *n,
          double     *A,
          const int  *lda,
          int        *info,
          std::size_t = 1,
          std::size_t = 1);

  void
  dpotrf_(const char *uplo,
          const int  *n,
          double     *A,
          const int  *lda,
          int        *info,
          std::size_t = 1);

  void
  dgesdd_(const char *jobz,
          const int  *m,
          const int  *n,
          double     *A,
          const int  *lda,
          double     *s,
          double     *U,
          const int  *ldu,
          double     *VT,
          const int  *ldvt,
          double     *work,
          const int  *lwork,
          int        *iwork,
          int        *info,
          std::size_t = 1);
}

namespace lsr
{
  namespace internal
  {
    /// An extent as LAPACK's integer.
    inline int
    lapack_int(const std::size_t n)
    {
      require(n <= std::size_t(std::numeric_limits<int>::max()),
              "An extent of " + std::to_string(n) +
                " is beyond the range of LAPACK's integers.");
      return static_cast<int>(n);
    }

    /// The leading dimension of a block, at least 1 as LAPACK demands.
    inline int
    leading_dimension(const HostBlock &A)
    {
      return lapack_int(
        std::max({std::size_t(1), A.extent(0), std::size_t(A.stride(1))}));
    }

    /// Rows [row, row_end) of columns [column, column_end), sharing memory.
    inline HostBlock
    part(const HostBlock  &A,
         const std::size_t row,
         const std::size_t row_end,
         const std::size_t column,
         const std::size_t column_end)
    {
      return Kokkos::subview(A,
                             Kokkos::make_pair(row, row_end),
                             Kokkos::make_pair(column, column_end));
    }

    /// A block of zeros in host memory.
    inline HostBlock
    make_host_block(const std::size_t n_rows, const std::size_t n_columns)
    {
      return HostBlock("lsr::HostBlock", n_rows, n_columns);
    }

    /// A copy of the leading upper triangle of @p A of extent @p k.
    HostBlock
    upper_triangle(const HostBlock &A, std::size_t k);

    /// $A = U \mathrm{diag}(s) V^T$.
    struct SVD
    {
      HostBlock           U;
      std::vector<double> s;
      HostBlock           VT;
    };

    /// The singular value decomposition of a square block, overwritten.
    SVD
    singular_value_decomposition(const HostBlock &A);

    /// Call a routine of LAPACK, @p routine(work, length), after having asked
    /// it for the length of its workspace.
    template <typename Routine>
    void
    with_workspace(const Routine &routine)
    {
      double    size  = 0;
      const int query = -1;
      routine(&size, &query);
      const int           length = lapack_int(static_cast<std::size_t>(size));
      std::vector<double> work(length);
      routine(work.data(), &length);
    }
  } // namespace internal
} // namespace lsr

#endif
