// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/read_file.h"

#include <lsr/base/exceptions.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace lsr
{
  namespace
  {
    /// The regular file at @p path, opened.
    std::ifstream
    open(const std::string &path, const std::string &expected)
    {
      namespace fs = std::filesystem;
      std::error_code error;
      require(fs::exists(path, error),
              path + ": " + (error ? error.message() : "no such file") +
                ", expected " + expected);
      require(fs::is_regular_file(path, error),
              path + ": not a regular file, expected " + expected);
      errno = 0;
      std::ifstream stream(path, std::ios::binary);
      require(stream.is_open(),
              path + ": cannot be read: " + std::strerror(errno));
      return stream;
    }
  } // namespace



  std::string
  read_file(const std::string &path, const std::string &expected)
  {
    std::ifstream stream = open(path, expected);
    std::string   bytes(std::filesystem::file_size(path), '\0');
    errno = 0;
    stream.read(bytes.data(), bytes.size());
    require(stream.good(),
            path + ": cannot be read: " +
              (errno != 0 ? std::strerror(errno) : "it ends too soon"));
    return bytes;
  }



  void
  require_readable(const std::string &path, const std::string &expected)
  {
    open(path, expected);
  }
} // namespace lsr
