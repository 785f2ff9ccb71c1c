// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/network/version.h>

#include <torch/version.h>

namespace lsr
{
  std::string
  torch_version()
  {
    return TORCH_VERSION;
  }
} // namespace lsr
