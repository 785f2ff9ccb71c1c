// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_row_stream_h
#define lsr_refine_row_stream_h

#include <lsr/base/types.h>
#include <lsr/refine/residual.h>

#include <cstddef>
#include <functional>

namespace lsr
{
  /// Some rows of a residual: values of the network at @p points, in the order
  /// of Network::evaluate(), and what is required of them.
  struct RowBlock
  {
    /// Inputs of the network $\times$ points.
    Block points;

    /// The residual of these points alone, with a Euclidean norm.
    Residual &residual;

    /// Rows of different folds are independent of each other.
    unsigned int fold = 0;
  };



  /**
   * The rows of a least-squares problem, block by block, so that no more than
   * one block of $J V$ is held at a time. A stream may join several residuals:
   * it hands out the blocks of one after those of the other.
   */
  class RowStream
  {
  public:
    virtual ~RowStream() = default;

    /// How many folds the rows are divided into.
    virtual unsigned int
    n_folds() const
    {
      return 1;
    }

    /// Number of values of the network on this rank.
    virtual std::size_t
    n_values() const = 0;

    /// Call @p visit for each block of this rank. A block is only valid during
    /// the call.
    virtual void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const = 0;
  };
} // namespace lsr

#endif
