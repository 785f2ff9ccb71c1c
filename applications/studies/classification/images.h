// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_images_h
#define lsr_studies_images_h

#include <lsr/base/types.h>
#include <lsr/refine/fit.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
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



  /**
   * Read images and labels in the format of the MNIST files, IDX: a magic
   * number (0x00000803 for images, 0x00000801 for labels), their number and,
   * for images, height and width, each four bytes, most significant first;
   * then one byte for each pixel or label.
   *
   * Throws lsr::Error with the path, what was found and what was expected, if a
   * file is missing, is not IDX or not of this kind, is truncated or longer
   * than it says, or empty; if the images are not 28 x 28; if a label is above
   * 9; or if there are not as many labels as images.
   */
  ImageSet
  read_idx(const std::string &images_path, const std::string &labels_path);

  /// The images of MNIST for training (`train`) or for testing (`t10k`), from
  /// its uncompressed files in @p folder. Throws as read_idx() does.
  ImageSet
  read_mnist(const std::string &folder, const std::string &split);



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
