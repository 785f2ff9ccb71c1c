// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Arrays of NumPy.

#include "base/npy.h"

#include "fuzz.h"

LSR_FUZZ(npy)
{
  lsr::read_npy(bytes, "array").to_double("array");
}
