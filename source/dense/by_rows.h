// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_by_rows_h
#define lsr_dense_by_rows_h

#include <lsr/base/types.h>

#include <cstddef>

#include "base/to_view.h"

namespace lsr
{
  namespace internal
  {
    // Operations on some rows of a block, where the block is.

    /// Set the given rows of @p Y to zero, whatever they are.
    void
    set_rows_to_zero(const Indices &rows, const Block &Y);

    /// Add @p factor times the given rows of @p X to the same rows of @p Y.
    void
    add_rows(const Indices &rows,
             double         factor,
             const Block   &X,
             const Block   &Y);

    /// Row $i$ of @p Y becomes factors(i) times row $i$ of @p X, which may be
    /// the same block.
    void
    scale_rows(const Column &factors, const Block &X, const Block &Y);
  } // namespace internal
} // namespace lsr

#endif
