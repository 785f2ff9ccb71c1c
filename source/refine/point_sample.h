// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_point_sample_h
#define lsr_refine_point_sample_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <cstddef>
#include <cstdint>

namespace lsr
{
  /**
   * A random sample of the points of all ranks, the same on every rank, or all
   * points if there are fewer; none occurs twice. Which belong to it, and in
   * which order, depends on their coordinates alone, see point_hash(), and not
   * on the number of ranks. Collective.
   *
   * \param [in] points inputs $\times$ the points of this rank
   * \param [in] n_points how many are wanted
   * \param [in] communicator the ranks over which the points are distributed
   * \param [in] seed other seeds give other samples
   * \return inputs $\times$ the points of the sample
   */
  Block
  point_sample(const Block        &points,
               const std::size_t   n_points,
               const Communicator &communicator,
               const std::uint64_t seed = 0);
} // namespace lsr

#endif
