// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_classification_accuracy_h
#define lsr_studies_classification_accuracy_h

#include <lsr/base/types.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <vector>

#include "applications/studies/classification/image_set.h"

namespace lsr_studies
{
  /**
   * The part of the images whose largest value belongs to the right class, for
   * each of some refined predictions $q + J V y$ that differ by their
   * coefficients @p Y, one column each. Images are treated in blocks of
   * @p block_size.
   */
  std::vector<double>
  accuracies(const Network      &network,
             const TangentBasis &basis,
             const Block        &Y,
             const ImageSet     &images,
             const std::size_t   block_size);
} // namespace lsr_studies

#endif
