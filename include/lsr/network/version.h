// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_version_h
#define lsr_network_version_h

#include <string>

namespace lsr
{
  /// The version of LibTorch that the library was built with.
  std::string
  torch_version();
} // namespace lsr

#endif
