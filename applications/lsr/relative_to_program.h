// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_relative_to_program_h
#define lsr_applications_relative_to_program_h

#include <filesystem>
#include <string>

namespace lsr
{
  /// A file at @p path relative to the folder of this program.
  inline std::string
  relative_to_program(const std::string &path)
  {
    std::error_code             ignored;
    const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", ignored);
    return (program.parent_path() / path).lexically_normal().string();
  }
} // namespace lsr

#endif
