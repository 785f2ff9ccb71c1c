// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/sparse_view.h"

namespace lsr
{
  namespace internal
  {
    HostBlock
    as_block(const dealii::LinearAlgebra::distributed::Vector<double> &vector)
    {
      return HostBlock(const_cast<double *>(vector.begin()),
                       vector.locally_owned_size(),
                       1);
    }



    CompressedRows
    locally_owned_rows(const TrilinosMatrix &A)
    {
      CompressedRows rows;
      rows.n_columns           = A.n();
      const auto [first, last] = A.local_range();
      if (first == last)
        return rows;
      // Iterators are expensive to make: one goes through all rows.
      auto       entry = A.begin(first);
      const auto end   = A.end(last - 1);
      for (auto row = first; row < last; ++row)
        {
          for (; entry != end && entry->row() == row; ++entry)
            rows.add(entry->column(), entry->value());
          rows.end_row();
        }
      return rows;
    }
  } // namespace internal
} // namespace lsr
