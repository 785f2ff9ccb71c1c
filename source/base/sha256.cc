// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/sha256.h"

#include <lsr/base/exceptions.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <new>

namespace lsr
{
  std::string
  sha256(const std::string &bytes)
  {
    // OpenSSL's common context crashes if there is no memory to make it.
    const std::unique_ptr<OSSL_LIB_CTX, decltype(&OSSL_LIB_CTX_free)> context(
      OSSL_LIB_CTX_new(), &OSSL_LIB_CTX_free);
    if (!context)
      throw std::bad_alloc();
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(
      EVP_MD_fetch(context.get(), "SHA256", nullptr), &EVP_MD_free);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int  size = 0;
    require(algorithm && EVP_Digest(bytes.data(),
                                    bytes.size(),
                                    digest,
                                    &size,
                                    algorithm.get(),
                                    nullptr) == 1,
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
