// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_out_of_memory_h
#define lsr_base_out_of_memory_h

#include <lsr/base/exceptions.h>

namespace lsr
{
  /// Thrown where the memory of the device does not suffice. Smaller blocks may
  /// help.
  class OutOfMemory : public Error
  {
  public:
    using Error::Error;
  };
} // namespace lsr

#endif
