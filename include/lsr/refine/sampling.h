// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_sampling_h
#define lsr_refine_sampling_h

#include <lsr/base/types.h>

#include <cstddef>
#include <vector>

namespace lsr
{
  /**
   * Where a network is evaluated, and which of its values make up $q$.
   *
   * A network returns all outputs at every point, a finite-element space may
   * want, in its own order, some of them: value $i$ of $q$ is row rows[i] of
   * what the network returns at @p points (see Network). No rows means all, in
   * the order of the network.
   */
  struct Sampling
  {
    /// Inputs of the network $\times$ points.
    Block points;

    /// Rows of the network's values that make up $q$; empty: all.
    std::vector<std::size_t> rows;

    /// Number of values of $q$ for a network with @p n_outputs outputs.
    std::size_t
    n_values(const unsigned int n_outputs) const
    {
      return rows.empty() ? points.extent(1) * n_outputs : rows.size();
    }

    /// The rows of $q$ out of those of the network: @p all itself or a copy.
    Block
    select(const Block &all) const;

    /// @copydoc select(const Block&) const
    Column
    select(const Column &all) const;

    /// The transpose of select(): rows of $q$ are added up where the network
    /// has them, other rows are 0.
    Block
    scatter(const Block &selected, const std::size_t n_network_rows) const;
  };
} // namespace lsr

#endif
