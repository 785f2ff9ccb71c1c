// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_other_sparse_view_h
#define lsr_tests_other_sparse_view_h

#include "fe/sparse_view.h"

namespace lsr::internal
{
  /// make_sparse_view() of the backend that is not in the library.
  std::unique_ptr<const SparseView>
  make_other_sparse_view(const TrilinosMatrix &A);
} // namespace lsr::internal

#endif
