// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_classification_image_set_h
#define lsr_studies_classification_image_set_h

#include <lsr/base/types.h>
#include <lsr/refine/row_stream.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "applications/studies/namespace.h"

namespace lsr_studies
{
  /// Grey images of digits, with what they show.
  struct ImageSet
  {
    static constexpr unsigned int width     = 28;
    static constexpr unsigned int n_pixels  = width * width;
    static constexpr unsigned int n_classes = 10;

    /// Pixels, row by row, from 0 (paper) to 1 (ink) $\times$ images.
    Block points;

    /// 0 to 9.
    std::vector<unsigned int> labels;

    std::size_t
    size() const
    {
      return labels.size();
    }

    /// Images [first, last), sharing the memory of the pixels.
    ImageSet
    slice(std::size_t first, std::size_t last) const;
  };



  /// A set of images from one byte for each pixel, 255 for ink.
  ImageSet
  image_set(const std::vector<unsigned char> &pixels,
            const std::vector<unsigned int>  &labels);



  /// The residual of classification of a set of images as a stream of rows, in
  /// blocks of at most @p block_size images.
  class ImageStream : public RowStream
  {
  public:
    ImageStream(const ImageSet &images, const std::size_t block_size);

    std::size_t
    n_values() const override;

    void
    for_each_block(
      const std::function<void(const RowBlock &)> &visit) const override;

  private:
    const ImageSet    images;
    const std::size_t block_size;
  };
} // namespace lsr_studies

#endif
