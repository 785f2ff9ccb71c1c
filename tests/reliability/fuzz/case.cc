// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Exported linear cases.

#include <lsr/refine/linear_case.h>

#include "fuzz.h"

LSR_FUZZ(case)
{
  const fuzz::File file(bytes, ".h5");
  lsr::LinearCase::load(file.path);
}
