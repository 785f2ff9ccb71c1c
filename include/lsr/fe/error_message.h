// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_error_message_h
#define lsr_fe_error_message_h

#include <exception>
#include <string>

namespace lsr
{
  /**
   * What an exception says: for those of deal.II the text without the frame of
   * file, line, condition and stack trace around it, for others what().
   */
  std::string
  error_message(const std::exception &exception);
} // namespace lsr

#endif
