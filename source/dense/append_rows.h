// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_append_rows_h
#define lsr_dense_append_rows_h

#include <lsr/base/types.h>

namespace lsr
{
  namespace internal
  {
    // The two ways of AppendRowsQR to replace the triangle of extent r + 1 by
    // that of [triangle; rows rhs]. Without a right hand side, rhs has no
    // column, and the last one of the triangle stays as it is.

    /// On the CPU, by Householder reflections for few rows at a time, which
    /// stay in the cache. Overwrites @p rows and @p rhs.
    void
    append_by_panels(const HostBlock &triangle,
                     const HostBlock &rows,
                     const HostBlock &rhs);

    /// On a GPU, by products of large blocks: cholesky_qr(), or where that is
    /// not safe householder_qr().
    void
    append_at_once(const Block &triangle, const Block &rows, const Block &rhs);
  } // namespace internal
} // namespace lsr

#endif
