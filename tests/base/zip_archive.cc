// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/zip_archive.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Files = std::map<std::string, std::string>;

  const Files files = {{"b.txt", "text"},
                       {"a/empty", ""},
                       {"a/bytes", std::string("\0\1\2\377", 4)},
                       {"a/long", std::string(3000000, 'x')}};

  std::string
  from_hexadecimal(const std::string &digits)
  {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2)
      bytes += char(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
  }

  // The file a/zeros.txt with 5000 zeros ('0'), deflated by Python.
  const std::string deflated = from_hexadecimal(
    "504b030414000000080000002100043dfca817000000881300000b000000"
    "612f7a65726f732e747874edc13101000000c2a04aeb9fce147e40010000"
    "00006f03504b0102140314000000080000002100043dfca8170000008813"
    "00000b0000000000000000000000800100000000612f7a65726f732e7478"
    "74504b0506000000000100010039000000400000000000");

  // Everything in an archive, or why it is refused.
  std::string
  refusal(const std::string &bytes)
  {
    return message([&]() {
      const ZipArchive archive(bytes, "a.zip");
      for (const std::string &path : archive.paths())
        archive.read(path);
    });
  }

  /// Replace the number @p from, in four bytes, wherever it is.
  std::string
  replaced(std::string bytes, const unsigned int from, const unsigned int to)
  {
    const auto four = [](const unsigned int n) {
      return std::string{char(n), char(n >> 8), char(n >> 16), char(n >> 24)};
    };
    for (std::size_t at = 0;
         (at = bytes.find(four(from), at)) != std::string::npos;)
      bytes.replace(at, 4, four(to));
    return bytes;
  }
} // namespace

TEST(ZipArchive, FilesAreReadBack)
{
  const std::string bytes = make_zip_archive(files);
  EXPECT_TRUE(ZipArchive::recognizes(bytes));
  EXPECT_FALSE(ZipArchive::recognizes("PKtext"));
  EXPECT_FALSE(ZipArchive::recognizes(""));
  const ZipArchive archive(bytes, "a.zip");
  EXPECT_EQ(archive.paths().size(), files.size());
  for (const auto &[path, content] : files)
    {
      EXPECT_TRUE(archive.contains(path));
      EXPECT_TRUE(archive.read(path) == content) << path;
    }
  EXPECT_FALSE(archive.contains("a"));
  expect_contains(message([&]() { archive.read("c.txt"); }),
                  "a.zip: there is no c.txt inside");
}

TEST(ZipArchive, EqualFilesMakeEqualArchives)
{
  const std::string bytes = make_zip_archive(files);
  EXPECT_TRUE(make_zip_archive(files) == bytes);
  Files others    = files;
  others["b.txt"] = "Text";
  EXPECT_FALSE(make_zip_archive(others) == bytes);
}

TEST(ZipArchive, CompressedFilesAreRead)
{
  const ZipArchive archive(deflated, "a.zip");
  EXPECT_EQ(archive.paths(), std::vector<std::string>{"a/zeros.txt"});
  EXPECT_EQ(archive.read("a/zeros.txt"), std::string(5000, '0'));
}

TEST(ZipArchive, SizesAreLimited)
{
  const ZipArchive archive(deflated, "a.zip");
  EXPECT_EQ(archive.read("a/zeros.txt", 5000).size(), 5000u);
  expect_contains(message([&]() { archive.read("a/zeros.txt", 4999); }),
                  "a/zeros.txt",
                  "above 4999 bytes");
  // Files that are larger or smaller than they say.
  for (const unsigned int size : {10u, 4999u, 5001u, 2000000000u})
    expect_contains(refusal(replaced(deflated, 5000, size)), "a/zeros.txt");
}

TEST(ZipArchive, DamagedArchivesAreRefused)
{
  expect_contains(refusal(""), "a.zip: not a complete zip archive");
  expect_contains(refusal("text"), "a.zip: not a complete zip archive");
  Files small = files;
  small.erase("a/long");
  const std::string bytes = make_zip_archive(small);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_NE(refusal(bytes.substr(0, n)), "") << n;

  // The content is compared with its checksum.
  for (const std::string &part : {files.at("b.txt"), files.at("a/bytes")})
    {
      std::string damaged = bytes;
      damaged[damaged.find(part) + 1] ^= 1;
      expect_contains(refusal(damaged), "damaged");
    }
  std::string damaged = deflated;
  damaged[45] ^= 1;
  EXPECT_NE(refusal(damaged), "");

  // Whatever else is damaged: a message or the files, and no crash.
  for (const std::string &good : {bytes, deflated})
    for (std::size_t i = 0; i < good.size(); ++i)
      for (const int change : {1, 0x80, 0xff})
        {
          std::string changed = good;
          changed[i] ^= char(change);
          refusal(changed);
        }
}
