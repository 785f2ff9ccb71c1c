// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_sha256_h
#define lsr_base_sha256_h

#include <string>

namespace lsr
{
  /// The SHA-256 of @p bytes as 64 hexadecimal digits, as sha256sum prints it.
  std::string
  sha256(const std::string &bytes);
} // namespace lsr

#endif
