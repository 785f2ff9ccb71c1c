// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Pickles of Python, of which nothing is run.

#include "network/pickle.h"

#include "fuzz.h"

LSR_FUZZ(pickle)
{
  const lsr::Pickle pickle(bytes, "pickle");
  pickle.value().function();
}
