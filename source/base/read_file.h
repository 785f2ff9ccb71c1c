// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_read_file_h
#define lsr_base_read_file_h

#include <string>

namespace lsr
{
  /// All bytes of the file @p path. Throws lsr::Error where there is no such
  /// regular file or it cannot be read; messages say that @p expected was.
  std::string
  read_file(const std::string &path, const std::string &expected);

  /// Throw lsr::Error as read_file() does, for files that others read.
  void
  require_readable(const std::string &path, const std::string &expected);
} // namespace lsr

#endif
