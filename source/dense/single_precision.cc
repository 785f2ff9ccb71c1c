// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "dense/single_precision.h"

#include <lsr/base/exceptions.h>

#include <KokkosBlas.hpp>

#include <string>

#include "base/allocation.h"

namespace lsr
{
  FloatBlock
  make_float_block(const std::size_t n_rows, const std::size_t n_columns)
  {
    return internal::allocate<FloatBlock>(
      Kokkos::ViewAllocateWithoutInitializing("lsr::FloatBlock"),
      n_rows,
      n_columns);
  }

  void
  multiply(const float       alpha,
           const char        transpose_A,
           const FloatBlock &A,
           const char        transpose_B,
           const FloatBlock &B,
           const float       beta,
           const FloatBlock &C)
  {
    const bool        A_t     = transpose_A == 'T';
    const bool        B_t     = transpose_B == 'T';
    const std::size_t k       = A.extent(A_t ? 0 : 1);
    const auto        extents = [](const FloatBlock &X) {
      return std::to_string(X.extent(0)) + " x " + std::to_string(X.extent(1));
    };
    require((A_t || transpose_A == 'N') && (B_t || transpose_B == 'N') &&
              C.extent(0) == A.extent(A_t ? 1 : 0) &&
              C.extent(1) == B.extent(B_t ? 0 : 1) &&
              k == B.extent(B_t ? 1 : 0),
            "multiply: op(A) op(B) = C expected, found A " + extents(A) + " (" +
              transpose_A + "), B " + extents(B) + " (" + transpose_B +
              "), C " + extents(C) + ".");
    if (C.size() == 0)
      return;
    if (k > 0)
      KokkosBlas::gemm(&transpose_A, &transpose_B, alpha, A, B, beta, C);
    else if (beta == 0)
      Kokkos::deep_copy(C, 0.f); // gemm would leave C as it is
    else
      KokkosBlas::scal(C, beta, C);
  }
} // namespace lsr
