// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_single_precision_qr_h
#define lsr_studies_single_precision_qr_h

#include <lsr/base/types.h>

#include <cstddef>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /**
   * What AppendRowsQR does, in single precision throughout: to show what
   * becomes of a reduced problem that is rounded, factorized and solved with
   * seven digits. Not for anything else.
   */
  class SinglePrecisionQR
  {
  public:
    explicit SinglePrecisionQR(std::size_t n_columns);

    /// Append the leading columns of @p rows, rounded, and of right hand sides.
    void
    append(const Block &rows, const Column &rhs);

    /// The least-squares solution with the leading @p rank columns; the others
    /// up to @p n_coefficients are 0.
    Column
    solve(std::size_t rank, std::size_t n_coefficients) const;

    /// Number of columns.
    std::size_t
    size() const
    {
      return n_columns;
    }

  private:
    std::size_t        n_columns;
    std::vector<float> triangle, z;
  };
} // namespace lsr_studies

#endif
