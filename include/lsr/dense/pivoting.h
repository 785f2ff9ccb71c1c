// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_pivoting_h
#define lsr_dense_pivoting_h

namespace lsr
{
  /// The order in which a factorization takes the columns of a matrix.
  enum class Pivoting
  {
    /// As they come. The right choice where columns are sorted by importance.
    none,
    /// Next is one with nearly the longest part orthogonal to those taken.
    columns
  };
} // namespace lsr

#endif
