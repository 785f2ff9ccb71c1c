// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/vtu_file.h"

#include <lsr/base/exceptions.h>

#include <deal.II/base/utilities.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <sstream>

namespace lsr
{
  namespace
  {
    using boost::property_tree::ptree;

    /// How the whole file encodes numbers.
    struct Encoding
    {
      std::string path;
      std::size_t header_size = 4;
      bool        compressed  = false;

      /// Behind the underscore of the element AppendedData.
      std::string appended;
      bool        appended_is_raw = false;
    };



    /// Bytes that are read from the front, raw or as base64. Blocks of base64
    /// are filled up to three bytes.
    class Reader
    {
    public:
      Reader(const Encoding    &encoding,
             const std::string &bytes,
             const std::size_t  begin,
             const bool         raw)
        : encoding(encoding)
        , bytes(bytes)
        , position(begin)
        , raw(raw)
      {}

      std::string
      read(const std::size_t n)
      {
        const std::size_t length = raw ? n : (n + 2) / 3 * 4;
        require(position <= bytes.size() && length <= bytes.size() - position,
                encoding.path + ": the data of an array end too early");
        const std::string part = bytes.substr(position, length);
        position += length;
        if (raw)
          return part;
        std::vector<unsigned char> decoded;
        try
          {
            decoded = dealii::Utilities::decode_base64(part);
          }
        catch (const std::exception &)
          {} // other characters
        require(decoded.size() >= n,
                encoding.path + ": an array is no base64 data");
        return std::string(decoded.begin(), decoded.begin() + n);
      }

      std::uint64_t
      header(const std::string &text, const std::size_t i) const
      {
        std::uint64_t number = 0;
        std::memcpy(&number,
                    text.data() + i * encoding.header_size,
                    encoding.header_size); // little endian
        return number;
      }

      /// Without compression, the length and the numbers are one block.
      std::string
      read_plain()
      {
        const std::size_t   start = position;
        const std::uint64_t n     = header(read(encoding.header_size), 0);
        require(n <= bytes.size(),
                encoding.path + ": the data of an array end too early");
        position = start;
        return read(encoding.header_size + n).substr(encoding.header_size);
      }

      std::string
      read_compressed()
      {
        const std::size_t   start = position;
        const std::size_t   h     = encoding.header_size;
        const std::uint64_t n     = header(read(h), 0);
        require(n <= bytes.size(),
                encoding.path + ": the data of an array end too early");
        position                 = start;
        const std::string   head = read((3 + n) * h);
        const std::uint64_t size = header(head, 1), last = header(head, 2);
        std::uint64_t       length = 0;
        for (std::uint64_t i = 0; i < n; ++i)
          length += std::min<std::uint64_t>(header(head, 3 + i), bytes.size());
        const std::string packed = read(length);

        std::string   result;
        std::uint64_t offset = 0;
        for (std::uint64_t i = 0; i < n; ++i)
          {
            // zlib makes at most a thousand bytes of one.
            const std::uint64_t packed_size = header(head, 3 + i);
            uLongf unpacked_size = i + 1 == n && last != 0 ? last : size;
            require(unpacked_size / 1100 <= packed_size,
                    encoding.path + ": a compressed array is damaged");
            std::string block(unpacked_size, '\0');
            require(uncompress(reinterpret_cast<Bytef *>(block.data()),
                               &unpacked_size,
                               reinterpret_cast<const Bytef *>(packed.data() +
                                                               offset),
                               packed_size) == Z_OK &&
                      unpacked_size == block.size(),
                    encoding.path + ": a compressed array is damaged");
            result += block;
            offset += packed_size;
          }
        return result;
      }

    private:
      const Encoding    &encoding;
      const std::string &bytes;
      std::size_t        position;
      const bool         raw;
    };



    template <typename Number>
    void
    append(std::vector<double> &numbers, const std::string &bytes)
    {
      for (std::size_t i = 0; i + sizeof(Number) <= bytes.size();
           i += sizeof(Number))
        {
          Number number;
          std::memcpy(&number, bytes.data() + i, sizeof(Number));
          numbers.push_back(double(number));
        }
    }



    std::vector<double>
    numbers_of(const std::string &bytes,
               const std::string &type,
               const std::string &what)
    {
      std::vector<double> numbers;
      if (type == "Float64")
        append<double>(numbers, bytes);
      else if (type == "Float32")
        append<float>(numbers, bytes);
      else if (type == "Int64")
        append<std::int64_t>(numbers, bytes);
      else if (type == "UInt64")
        append<std::uint64_t>(numbers, bytes);
      else if (type == "Int32")
        append<std::int32_t>(numbers, bytes);
      else if (type == "UInt32")
        append<std::uint32_t>(numbers, bytes);
      else if (type == "Int16")
        append<std::int16_t>(numbers, bytes);
      else if (type == "UInt16")
        append<std::uint16_t>(numbers, bytes);
      else if (type == "Int8")
        append<std::int8_t>(numbers, bytes);
      else if (type == "UInt8")
        append<std::uint8_t>(numbers, bytes);
      else
        throw Error(what + " has numbers of the type '" + type +
                    "', expected Float64, Float32 or integers");
      return numbers;
    }



    VtuPoints::Array
    read_array(const ptree &element, const Encoding &encoding)
    {
      const std::string what = encoding.path + ": the array '" +
                               element.get("<xmlattr>.Name", "") + "'";
      const std::string format = element.get("<xmlattr>.format", "ascii");
      VtuPoints::Array  array;
      array.n_components =
        element.get<std::size_t>("<xmlattr>.NumberOfComponents", 1);
      if (format == "ascii")
        {
          std::istringstream text(element.data());
          for (std::string word; text >> word;)
            {
              char        *end    = nullptr;
              const double number = std::strtod(word.c_str(), &end);
              require(*end == '\0',
                      what + ": found '" + word.substr(0, 40) +
                        "', expected a number");
              array.values.push_back(number);
            }
          return array;
        }
      require(format == "binary" || format == "appended",
              what + " has the format '" + format +
                "', expected ascii, binary or appended");
      std::string inside = element.data();
      inside.erase(std::remove_if(inside.begin(),
                                  inside.end(),
                                  [](const unsigned char c) {
                                    return std::isspace(c) != 0;
                                  }),
                   inside.end());
      const bool is_appended = format == "appended";
      Reader     reader(encoding,
                    is_appended ? encoding.appended : inside,
                    is_appended ? element.get<std::size_t>("<xmlattr>.offset") :
                                      0,
                    is_appended && encoding.appended_is_raw);
      array.values = numbers_of(encoding.compressed ? reader.read_compressed() :
                                                      reader.read_plain(),
                                element.get("<xmlattr>.type", ""),
                                what);
      return array;
    }



    /// Take the appended data, which need not be XML, out of @p bytes.
    std::string
    take_out_appended(std::string bytes, Encoding &encoding)
    {
      const std::size_t begin = bytes.find("<AppendedData");
      if (begin == std::string::npos)
        return bytes;
      const std::size_t head  = bytes.find('>', begin),
                        first = bytes.find('_', head),
                        end   = bytes.rfind("</AppendedData>");
      require(head != std::string::npos && first != std::string::npos &&
                end != std::string::npos && first < end,
              encoding.path + ": the element AppendedData is not complete");
      encoding.appended_is_raw =
        bytes.substr(begin, head - begin).find("base64") == std::string::npos;
      encoding.appended = bytes.substr(first + 1, end - first - 1);
      return bytes.erase(head + 1, end - head - 1);
    }



    /// The reader of XML calls itself for each element inside of another.
    void
    check_nesting(const std::string &xml, const std::string &path)
    {
      int depth = 0;
      for (std::size_t i = 0; i + 1 < xml.size(); ++i)
        {
          const char next = xml[i + 1];
          if (xml[i] == '<')
            depth += next == '/' ? -1 : next != '?' && next != '!';
          else if (xml[i] == '/' && next == '>')
            --depth;
          require(depth < 1000, path + ": its elements are nested too deeply");
        }
    }



    void
    add_piece(VtuPoints      &points,
              const ptree    &piece,
              const Encoding &encoding,
              const bool      is_first)
    {
      const std::size_t n = piece.get<std::size_t>("<xmlattr>.NumberOfPoints");
      if (n == 0)
        return;
      const VtuPoints::Array coordinates =
        read_array(piece.get_child("Points.DataArray"), encoding);
      // No products, which a number from the file may let overflow.
      require(coordinates.n_components == 3 &&
                coordinates.values.size() % 3 == 0 &&
                coordinates.values.size() / 3 == n,
              encoding.path + ": found " +
                std::to_string(coordinates.values.size()) +
                " coordinates, expected three for each of " +
                std::to_string(n) + " points");
      points.coordinates.insert(points.coordinates.end(),
                                coordinates.values.begin(),
                                coordinates.values.end());

      std::map<std::string, VtuPoints::Array> found;
      const auto data = piece.get_child_optional("PointData");
      for (const auto &[tag, element] : data ? *data : ptree())
        if (tag == "DataArray")
          {
            const std::string name  = element.get("<xmlattr>.Name", "");
            VtuPoints::Array  array = read_array(element, encoding);
            require(array.values.size() % n == 0 &&
                      array.values.size() / n == array.n_components,
                    encoding.path + ": the array '" + name + "' has " +
                      std::to_string(array.values.size()) +
                      " numbers, expected " +
                      std::to_string(array.n_components) + " for each of " +
                      std::to_string(n) + " points");
            found[name] = std::move(array);
          }
      // Later pieces have the same arrays.
      for (auto &[name, array] : found)
        if (is_first)
          points.arrays[name] = std::move(array);
        else if (const auto known = points.arrays.find(name);
                 known != points.arrays.end() &&
                 known->second.n_components == array.n_components)
          known->second.values.insert(known->second.values.end(),
                                      array.values.begin(),
                                      array.values.end());
    }
  } // namespace



  VtuPoints
  read_vtu(const std::string &bytes, const std::string &path)
  {
    Encoding encoding;
    encoding.path = path;
    ptree tree;
    try
      {
        const std::string xml = take_out_appended(bytes, encoding);
        check_nesting(xml, path);
        std::istringstream text(xml);
        boost::property_tree::read_xml(text, tree);
        const ptree      &file = tree.get_child("VTKFile");
        const std::string type = file.get("<xmlattr>.type", "");
        require(type == "UnstructuredGrid",
                path + ": a file of VTK of the type '" + type +
                  "', expected UnstructuredGrid");
        require(file.get("<xmlattr>.byte_order", "LittleEndian") ==
                  "LittleEndian",
                path + ": found the byte order BigEndian, expected "
                       "LittleEndian");
        const std::string compressor = file.get("<xmlattr>.compressor", "");
        require(compressor.empty() || compressor == "vtkZLibDataCompressor",
                path + ": compressed by " + compressor +
                  ", expected vtkZLibDataCompressor or none");
        encoding.compressed = !compressor.empty();
        encoding.header_size =
          file.get("<xmlattr>.header_type", "UInt32") == "UInt64" ? 8 : 4;

        VtuPoints points;
        for (const auto &[tag, piece] : file.get_child("UnstructuredGrid"))
          if (tag == "Piece")
            add_piece(points, piece, encoding, points.coordinates.empty());
        for (const auto &[name, array] : points.arrays)
          require(array.values.size() == points.n_points() * array.n_components,
                  path + ": the array '" + name +
                    "' is not there in all pieces");
        return points;
      }
    catch (const boost::property_tree::ptree_error &error)
      {
        throw Error(path +
                    ": not a complete file of VTK (.vtu): " + error.what());
      }
  }
} // namespace lsr
