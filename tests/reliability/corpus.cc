// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The files that fuzzers have found, and which once crashed a reader, took its
// memory, or made it throw something else than lsr::Error.

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "reliability/fuzz/fuzz.h"

namespace
{
  std::string
  read_file(const std::filesystem::path &path)
  {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
} // namespace

TEST(FuzzedFiles, AreReadOrRefused)
{
  std::size_t n_files = 0;
  for (const auto &[name, read] : fuzz::readers())
    {
      const std::filesystem::path folder =
        std::string(LSR_TESTS) + "/reliability/fuzz/corpus/" + name;
      if (!std::filesystem::exists(folder))
        continue;
      for (const auto &entry : std::filesystem::directory_iterator(folder))
        {
          SCOPED_TRACE(entry.path().string());
          ++n_files;
          try
            {
              read(read_file(entry.path()));
            }
          catch (const lsr::Error &)
            {} // as it should be
          catch (const std::exception &exception)
            {
              ADD_FAILURE() << exception.what();
            }
        }
    }
  EXPECT_GT(n_files, 0u);
}
