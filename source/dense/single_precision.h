// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_single_precision_h
#define lsr_dense_single_precision_h

#include <lsr/base/types.h>

namespace lsr
{
  /// A block in single precision with uninitialized entries.
  FloatBlock
  make_float_block(std::size_t n_rows, std::size_t n_columns);

  /**
   * Compute $C := \alpha\, \mathrm{op}(A)\, \mathrm{op}(B) + \beta\, C$ in
   * single precision; see multiply(double, char, const Block&, char, const
   * Block&, double, const Block&).
   */
  void
  multiply(float             alpha,
           char              transpose_A,
           const FloatBlock &A,
           char              transpose_B,
           const FloatBlock &B,
           float             beta,
           const FloatBlock &C);
} // namespace lsr

#endif
