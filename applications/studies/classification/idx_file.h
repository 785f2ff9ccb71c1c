// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_classification_idx_file_h
#define lsr_studies_classification_idx_file_h

#include <string>

#include "applications/studies/classification/image_set.h"

namespace lsr_studies
{
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



  /// The images of MNIST for training and for testing.
  struct MNIST
  {
    ImageSet train, test;
  };

  /// Read the four files of MNIST, uncompressed and under their usual names
  /// (`train-images-idx3-ubyte` and so on), from @p folder. Throws as
  /// read_idx() does.
  MNIST
  read_mnist(const std::string &folder);
} // namespace lsr_studies

#endif
