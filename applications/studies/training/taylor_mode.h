// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_taylor_mode_h
#define lsr_studies_taylor_mode_h

#include <vector>

#include "applications/studies/training/layers.h"

namespace lsr_studies
{
  /**
   * The jets of FullyConnected::build_jets() for tanh networks without
   * standardization of the inputs, from tensors and by operations that LibTorch
   * differentiates: for training small networks some times faster than to
   * differentiate them twice.
   *
   * @p theta are the parameters, @p points is [points, inputs]. The result is
   * [entries, points, outputs]. With empty weights @p a of second derivatives
   * there are values only; if all are zero, values and first derivatives.
   */
  torch::Tensor
  jets(const FullyConnected      &layout,
       const std::vector<double> &a,
       const torch::Tensor       &theta,
       const torch::Tensor       &points);
} // namespace lsr_studies

#endif
