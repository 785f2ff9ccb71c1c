// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/sha256.h"

#include <lsr/base/exceptions.h>

#include <openssl/evp.h>

namespace lsr
{
  std::string
  sha256(const std::string &bytes)
  {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int  size = 0;
    require(
      EVP_Digest(
        bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1,
      "SHA-256: OpenSSL does not compute it here");
    std::string text;
    for (unsigned int i = 0; i < size; ++i)
      {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
      }
    return text;
  }
} // namespace lsr
