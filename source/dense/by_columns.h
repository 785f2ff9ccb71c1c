// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_by_columns_h
#define lsr_dense_by_columns_h

#include <lsr/base/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace lsr
{
  namespace internal
  {
    // Operations on every column of a block, where the block is: only
    // numbers per column go to the host.

    /// Throw Error, with @p name for the matrix, unless all entries are finite,
    /// and lengths of columns, too.
    void
    require_finite(const Block &A, const std::string &name);

    /// The Euclidean lengths of the columns, as long as these are in the range
    /// of double precision; not a number or infinite where an entry is.
    std::vector<double>
    column_lengths(const Block &A);

    /// Columns indices[j] of @p A, each times factors[j], for the first @p n
    /// of the indices.
    Block
    scaled_columns(const Block                    &A,
                   const std::vector<std::size_t> &indices,
                   const std::vector<double>      &factors,
                   std::size_t                     n);

    /// $\|x + \sum_{j < k} w_j a_j\|$ for $k = 0, 1, \ldots$, as many of the
    /// columns $a_j$ of @p A as there are.
    std::vector<double>
    partial_sum_lengths(const Column              &x,
                        const Block               &A,
                        const std::vector<double> &w);
  } // namespace internal
} // namespace lsr

#endif
