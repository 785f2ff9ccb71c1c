// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_row_labels_h
#define lsr_refine_row_labels_h

#include <lsr/base/communicator.h>
#include <lsr/dense/orthonormalization.h>
#include <lsr/refine/sampling.h>

namespace lsr
{
  /**
   * Labels of the values $q$ of a sampling: numbers that come from the points
   * and outputs of a network with @p n_outputs outputs that a value is made of,
   * and not from how degrees of freedom are numbered and distributed.
   *
   * Inputs are rounded, to $2^{-22}$ of their root mean square over all ranks,
   * so that the rounding errors of a point that another rank or another cell
   * has computed do not change its label. Points nearer to each other than that
   * may have one label; their rows are nearly equal, too. Collective.
   */
  RowLabels
  row_labels(const Sampling     &sampling,
             unsigned int        n_outputs,
             const Communicator &communicator);
} // namespace lsr

#endif
