// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_exceptions_h
#define lsr_base_exceptions_h

#include <stdexcept>
#include <string>

namespace lsr
{
  /**
   * Thrown when something that a user controls is wrong: a file, a name, a
   * shape. The message says what was found, where, and what was expected. What
   * takes objects of deal.II checks them as deal.II does, by AssertThrow.
   */
  class Error : public std::runtime_error
  {
  public:
    using std::runtime_error::runtime_error;
  };

  /// Thrown where the memory of the device does not suffice. Smaller blocks may
  /// help.
  class OutOfMemory : public Error
  {
  public:
    using Error::Error;
  };

  /// Throw an Error with @p message unless @p condition holds.
  inline void
  require(const bool condition, const std::string &message)
  {
    if (!condition)
      throw Error(message);
  }
} // namespace lsr

#endif
