// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/blas.h>

#include <KokkosBlas.hpp>
#include <KokkosBlas3_trsm.hpp>

#include <string>

#include "operands.h"

namespace lsr
{
  using namespace internal;

  void
  multiply(const double alpha,
           const char   transpose_A,
           const Block &A,
           const char   transpose_B,
           const Block &B,
           const double beta,
           const Block &C)
  {
    const bool        A_t = is_transposed(transpose_A);
    const bool        B_t = is_transposed(transpose_B);
    const std::size_t k   = A.extent(A_t ? 0 : 1);
    require(C.extent(0) == A.extent(A_t ? 1 : 0) &&
              C.extent(1) == B.extent(B_t ? 0 : 1) &&
              k == B.extent(B_t ? 1 : 0),
            std::string("multiply: op(A) op(B) = C expected, found A ") +
              extents(A) + " (" + transpose_A + "), B " + extents(B) + " (" +
              transpose_B + "), C " + extents(C) + ".");

    if (C.size() == 0)
      return;
    if (k == 0)
      scale(beta, C);
    else
      KokkosBlas::gemm(&transpose_A, &transpose_B, alpha, A, B, beta, C);
  }

  void
  multiply(const double  alpha,
           const char    transpose_A,
           const Block  &A,
           const Column &x,
           const double  beta,
           const Column &y)
  {
    const bool        A_t = is_transposed(transpose_A);
    const std::size_t k   = A.extent(A_t ? 0 : 1);
    require(y.extent(0) == A.extent(A_t ? 1 : 0) && k == x.extent(0),
            std::string("multiply: op(A) x = y expected, found A ") +
              extents(A) + " (" + transpose_A + "), x " +
              std::to_string(x.extent(0)) + ", y " +
              std::to_string(y.extent(0)) + ".");

    if (y.size() == 0)
      return;
    if (k == 0)
      scale(beta, y);
    else
      KokkosBlas::gemv(&transpose_A, alpha, A, x, beta, y);
  }

  double
  dot(const Column &x, const Column &y)
  {
    require(x.extent(0) == y.extent(0),
            "dot: vectors of equal length expected, found " +
              std::to_string(x.extent(0)) + " and " +
              std::to_string(y.extent(0)) + ".");
    return x.size() == 0 ? 0. : KokkosBlas::dot(x, y);
  }

  double
  norm(const Column &x)
  {
    return x.size() == 0 ? 0. : KokkosBlas::nrm2(x);
  }

  void
  solve_upper_triangular(const Block &R, const Block &B)
  {
    require(
      R.extent(0) == R.extent(1) && R.extent(1) == B.extent(0),
      "solve_upper_triangular: R (r x r) and B (r x n) expected, found R " +
        extents(R) + " and B " + extents(B) + ".");
    if (B.size() > 0)
      KokkosBlas::trsm("L", "U", "N", "N", 1., R, B);
  }

  void
  solve_upper_triangular(const Block &R, const Column &b)
  {
    solve_upper_triangular(R, as_block(b));
  }

  void
  divide_by_upper_triangular(const Block &B, const Block &R)
  {
    require(
      R.extent(0) == R.extent(1) && R.extent(0) == B.extent(1),
      "divide_by_upper_triangular: B (n x r) and R (r x r) expected, found B " +
        extents(B) + " and R " + extents(R) + ".");
    if (B.size() > 0)
      KokkosBlas::trsm("R", "U", "N", "N", 1., R, B);
  }
} // namespace lsr
