// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_passes_h
#define lsr_dense_passes_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <functional>

namespace lsr
{
  namespace internal
  {
    /// The numbers of the first rank. A sum over all ranks need not be the same
    /// to the last bit on each of them.
    Block
    broadcast(const Block &A, const Communicator &communicator);

    /// The triangle $R$ of the QR factorization of @p W over all ranks, which
    /// leaves @p W alone. Throws Error if it is not finite.
    Block
    triangle_of(const Block &W, const Communicator &communicator);

    /// The triangle $C$ of $B = Q C$ with orthonormal columns $Q$ over all
    /// ranks, from $B^T B = C^T C$: for columns of moderate condition, which it
    /// squares.
    Block
    orthonormal_factor(const Block &B, const Communicator &communicator);

    /**
     * Given columns @p Q of moderate condition, make them orthonormal to
     * rounding: $Q := Q C^{-1}$ with the Cholesky factor $Q^T Q = C^T C$, after
     * a pass with the Householder triangle where they were far from
     * orthonormal. Columns at the end that then depend on those before them are
     * dropped: rounding is what they consist of where the others fill all the
     * space that there is. Each $C$, of the columns that stay, is reported to
     * @p note.
     */
    void
    restore_orthonormality(Block              &Q,
                           const Communicator &communicator,
                           const std::function<void(const Block &)> &note);
  } // namespace internal
} // namespace lsr

#endif
