// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_classification_rendered_digits_h
#define lsr_studies_classification_rendered_digits_h

#include <cstddef>
#include <cstdint>

#include "applications/studies/classification/image_set.h"

namespace lsr_studies
{
  /**
   * Images of digits as if by different hands, for where no data of
   * handwriting is at hand: a digit is written in one of two to four ways as a
   * few curves, which are then bent, stretched, slanted, turned, shifted, and
   * drawn by a pen of random width and darkness whose strokes begin late and
   * end early, on noisy paper. All ten digits are equally likely.
   *
   * The same images for the same @p seed.
   */
  ImageSet
  render_digits(const std::size_t n_images, const std::uint64_t seed);
} // namespace lsr_studies

#endif
