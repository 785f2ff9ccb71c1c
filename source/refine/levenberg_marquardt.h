// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_levenberg_marquardt_h
#define lsr_refine_levenberg_marquardt_h

#include <lsr/refine/alignment.h>

#include "refine/alignment_objective.h"

namespace lsr
{
  /// align() by damped Gauss-Newton steps in random tangent subspaces.
  Alignment
  levenberg_marquardt(Network                   &network,
                      const AlignmentObjectives &objectives,
                      const AlignmentParameters &parameters);
} // namespace lsr

#endif
