// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/image_set.h"

#include <lsr/dense/host.h>
#include <lsr/refine/softmax_residual.h>

#include <algorithm>

namespace lsr_studies
{
  ImageSet
  ImageSet::slice(const std::size_t first, const std::size_t last) const
  {
    return {columns(points, first, last),
            {labels.begin() + first, labels.begin() + last}};
  }



  ImageSet
  image_set(const std::vector<unsigned char> &pixels,
            const std::vector<unsigned int>  &labels)
  {
    const HostBlock points =
      to_host(make_block(ImageSet::n_pixels, labels.size()));
    for (std::size_t i = 0; i < pixels.size(); ++i)
      points.data()[i] = pixels[i] / 255.;
    return {to_memory_space(points), labels};
  }



  ImageStream::ImageStream(const ImageSet &images, const std::size_t block_size)
    : images(images)
    , block_size(block_size)
  {}



  std::size_t
  ImageStream::n_values() const
  {
    return images.size() * ImageSet::n_classes;
  }



  void
  ImageStream::for_each_block(
    const std::function<void(const RowBlock &)> &visit) const
  {
    for (std::size_t first = 0; first < images.size(); first += block_size)
      {
        const ImageSet block =
          images.slice(first, std::min(first + block_size, images.size()));
        SoftmaxResidual residual(block.labels, ImageSet::n_classes);
        visit({block.points, residual});
      }
  }
} // namespace lsr_studies
