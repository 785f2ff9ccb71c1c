// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/single_precision_qr.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/host.h>

#include <algorithm>
#include <string>

extern "C"
{
  void
  stpqrt_(const int *m,
          const int *n,
          const int *l,
          const int *nb,
          float     *A,
          const int *lda,
          float     *B,
          const int *ldb,
          float     *T,
          const int *ldt,
          float     *work,
          int       *info);

  void
  stpmqrt_(const char  *side,
           const char  *trans,
           const int   *m,
           const int   *n,
           const int   *k,
           const int   *l,
           const int   *nb,
           const float *V,
           const int   *ldv,
           const float *T,
           const int   *ldt,
           float       *A,
           const int   *lda,
           float       *B,
           const int   *ldb,
           float       *work,
           int         *info,
           std::size_t = 1,
           std::size_t = 1);

  void
  strtrs_(const char  *uplo,
          const char  *trans,
          const char  *diag,
          const int   *n,
          const int   *nrhs,
          const float *A,
          const int   *lda,
          float       *B,
          const int   *ldb,
          int         *info,
          std::size_t = 1,
          std::size_t = 1,
          std::size_t = 1);
}

namespace lsr_studies
{
  SinglePrecisionQR::SinglePrecisionQR(const std::size_t n_columns)
    : n_columns(n_columns)
    , triangle(n_columns * n_columns)
    , z(n_columns)
  {}



  void
  SinglePrecisionQR::append(const Block &rows, const Column &rhs)
  {
    require(rows.extent(1) >= n_columns && rhs.size() == rows.extent(0),
            "SinglePrecisionQR: at least " + std::to_string(n_columns) +
              " columns and as many right hand sides as rows expected");
    const HostBlock    G = to_host(rows);
    const HostColumn   b = to_host(rhs);
    const int          m = int(G.extent(0)), n = int(n_columns), l = 0, one = 1;
    const int          nb = std::min(32, n);
    std::vector<float> B(std::size_t(m) * n), c(b.data(), b.data() + m),
      T(std::size_t(nb) * n), work(std::size_t(nb) * n);
    for (int j = 0; j < n; ++j)
      std::copy_n(&G(0, j), m, B.data() + std::size_t(m) * j);

    int info = 0;
    stpqrt_(&m,
            &n,
            &l,
            &nb,
            triangle.data(),
            &n,
            B.data(),
            &m,
            T.data(),
            &nb,
            work.data(),
            &info);
    stpmqrt_("L",
             "T",
             &m,
             &one,
             &n,
             &l,
             &nb,
             B.data(),
             &m,
             T.data(),
             &nb,
             z.data(),
             &n,
             c.data(),
             &m,
             work.data(),
             &info);
  }



  Column
  SinglePrecisionQR::solve(const std::size_t rank,
                           const std::size_t n_coefficients) const
  {
    require(rank <= n_columns && n_columns <= n_coefficients,
            "SinglePrecisionQR: rank " + std::to_string(rank) + " of " +
              std::to_string(n_columns) + " columns");
    std::vector<float> y(z.begin(), z.begin() + rank);
    const int          k = int(rank), n = int(n_columns), one = 1;
    int                info = 0;
    strtrs_("U", "N", "N", &k, &one, triangle.data(), &n, y.data(), &k, &info);
    const HostColumn result("lsr::HostColumn", n_coefficients);
    // A zero on the diagonal leaves no solution.
    if (info == 0)
      std::copy(y.begin(), y.end(), result.data());
    return to_memory_space(result);
  }
} // namespace lsr_studies
