// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_epetra_view_h
#define lsr_source_fe_epetra_view_h

#include <lsr/base/types.h>

#include <deal.II/base/exceptions.h>

#include <Epetra_Map.h>
#include <Epetra_MultiVector.h>

#include <algorithm>
#include <string>

namespace lsr
{
  /// The memory of @p block as columns distributed by @p map, without a copy.
  inline Epetra_MultiVector
  epetra_view(const Epetra_Map &map, const HostBlock &block)
  {
    AssertThrow(block.extent(0) ==
                  static_cast<std::size_t>(map.NumMyElements()),
                dealii::ExcMessage("A block has " +
                                   std::to_string(block.extent(0)) +
                                   " rows. Expected were the " +
                                   std::to_string(map.NumMyElements()) +
                                   " locally owned rows of the matrix."));
    // Epetra insists on a leading dimension even where there are no rows.
    const int leading_dimension =
      std::max<int>(1, static_cast<int>(block.stride(1)));
    return Epetra_MultiVector(View,
                              map,
                              block.data(),
                              leading_dimension,
                              static_cast<int>(block.extent(1)));
  }
} // namespace lsr

#endif
