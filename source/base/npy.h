// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_npy_h
#define lsr_base_npy_h

#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /// An array as numpy.save writes it (format .npy, versions 1 to 3).
  struct NpyArray
  {
    /// Kind of number: 'f' floating, 'c' complex, 'i' signed, 'u' unsigned,
    /// 'b' bool.
    char kind = 'f';

    /// Bytes of a number; little endian.
    std::size_t item_size = 8;

    std::vector<std::int64_t> shape;

    /// The numbers, last index fastest.
    std::string data;

    std::size_t
    n_items() const;

    /// The numbers as float64; throws lsr::Error with @p name in front for
    /// complex ones and for integers that float64 does not hold.
    std::vector<double>
    to_double(const std::string &name) const;
  };

  /// Whether @p bytes begin as an .npy file does.
  bool
  is_npy(const std::string &bytes);

  /// Read the bytes of an .npy file. Throws lsr::Error with @p name in front
  /// where they are something else, incomplete, or hold objects.
  NpyArray
  read_npy(const std::string &bytes, const std::string &name);

  /// The bytes of an .npy file of float64.
  std::string
  write_npy(const std::vector<double>       &numbers,
            const std::vector<std::int64_t> &shape);
} // namespace lsr

#endif
