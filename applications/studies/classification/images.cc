// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/images.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "applications/studies/classification/softmax_residual.h"

namespace lsr_studies
{
  ImageSet
  ImageSet::slice(const std::size_t first, const std::size_t last) const
  {
    return {columns(points, first, last),
            {labels.begin() + first, labels.begin() + last}};
  }



  ImageSet
  image_set(const std::vector<unsigned char> &pixels,
            const std::vector<unsigned int>  &labels)
  {
    const HostBlock points =
      to_host(make_block(ImageSet::n_pixels, labels.size()));
    for (std::size_t i = 0; i < pixels.size(); ++i)
      points.data()[i] = pixels[i] / 255.;
    return {to_memory_space(points), labels};
  }



  namespace
  {
    std::string
    hexadecimal(const std::uint32_t number)
    {
      char text[11];
      std::snprintf(text, sizeof(text), "0x%08x", number);
      return text;
    }



    /// The extents in the header of an IDX file, and the bytes behind it.
    struct IDX
    {
      std::vector<std::uint32_t> extents;
      std::vector<unsigned char> bytes;
    };



    /// Read a file of @p what, bytes (type 8) in some dimensions.
    IDX
    read(const std::string &path,
         const std::string &what,
         const unsigned int n_dimensions)
    {
      std::ifstream file(path, std::ios::binary);
      require(file.good(), path + ": " + std::strerror(errno));
      require(std::filesystem::is_regular_file(path),
              path + ": not a regular file");
      IDX   idx;
      auto &bytes = idx.bytes;
      bytes.assign(std::istreambuf_iterator<char>(file), {});
      const auto number = [&bytes](const std::size_t i) {
        const unsigned char *const b = &bytes[4 * i];
        return std::uint32_t(b[0]) << 24 | b[1] << 16 | b[2] << 8 | b[3];
      };

      const std::uint32_t magic       = 0x00000800 + n_dimensions;
      const std::size_t   header_size = 4 * (1 + n_dimensions);
      const std::string   expected =
        "an IDX file of " + what + " (magic number " + hexadecimal(magic) + ")";
      require(bytes.size() < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b,
              path + ": compressed by gzip, expected uncompressed");
      require(bytes.size() >= 4,
              path + ": " + std::to_string(bytes.size()) + " bytes, expected " +
                expected);
      require(number(0) == magic,
              path + ": begins with " + hexadecimal(number(0)) + ", expected " +
                expected);
      require(bytes.size() >= header_size,
              path + ": truncated in its first " + std::to_string(header_size) +
                " bytes");

      std::uint64_t n = 1;
      for (unsigned int i = 1; i <= n_dimensions; ++i)
        n *= idx.extents.emplace_back(number(i));
      require(n > 0, path + ": no " + what + " in it");
      require(bytes.size() == header_size + n,
              path + ": " +
                (bytes.size() < header_size + n ?
                   "truncated, " :
                   "bytes behind the last one, ") +
                std::to_string(idx.extents[0]) + " " + what + " take " +
                std::to_string(header_size + n) + " bytes, found " +
                std::to_string(bytes.size()));
      bytes.erase(bytes.begin(), bytes.begin() + header_size);
      return idx;
    }
  } // namespace



  ImageSet
  read_idx(const std::string &images_path, const std::string &labels_path)
  {
    const IDX images         = read(images_path, "images", 3),
              labels         = read(labels_path, "labels", 1);
    constexpr unsigned width = ImageSet::width;
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



  ImageSet
  read_mnist(const std::string &folder, const std::string &split)
  {
    return read_idx(folder + "/" + split + "-images-idx3-ubyte",
                    folder + "/" + split + "-labels-idx1-ubyte");
  }



  ImageStream::ImageStream(const ImageSet &images, const std::size_t block_size)
    : images(images)
    , block_size(block_size)
  {}



  std::size_t
  ImageStream::n_values() const
  {
    return images.size() * ImageSet::n_classes;
  }



  void
  ImageStream::for_each_block(
    const std::function<void(const RowBlock &)> &visit) const
  {
    for (std::size_t first = 0; first < images.size(); first += block_size)
      {
        const ImageSet block =
          images.slice(first, std::min(first + block_size, images.size()));
        SoftmaxResidual residual(block.labels, ImageSet::n_classes);
        visit({block.points, residual});
      }
  }
} // namespace lsr_studies
