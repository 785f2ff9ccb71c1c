// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/idx_file.h"

#include <lsr/base/exceptions.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <vector>

namespace lsr_studies
{
  namespace
  {
    using Bytes = std::vector<unsigned char>;

    Bytes
    read_bytes(const std::string &path)
    {
      std::ifstream file(path, std::ios::binary);
      require(file.good(), path + ": " + std::strerror(errno));
      require(std::filesystem::is_regular_file(path),
              path + ": not a regular file");
      return {std::istreambuf_iterator<char>(file), {}};
    }



    std::string
    hexadecimal(const std::uint32_t number)
    {
      std::ostringstream text;
      text << "0x" << std::hex << std::setfill('0') << std::setw(8) << number;
      return text.str();
    }



    /// What an IDX file of bytes says of itself, and the bytes behind that.
    template <std::size_t n_dimensions>
    struct IDX
    {
      std::array<std::uint32_t, n_dimensions> extents;
      Bytes                                   bytes;
    };



    /// Big-endian number @p i of the header.
    std::uint32_t
    number(const Bytes &bytes, const std::size_t i)
    {
      std::uint32_t value = 0;
      for (std::size_t j = 4 * i; j < 4 * i + 4; ++j)
        value = value << 8 | bytes[j];
      return value;
    }



    /// Read a file of @p what, bytes (type 8) in some dimensions.
    template <std::size_t n_dimensions>
    IDX<n_dimensions>
    read(const std::string &path, const std::string &what)
    {
      Bytes                   bytes       = read_bytes(path);
      constexpr std::uint32_t magic       = 0x00000800 + n_dimensions;
      constexpr std::size_t   header_size = 4 * (1 + n_dimensions);
      const std::string       expected =
        "an IDX file of " + what + " (magic number " + hexadecimal(magic) + ")";
      require(bytes.size() < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b,
              path + ": compressed by gzip, expected uncompressed");
      require(bytes.size() >= 4,
              path + ": " + std::to_string(bytes.size()) + " bytes, expected " +
                expected);
      require(number(bytes, 0) == magic,
              path + ": begins with " + hexadecimal(number(bytes, 0)) +
                ", expected " + expected);
      require(bytes.size() >= header_size,
              path + ": truncated in its first " + std::to_string(header_size) +
                " bytes");

      IDX<n_dimensions> idx;
      std::uint64_t     size = header_size, n = 1;
      for (std::size_t i = 0; i < n_dimensions; ++i)
        n *= idx.extents[i] = number(bytes, i + 1);
      require(n > 0, path + ": no " + what + " in it");
      size += n;
      require(bytes.size() == size,
              path + ": " +
                (bytes.size() < size ? "truncated, " :
                                       "bytes behind the last one, ") +
                std::to_string(idx.extents[0]) + " " + what + " take " +
                std::to_string(size) + " bytes, found " +
                std::to_string(bytes.size()));
      idx.bytes.assign(bytes.begin() + header_size, bytes.end());
      return idx;
    }
  } // namespace



  ImageSet
  read_idx(const std::string &images_path, const std::string &labels_path)
  {
    const IDX<3>       images = read<3>(images_path, "images");
    const IDX<1>       labels = read<1>(labels_path, "labels");
    constexpr unsigned width  = ImageSet::width;
    require(images.extents[1] == width && images.extents[2] == width,
            images_path + ": images of " + std::to_string(images.extents[1]) +
              " x " + std::to_string(images.extents[2]) +
              " pixels, expected 28 x 28");
    require(images.extents[0] == labels.extents[0],
            labels_path + ": " + std::to_string(labels.extents[0]) +
              " labels for the " + std::to_string(images.extents[0]) +
              " images in " + images_path);
    for (std::size_t i = 0; i < labels.bytes.size(); ++i)
      require(labels.bytes[i] < ImageSet::n_classes,
              labels_path + ": label " + std::to_string(labels.bytes[i]) +
                " of image " + std::to_string(i) + ", expected 0 to 9");
    return image_set(images.bytes, {labels.bytes.begin(), labels.bytes.end()});
  }



  MNIST
  read_mnist(const std::string &folder)
  {
    const auto read_part = [&](const std::string &part) {
      return read_idx(folder + "/" + part + "-images-idx3-ubyte",
                      folder + "/" + part + "-labels-idx1-ubyte");
    };
    return {read_part("train"), read_part("t10k")};
  }
} // namespace lsr_studies
