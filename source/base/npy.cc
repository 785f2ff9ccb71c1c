// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/npy.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <regex>

namespace lsr
{
  namespace
  {
    const std::string magic = "\x93NUMPY";



    /// IEEE half precision, for which C++17 has no type.
    double
    half_to_double(const std::uint16_t bits)
    {
      const double sign     = (bits & 0x8000) ? -1. : 1.;
      const int    exponent = (bits >> 10) & 0x1f;
      const int    mantissa = bits & 0x3ff;
      if (exponent == 0)
        return sign * std::ldexp(mantissa, -24);
      if (exponent == 0x1f)
        return mantissa ? std::numeric_limits<double>::quiet_NaN() :
                          sign * std::numeric_limits<double>::infinity();
      return sign * std::ldexp(1024 + mantissa, exponent - 25);
    }



    template <typename Number>
    std::vector<double>
    convert(const NpyArray &array, const std::string &name)
    {
      std::vector<double> numbers(array.n_items());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        {
          Number number;
          std::memcpy(&number,
                      array.data.data() + i * sizeof(Number),
                      sizeof(Number));
          numbers[i] = double(number);
          if constexpr (std::is_integral_v<Number>)
            if (std::abs(numbers[i]) > 9007199254740992. ||
                Number(numbers[i]) != number)
              throw Error(name + ": the integer " + std::to_string(number) +
                          " is beyond what float64 holds");
        }
      return numbers;
    }



    /// Change first index fastest into last index fastest.
    std::string
    to_last_fastest(const std::string               &data,
                    const std::vector<std::int64_t> &shape,
                    const std::size_t                item_size)
    {
      std::string               result(data.size(), '\0');
      std::vector<std::int64_t> index(shape.size(), 0);
      for (std::size_t i = 0; i * item_size < data.size(); ++i)
        {
          std::size_t place = 0;
          for (std::size_t d = 0; d < shape.size(); ++d)
            place = place * shape[d] + index[d];
          std::memcpy(&result[place * item_size],
                      &data[i * item_size],
                      item_size);
          for (std::size_t d = 0; d < shape.size() && ++index[d] == shape[d];
               ++d)
            index[d] = 0;
        }
      return result;
    }



    void
    swap_bytes(std::string &data, const std::size_t word)
    {
      for (std::size_t i = 0; i + word <= data.size(); i += word)
        std::reverse(data.begin() + i, data.begin() + i + word);
    }



    /// The value that belongs to a key in the header, a Python dictionary.
    std::string
    header_entry(const std::string &header,
                 const std::string &key,
                 const std::regex  &pattern,
                 const std::string &name)
    {
      std::smatch match;
      require(std::regex_search(header, match, pattern),
              name + ": the header of the .npy file has no " + key +
                " that is understood: " + header);
      return match[1];
    }



    std::vector<std::int64_t>
    parse_shape(const std::string &text, const std::string &name)
    {
      std::vector<std::int64_t> shape;
      static const std::regex   number("[0-9]+");
      for (std::sregex_iterator i(text.begin(), text.end(), number), end;
           i != end;
           ++i)
        {
          require(i->length() <= 15,
                  name + ": the shape (" + text + ") is too large");
          shape.push_back(std::stoll(i->str()));
        }
      return shape;
    }
  } // namespace



  std::size_t
  NpyArray::n_items() const
  {
    return item_size == 0 ? 0 : data.size() / item_size;
  }



  std::vector<double>
  NpyArray::to_double(const std::string &name) const
  {
    switch (kind)
      {
        case 'f':
          if (item_size == 2)
            {
              std::vector<double> numbers(n_items());
              for (std::size_t i = 0; i < numbers.size(); ++i)
                {
                  std::uint16_t bits;
                  std::memcpy(&bits, data.data() + 2 * i, 2);
                  numbers[i] = half_to_double(bits);
                }
              return numbers;
            }
          return item_size == 4 ? convert<float>(*this, name) :
                                  convert<double>(*this, name);
        case 'i':
          switch (item_size)
            {
              case 1:
                return convert<std::int8_t>(*this, name);
              case 2:
                return convert<std::int16_t>(*this, name);
              case 4:
                return convert<std::int32_t>(*this, name);
              default:
                return convert<std::int64_t>(*this, name);
            }
        case 'u':
        case 'b':
          switch (item_size)
            {
              case 1:
                return convert<std::uint8_t>(*this, name);
              case 2:
                return convert<std::uint16_t>(*this, name);
              case 4:
                return convert<std::uint32_t>(*this, name);
              default:
                return convert<std::uint64_t>(*this, name);
            }
        default:
          throw Error(name + ": complex numbers, expected real ones");
      }
  }



  bool
  is_npy(const std::string &bytes)
  {
    return bytes.compare(0, magic.size(), magic) == 0;
  }



  NpyArray
  read_npy(const std::string &bytes, const std::string &name)
  {
    require(is_npy(bytes) && bytes.size() >= 10, name + ": not an .npy file");
    const auto byte = [&](const std::size_t i) {
      return std::size_t(static_cast<unsigned char>(bytes[i]));
    };
    const std::size_t version = byte(6);
    require(version >= 1 && version <= 3,
            name + ": version " + std::to_string(version) +
              " of .npy, expected 1, 2 or 3");
    const std::size_t begin = version == 1 ? 10 : 12;
    require(bytes.size() >= begin, name + ": the .npy file is incomplete");
    const std::size_t length =
      version == 1 ?
        byte(8) + (byte(9) << 8) :
        byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24);
    require(bytes.size() - begin >= length,
            name + ": the header of the .npy file is incomplete");
    // Regular expressions need a stack that grows with the text.
    require(length <= 4096,
            name + ": the header of the .npy file has " +
              std::to_string(length) +
              " bytes, expected that of an array of numbers");
    std::string header = bytes.substr(begin, length);
    header.erase(header.find_last_not_of(" \n") + 1);

    static const std::regex descr("'descr' *: *'([^']*)'"),
      number_type("([<>|=])([fciub])([0-9]+)"),
      shape("'shape' *: *\\(([^)]*)\\)"),
      fortran_order("'fortran_order' *: *(True|False)");
    const std::string type = header_entry(header, "descr", descr, name);
    std::smatch       parts;
    const bool        known = std::regex_match(type, parts, number_type);
    NpyArray          array;
    if (known)
      {
        array.kind      = parts[2].str()[0];
        array.item_size = std::stoul(parts[3].str().substr(0, 3));
      }
    const auto sizes = [&]() -> std::string {
      switch (array.kind)
        {
          case 'f':
            return " 2 4 8 ";
          case 'c':
            return " 8 16 ";
          case 'b':
            return " 1 ";
          default:
            return " 1 2 4 8 ";
        }
    }();
    require(known && sizes.find(" " + std::to_string(array.item_size) + " ") !=
                       std::string::npos,
            name + ": numbers of type '" + type +
              "', expected floating-point numbers, integers or bool");

    array.shape = parse_shape(header_entry(header, "shape", shape, name), name);
    std::size_t       n_bytes   = array.item_size;
    const std::size_t available = bytes.size() - begin - length;
    for (const std::int64_t n : array.shape)
      {
        require(n == 0 || n_bytes <= available / n || n_bytes == 0,
                name + ": the .npy file is incomplete");
        n_bytes *= n;
      }
    require(available == n_bytes,
            name + ": the .npy file has " + std::to_string(available) +
              " bytes of numbers, expected " + std::to_string(n_bytes));
    array.data = bytes.substr(begin + length);
    if (parts[1] == ">")
      swap_bytes(array.data,
                 array.kind == 'c' ? array.item_size / 2 : array.item_size);
    if (header_entry(header, "fortran_order", fortran_order, name) == "True")
      array.data = to_last_fastest(array.data, array.shape, array.item_size);
    return array;
  }



  std::string
  write_npy(const std::vector<double>       &numbers,
            const std::vector<std::int64_t> &shape)
  {
    std::string text = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
    for (const std::int64_t n : shape)
      text += std::to_string(n) + ",";
    text += "), }";
    // Numbers begin at a multiple of 64 bytes.
    text.append(63 - (magic.size() + 4 + text.size()) % 64, ' ');
    text += '\n';
    std::string bytes = magic + '\1' + '\0';
    bytes += char(text.size() & 0xff);
    bytes += char(text.size() >> 8);
    bytes += text;
    bytes.append(reinterpret_cast<const char *>(numbers.data()),
                 numbers.size() * sizeof(double));
    return bytes;
  }
} // namespace lsr
