// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_pickle_h
#define lsr_network_pickle_h

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A value of a Python pickle. A pickle is a program that makes objects by
   * calling functions that it names; nothing is called here. A call stays what
   * it is, the name of a function and its arguments, and who reads the values
   * decides which of them it understands.
   */
  struct PickleValue
  {
    enum class Kind
    {
      none,
      boolean,
      integer,
      real,
      text,
      sequence,
      dictionary,
      name,
      call,
      reference
    };

    Kind kind = Kind::none;

    /// Of booleans and integers; of integers that are too large, the lowest
    /// bits.
    std::int64_t integer = 0;

    double real = 0.;

    /// Of texts and bytes; the name of a function or class with its module.
    std::string text;

    /// Elements of a sequence; keys and values of a dictionary in turn;
    /// function and arguments (a sequence) of a call; the identification of a
    /// storage outside of the pickle (a reference).
    std::vector<const PickleValue *> items;

    /// The function of a call by its name; empty for anything else.
    const std::string &
    function() const;

    /// Argument of a call, or element of a sequence; of kind none if there are
    /// fewer.
    const PickleValue &
    operator[](const std::size_t i) const;

    /// Number of arguments or elements.
    std::size_t
    size() const;
  };



  /// A pickle with all its values.
  class Pickle
  {
  public:
    /**
     * Read the pickle that begins at @p begin. Throws lsr::Error, with @p name
     * in front, where it is incomplete, of an unknown format, or calls a
     * function that would take over the machine of who loads it in Python.
     */
    Pickle(const std::string &bytes,
           const std::string &name,
           const std::size_t  begin = 0);

    Pickle(const Pickle &) = delete;
    Pickle &
    operator=(const Pickle &) = delete;

    const PickleValue &
    value() const
    {
      return *result;
    }

    /// Where the pickle ends in the bytes.
    std::size_t
    end() const
    {
      return end_position;
    }

  private:
    class Reader;

    // Values refer to each other, even in circles, and live here.
    std::deque<PickleValue> values;
    const PickleValue      *result       = nullptr;
    std::size_t             end_position = 0;
  };
} // namespace lsr

#endif
