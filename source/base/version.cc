// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/config.h>
#include <lsr/base/version.h>

namespace lsr
{
  std::string
  version()
  {
    return LSR_VERSION;
  }
} // namespace lsr
