// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/read_file.h"

#include <lsr/base/exceptions.h>

#include <filesystem>
#include <fstream>

namespace lsr
{
  std::string
  read_file(const std::string &path, const std::string &expected)
  {
    namespace fs = std::filesystem;
    require(fs::exists(path), path + ": no such file, expected " + expected);
    require(fs::is_regular_file(path),
            path + ": not a regular file, expected " + expected);
    std::string   bytes(fs::file_size(path), '\0');
    std::ifstream stream(path, std::ios::binary);
    stream.read(bytes.data(), bytes.size());
    require(stream.good(), path + ": cannot be read, expected " + expected);
    return bytes;
  }
} // namespace lsr
