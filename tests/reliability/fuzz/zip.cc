// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Archives, byte by byte; what is in them has harnesses of its own.

#include "base/zip_archive.h"
#include "fuzz.h"

LSR_FUZZ(zip)
{
  const lsr::ZipArchive archive(bytes, "archive");
  for (const std::string &path : archive.paths())
    archive.read(path, 1 << 24);
}
