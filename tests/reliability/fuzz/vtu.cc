// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Fields of VTK.

#include "fe/vtu_file.h"
#include "fuzz.h"

LSR_FUZZ(vtu)
{
  lsr::read_vtu(bytes, "field");
}
