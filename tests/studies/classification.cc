// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "applications/studies/classification/convolutional_network.h"
#include "applications/studies/classification/images.h"
#include "network/jacobian.h"
#include "support/models.h"

using namespace lsr_studies;
using namespace lsr::test;

namespace
{
  bool
  equal(const Block &block, const Block &other)
  {
    const HostBlock a = to_host(block), b = to_host(other);
    return a.extent(0) == b.extent(0) && a.extent(1) == b.extent(1) &&
           std::equal(a.data(), a.data() + a.size(), b.data());
  }



  double
  squared_distance(const HostBlock  &a,
                   const std::size_t i,
                   const HostBlock  &b,
                   const std::size_t j)
  {
    double sum = 0;
    for (std::size_t p = 0; p < a.extent(0); ++p)
      sum += std::pow(a(p, i) - b(p, j), 2);
    return sum;
  }



  /// Files in the format of MNIST, and the messages of the reader.
  struct IDXFile : testing::Test
  {
    IDXFile()
    {
      std::filesystem::remove_all(folder);
      std::filesystem::create_directories(folder);
      write_images(digits);
      write_labels(digits.labels);
    }

    ~IDXFile()
    {
      std::filesystem::remove_all(folder);
    }

    static std::string
    big_endian(const std::vector<std::uint32_t> &numbers)
    {
      std::string bytes;
      for (const std::uint32_t number : numbers)
        for (const int shift : {24, 16, 8, 0})
          bytes += char(number >> shift & 0xff);
      return bytes;
    }

    static void
    write(const std::string &path, const std::string &bytes)
    {
      std::ofstream(path, std::ios::binary) << bytes;
    }

    static std::string
    content(const std::string &path)
    {
      std::ifstream file(path, std::ios::binary);
      return {std::istreambuf_iterator<char>(file), {}};
    }

    void
    write_images(const ImageSet &set) const
    {
      std::string bytes =
        big_endian({0x00000803, std::uint32_t(set.size()), 28, 28});
      const HostBlock points = to_host(set.points);
      for (std::size_t i = 0; i < points.size(); ++i)
        bytes += char(std::lround(255 * points.data()[i]));
      write(images, bytes);
    }

    void
    write_labels(const std::vector<unsigned int> &numbers) const
    {
      write(labels,
            big_endian({0x00000801, std::uint32_t(numbers.size())}) +
              std::string(numbers.begin(), numbers.end()));
    }

    /// The files are refused with a message that names @p path and has all
    /// of @p words.
    void
    refused(const std::string              &path,
            const std::vector<std::string> &words) const
    {
      try
        {
          read_idx(images, labels);
          ADD_FAILURE() << "accepted, expected: " << words.front();
        }
      catch (const Error &error)
        {
          const std::string message = error.what();
          EXPECT_EQ(message.find(path + ": "), 0u) << message;
          for (const std::string &word : words)
            EXPECT_NE(message.find(word), std::string::npos)
              << message << " lacks " << word;
        }
    }

    const std::string folder =
      testing::TempDir() + "lsr_idx_" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
    const std::string images = folder + "/train-images-idx3-ubyte";
    const std::string labels = folder + "/train-labels-idx1-ubyte";
    const ImageSet    digits = render_digits(12, 1);
  };
} // namespace



TEST(RenderedDigits, AreTheSameForTheSameSeed)
{
  const ImageSet a = render_digits(40, 3), b = render_digits(60, 3),
                 c = render_digits(40, 4);
  EXPECT_TRUE(equal(a.points, columns(b.points, 0, 40)));
  EXPECT_EQ(a.labels, b.slice(0, 40).labels);
  EXPECT_FALSE(equal(a.points, c.points));
}



TEST(RenderedDigits, AreInkOnPaperAndAllDifferent)
{
  const ImageSet digits = render_digits(300, 5);
  EXPECT_EQ(
    std::set<unsigned int>(digits.labels.begin(), digits.labels.end()).size(),
    10u);
  const HostBlock points = to_host(digits.points);
  for (std::size_t i = 0; i < digits.size(); ++i)
    {
      double ink = 0;
      for (std::size_t p = 0; p < ImageSet::n_pixels; ++p)
        {
          ASSERT_GE(points(p, i), 0);
          ASSERT_LE(points(p, i), 1);
          ink += points(p, i) / ImageSet::n_pixels;
        }
      EXPECT_GT(ink, 0.02) << i;
      EXPECT_LT(ink, 0.5) << i;
      for (std::size_t j = 0; j < i; ++j)
        ASSERT_GT(squared_distance(points, i, points, j), 0.1);
    }
}



// The nearest neighbour among others has the same label far more often than by
// chance, and yet not always.
TEST(RenderedDigits, LookLikeTheirLabels)
{
  const ImageSet known           = render_digits(1000, 6),
                 unknown         = render_digits(200, 7);
  const HostBlock known_points   = to_host(known.points),
                  unknown_points = to_host(unknown.points);
  unsigned int correct           = 0;
  for (std::size_t i = 0; i < unknown.size(); ++i)
    {
      std::size_t nearest  = 0;
      double      distance = 1e300;
      for (std::size_t j = 0; j < known.size(); ++j)
        {
          const double d = squared_distance(unknown_points, i, known_points, j);
          if (d < distance)
            {
              distance = d;
              nearest  = j;
            }
        }
      correct += known.labels[nearest] == unknown.labels[i];
    }
  EXPECT_GT(correct, 120u);
  EXPECT_LT(correct, 200u);
}



TEST(ConvolutionalNetwork, IsItsConvolutionsAndItsHead)
{
  for (const char *activation : {"gelu", "identity"})
    {
      const Network network = convolutional_network(2, activation);
      const auto    parts   = take_apart(network, activation);
      EXPECT_EQ(network.n_parameters(), 119530u);
      EXPECT_EQ(parts.head.n_parameters(), 100714u);
      EXPECT_TRUE(
        NetworkJacobian(parts.head, make_block(3136, 1)).has_rank_one_rows());

      const Block  points = render_digits(3, 8).points;
      const Column q = make_column(30), again = make_column(30);
      const Block  features = make_block(3136, 3);
      network.evaluate(points, q);
      parts.convolutions.evaluate(points,
                                  Column(features.data(), features.size()));
      parts.head.evaluate(features, again);
      EXPECT_LT(relative_difference(again, q), 1e-13) << activation;
    }
  EXPECT_THROW(convolutional_network(0, "step"), Error);
}



TEST(ImageStream, HandsOutAllImagesInOrder)
{
  const ImageSet           digits = render_digits(10, 9);
  std::vector<std::size_t> sizes;
  std::size_t              n = 0;
  ImageStream(digits, 4).for_each_block([&](const RowBlock &block) {
    const std::size_t size = block.points.extent(1);
    EXPECT_TRUE(equal(block.points, columns(digits.points, n, n + size)));
    // All values equal: the probabilities are 0.1.
    const Column q = make_column(10 * size), errors = make_column(10 * size);
    block.residual.evaluate(q, errors);
    const HostColumn f = to_host(errors);
    for (std::size_t i = 0; i < size; ++i)
      for (unsigned int c = 0; c < 10; ++c)
        EXPECT_NEAR(f(10 * i + c),
                    0.1 - (digits.labels[n + i] == c ? 1 : 0),
                    1e-15);
    sizes.push_back(size);
    n += size;
  });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2}));
}



TEST_F(IDXFile, IsReadAsWritten)
{
  const ImageSet set = read_idx(images, labels);
  EXPECT_TRUE(equal(set.points, digits.points));
  EXPECT_EQ(set.labels, digits.labels);

  std::filesystem::copy_file(images, folder + "/t10k-images-idx3-ubyte");
  std::filesystem::copy_file(labels, folder + "/t10k-labels-idx1-ubyte");
  EXPECT_EQ(read_mnist(folder, "train").size(), 12u);
  EXPECT_TRUE(equal(read_mnist(folder, "t10k").points, digits.points));
}



TEST_F(IDXFile, IsRefusedIfMissing)
{
  std::filesystem::remove(labels);
  refused(labels, {"No such file"});
  std::filesystem::remove(images);
  refused(images, {"No such file"});
  std::filesystem::create_directory(images);
  refused(images, {"not a regular file"});
}



TEST_F(IDXFile, IsRefusedIfOfAnotherKind)
{
  write(images, "");
  refused(images, {"0 bytes", "0x00000803"});
  write(images, "P5 28 28 255 ...");
  refused(images, {"0x50352032", "0x00000803", "images"});
  write(images, "\x1f\x8b\x08 compressed");
  refused(images, {"gzip"});

  write_images(digits);
  write(labels, content(images));
  refused(labels, {"0x00000803", "0x00000801", "labels"});
}



TEST_F(IDXFile, IsRefusedIfTruncatedOrTooLong)
{
  const std::string whole = content(images);
  write(images, whole.substr(0, 10));
  refused(images, {"truncated", "16 bytes"});
  write(images, whole.substr(0, whole.size() - 1));
  refused(images, {"truncated", "12 images", "9424 bytes", "found 9423"});
  write(images, whole + "x");
  refused(images, {"behind the last", "9424 bytes", "found 9425"});

  write_images(digits);
  write(labels, content(labels) + "x");
  refused(labels, {"behind the last", "20 bytes", "found 21"});
  // More than there can be, without an attempt to make room for it.
  write(images, big_endian({0x00000803, 0xffffffff, 28, 28}));
  refused(images, {"truncated", "4294967295 images"});
}



TEST_F(IDXFile, IsRefusedIfEmpty)
{
  write(images, big_endian({0x00000803, 0, 28, 28}));
  refused(images, {"no images"});
  write_images(digits);
  write(labels, big_endian({0x00000801, 0}));
  refused(labels, {"no labels"});
}



TEST_F(IDXFile, IsRefusedIfImagesOrLabelsDoNotFit)
{
  write_labels({1, 2, 3});
  refused(labels, {"3 labels", "12 images"});
  std::vector<unsigned int> numbers = digits.labels;
  numbers[7]                        = 10;
  write_labels(numbers);
  refused(labels, {"label 10 of image 7", "0 to 9"});

  write(images,
        big_endian({0x00000803, 12, 14, 56}) + content(images).substr(16));
  refused(images, {"14 x 56", "28 x 28"});
}
