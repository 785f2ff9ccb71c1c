// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_point_sample_h
#define lsr_refine_point_sample_h

#include <lsr/base/types.h>

#include <cstddef>

namespace lsr
{
  /**
   * A sample of @p n_points of the given points (a column for each), or all of
   * them if there are fewer, without those that occur twice. Which belong to
   * it, and in which order, depends on their coordinates alone, see
   * point_hash(): a sample of samples of parts is the sample of the whole.
   *
   * \param [in] points inputs $\times$ their number
   * \param [in] n_points how many are wanted
   * \return inputs $\times$ the points of the sample
   */
  Block
  point_sample(const Block &points, const std::size_t n_points);
} // namespace lsr

#endif
