// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/npy.h"

#include <lsr/base/exceptions.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Numbers = std::vector<double>;
  using Shape   = std::vector<std::int64_t>;

  // An .npy file with these entries of its header.
  std::string
  npy(const std::string &type,
      const std::string &order,
      const std::string &shape,
      const std::string &data,
      const int          version = 1)
  {
    const std::string header = "{'descr': " + type +
                               ", 'fortran_order': " + order +
                               ", 'shape': " + shape + ", }\n";
    std::string bytes = "\x93NUMPY";
    bytes += char(version);
    bytes += '\0';
    for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
      bytes += char((header.size() >> 8 * i) & 0xff);
    return bytes + header + data;
  }

  template <typename Number>
  std::string
  bytes_of(const std::vector<Number> &numbers, const bool big_endian = false)
  {
    std::string bytes;
    for (const Number number : numbers)
      {
        std::string one(sizeof(Number), '\0');
        std::memcpy(one.data(), &number, sizeof(Number));
        bytes += big_endian ? std::string(one.rbegin(), one.rend()) : one;
      }
    return bytes;
  }

  template <typename Number>
  Numbers
  read(const std::string &type, const std::vector<Number> &numbers)
  {
    const bool        big   = type[0] == '>';
    const std::string bytes = npy("'" + type + "'",
                                  "False",
                                  "(" + std::to_string(numbers.size()) + ",)",
                                  bytes_of(numbers, big));
    return read_npy(bytes, "a.npy").to_double("a.npy");
  }

  std::string
  refusal(const std::string &bytes)
  {
    return message([&]() { read_npy(bytes, "a.npy").to_double("a.npy"); });
  }
} // namespace

TEST(Npy, NumbersOfAllTypes)
{
  EXPECT_EQ(read<double>("<f8", {1.5, -2}), (Numbers{1.5, -2}));
  EXPECT_EQ(read<double>(">f8", {1.5, -2}), (Numbers{1.5, -2}));
  EXPECT_EQ(read<float>("<f4", {1.5, -2}), (Numbers{1.5, -2}));
  EXPECT_EQ(read<float>(">f4", {1.5, -2}), (Numbers{1.5, -2}));
  EXPECT_EQ(read<std::int64_t>("<i8", {1, -2}), (Numbers{1, -2}));
  EXPECT_EQ(read<std::int32_t>(">i4", {1, -2}), (Numbers{1, -2}));
  EXPECT_EQ(read<std::int16_t>("<i2", {1, -2}), (Numbers{1, -2}));
  EXPECT_EQ(read<std::int8_t>("|i1", {1, -2}), (Numbers{1, -2}));
  EXPECT_EQ(read<std::uint8_t>("|u1", {1, 254}), (Numbers{1, 254}));
  EXPECT_EQ(read<std::uint16_t>(">u2", {1, 65535}), (Numbers{1, 65535}));
  EXPECT_EQ(read<std::uint32_t>("<u4", {1, 4294967295u}),
            (Numbers{1, 4294967295.}));
  EXPECT_EQ(read<std::uint64_t>("<u8", {1, 1ul << 53}),
            (Numbers{1, 9007199254740992.}));
  EXPECT_EQ(read<std::uint8_t>("|b1", {1, 0}), (Numbers{1, 0}));
  // One, minus the largest, the smallest, and the smallest normal number.
  EXPECT_EQ(read<std::uint16_t>("<f2", {0x3c00, 0xfbff, 0x0001, 0x0400}),
            (Numbers{1, -65504, std::ldexp(1, -24), std::ldexp(1, -14)}));
  const Numbers special =
    read<std::uint16_t>(">f2", {0x7c00, 0xfc00, 0x7e00, 0x8000});
  EXPECT_EQ(special[0], HUGE_VAL);
  EXPECT_EQ(special[1], -HUGE_VAL);
  EXPECT_TRUE(std::isnan(special[2]));
  EXPECT_TRUE(std::signbit(special[3]));
}

TEST(Npy, ShapesAndOrders)
{
  const std::string data   = bytes_of<std::int8_t>({1, 2, 3, 4, 5, 6});
  const auto        values = [&](const std::string &order,
                          const std::string &shape,
                          const int          version = 1) {
    return read_npy(npy("'|i1'", order, shape, data, version), "a.npy")
      .to_double("a.npy");
  };
  EXPECT_EQ(values("False", "(2, 3)"), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values("True", "(2, 3)"), (Numbers{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(values("True", "(6,)"), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values("True", "(1, 3, 2)"), (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values("False", "(2, 3)", 2), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values("False", "(2, 3)", 3), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read_npy(npy("'|i1'", "True", "(2,3)", data), "a.npy").shape,
            (Shape{2, 3}));
  const NpyArray scalar = read_npy(npy("'|i1'", "False", "()", "\7"), "a.npy");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.to_double("a.npy"), Numbers{7});
  EXPECT_EQ(read_npy(npy("'<f8'", "False", "(0, 4)", ""), "a.npy").n_items(),
            0u);
}

TEST(Npy, WhatIsWrittenIsReadBack)
{
  const Numbers numbers = {1.5, -0.1, 1e300, 5e-324, 0, 7};
  for (const Shape &shape : {Shape{6}, Shape{2, 3}, Shape{3, 1, 2}})
    {
      const std::string bytes = write_npy(numbers, shape);
      EXPECT_TRUE(is_npy(bytes));
      EXPECT_EQ((bytes.size() - 8 * numbers.size()) % 64, 0u);
      EXPECT_EQ(bytes[bytes.size() - 8 * numbers.size() - 1], '\n');
      const NpyArray array = read_npy(bytes, "a.npy");
      EXPECT_EQ(array.shape, shape);
      EXPECT_EQ(array.to_double("a.npy"), numbers);
    }
}

TEST(Npy, DamagedFilesAreRefused)
{
  const std::string good = write_npy({1, 2, 3, 4}, {2, 2});
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_NE(refusal(good.substr(0, n)), "") << n;
  expect_contains(refusal(good + "x"), "33 bytes", "expected 32");
  expect_contains(refusal("text"), "a.npy: not an .npy file");
  std::string newer = good;
  newer[6]          = '\4';
  expect_contains(refusal(newer), "version 4");

  const std::string data(32, '\0');
  expect_contains(refusal(npy("'<f8'", "False", "(2, 3)", data)), "incomplete");
  expect_contains(refusal(npy("'<f8'", "False", "(3,)", data)), "32 bytes");
  expect_contains(refusal(
                    npy("'<f8'", "False", "(4611686018427387904, 4)", data)),
                  "too large");
  expect_contains(
    refusal(npy("'<f8'", "False", "(900000000000000, 900000000000000)", data)),
    "incomplete");
  expect_contains(
    refusal(
      npy("'<f8'", "False", "(0, 900000000000000, 900000000000000)", data)),
    "expected 0");
  expect_contains(refusal(npy("'<f8'", "Perhaps", "(4,)", data)),
                  "fortran_order");
  expect_contains(refusal(npy("'<f8'", "False", "4", data)), "shape");
  for (const std::string type :
       {"'|O'", "'<U4'", "'|S8'", "'<M8[ns]'", "'<f16'", "'<f3'", "'<i16'"})
    expect_contains(refusal(npy(type, "False", "(4,)", data)), "type");
  expect_contains(refusal(
                    npy("[('x', '<f8'), ('y', '<f8')]", "False", "(2,)", data)),
                  "descr");
  expect_contains(refusal(npy("'<c16'", "False", "(2,)", data)), "complex");
  expect_contains(
    refusal(
      npy("'<i8'", "False", "(1,)", bytes_of<std::int64_t>({(1l << 53) + 1}))),
    "9007199254740993",
    "float64");
  // Headers as long as they can be.
  expect_contains(
    refusal(npy("'" + std::string(65000, '<') + "'", "False", "(4,)", data)),
    "header");
}
