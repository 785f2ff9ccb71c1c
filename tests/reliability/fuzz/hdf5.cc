// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Arrays in HDF5 files.

#include "fuzz.h"
#include "refine/number_arrays.h"

LSR_FUZZ(hdf5)
{
  const fuzz::File file(bytes, ".h5");
  lsr::read_number_arrays(file.path);
}
