// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/text_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/read_file.h"
#include "support/messages.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Names   = std::vector<std::string>;
  using Numbers = std::vector<double>;

  struct Outcome
  {
    Names       names;
    Numbers     numbers;
    std::string description;
  };

  Outcome
  read(const std::string &bytes)
  {
    const TextTable table(bytes, "data.csv", TextTable::Content::numbers);
    return {table.names(), table.numbers(), table.description()};
  }

  std::string
  refusal(const std::string &bytes)
  {
    return message([&]() { read(bytes); });
  }

  // Two rows, however they are written.
  void
  expect_read(const std::string &bytes,
              const Names       &names       = {},
              const std::string &description = "")
  {
    SCOPED_TRACE(bytes);
    EXPECT_EQ(refusal(bytes), "");
    if (refusal(bytes) != "")
      return;
    const Outcome outcome = read(bytes);
    EXPECT_EQ(outcome.numbers, (Numbers{0.5, -0.25, 0, 1.5, 2e-3, 1}));
    EXPECT_EQ(outcome.names, names);
    expect_contains(outcome.description, description);
  }

  std::string
  in_utf16(const std::string &text, const bool big_endian)
  {
    std::string bytes = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : text)
      bytes += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
    return bytes;
  }

  Names
  cells(const std::string &bytes)
  {
    const TextTable table(bytes, "table.csv", TextTable::Content::texts);
    Names           all = table.names();
    for (std::size_t i = 0; i < table.n_rows(); ++i)
      for (const std::string &cell : table.cells(i))
        all.push_back(cell);
    return all;
  }
} // namespace

TEST(TextTable, NumbersAreReadInAllSpellings)
{
  const std::vector<std::pair<std::string, double>> spellings = {
    {"1", 1},
    {"+1.5", 1.5},
    {"-.5", -.5},
    {"5.", 5},
    {"1e-3", 1e-3},
    {"1E+3", 1e3},
    {"1.5d-3", 1.5e-3},
    {"-1.5D+03", -1.5e3},
    {"0x1.8p3", 12},
    {"-0X1p-2", -.25},
    {"4.9406564584124654e-324", 4.9406564584124654e-324},
    {"1e-400", 0},
    {"0.1000000000000000055511151231257827", 0.1},
    {"1e400", HUGE_VAL},
    {"-inf", -HUGE_VAL}};
  for (const auto &[text, value] : spellings)
    {
      ASSERT_TRUE(parse_number(text)) << text;
      EXPECT_EQ(*parse_number(text), value) << text;
    }
  EXPECT_TRUE(std::signbit(*parse_number("-0")));
  for (const std::string text : {"",
                                 "+",
                                 "-",
                                 "+-1",
                                 "--1",
                                 "- 1",
                                 "1.0abc",
                                 "1 2",
                                 "1,5",
                                 "1_000",
                                 "1e",
                                 "d5",
                                 "1d",
                                 "1dd5",
                                 "0x",
                                 "0x-5",
                                 "0x5z",
                                 "1.2.3",
                                 "50%",
                                 "nanotube",
                                 "inflow",
                                 "1+2j",
                                 "\xE2\x88\x92"
                                 "1",
                                 "\xD9\xA1"})
    EXPECT_FALSE(parse_number(text)) << text;
}

TEST(TextTable, SeparatorsAndLineEndsAreFound)
{
  expect_read("0.5,-0.25,0\n1.5,2e-3,1\n", {}, "separator ','; no header");
  expect_read("0.5,-0.25,0\n1.5,2e-3,1");
  expect_read("0.5,-0.25,0\r\n1.5,2e-3,1\r\n");
  expect_read("0.5,-0.25,0\r1.5,2e-3,1\r");
  expect_read("\n \n0.5,-0.25,0\n\t\n1.5,2e-3,1\n\n\n");
  // Not a header, whatever may separate.
  EXPECT_EQ(read("1 0,5 2\n").numbers, (Numbers{1, 0.5, 2}));
  expect_read("0.5 ,\t-0.25, 0\n 1.5,2e-3 ,1 \n");
  expect_read("0.5;-0.25;0\n1.5; 2e-3;1\n", {}, "separator ';'");
  expect_read("0.5\t-0.25\t0\n1.5\t2e-3\t1\n", {}, "tabs");
  expect_read("0.5 -0.25 0\n1.5 2e-3 1\n", {}, "blanks");
  expect_read("  0.5   -0.25   0  \n\t1.5\t2e-3 1\n", {}, "blanks");
  expect_read("0.5 -0.25\t0\n1.5 2e-3\t1\n", {}, "blanks");
  expect_read("+0.5,-0.25,0\n+1.5,+2e-3,1\n");
  expect_read("\xEF\xBB\xBF"
              "0.5,-0.25,0\n1.5,2e-3,1\n");
  expect_read("\xC2\xA0"
              "0.5,\xC2\xA0-0.25,0\xC2\xA0\n1.5\xC2\xA0,2e-3,1\n");
  expect_read(in_utf16("0.5\t-0.25\t0\r\n1.5\t2e-3\t1\r\n", true));
  expect_read(in_utf16("x,y,set\n0.5,-0.25,0\n1.5,2e-3,1\n", false),
              {"x", "y", "set"});
  expect_read("\"0.5\",\"-0.25\",\"0\"\n\"1.5\" ,'2e-3',1\n");
  expect_read("0.5,-0.25,0,\n1.5,2e-3,1,\n", {}, "one at the end");
  expect_read("a,b,c,\n0.5,-0.25,0,\n1.5,2e-3,1,\n", {"a", "b", "c"});
  expect_read("a,b,c\n0.5;-0.25;0;\n1.5;2e-3;1;\n", {"a", "b", "c"});
}

TEST(TextTable, DecimalCommasAreReadWhereNothingElseIsPossible)
{
  expect_read("0,5;-0,25;0\n1,5;2e-3;1\n", {}, "decimal commas");
  expect_read("0,5\t-0,25\t0\n1,5\t2e-3\t1\n", {}, "tabs, decimal commas");
  expect_read("0,5 -0,25 0\n1,5 2e-3 1\n", {}, "blanks, decimal commas");
  expect_read("\"0,5\",\"-0,25\",\"0\"\n\"1,5\",\"0,002\",\"1\"\n",
              {},
              "decimal commas");
  expect_contains(refusal("0.5;1,5;0\n"), "line 1", "column 2, found '1,5'");
  expect_contains(refusal("1,234;5,678\n2,345;1\n"),
                  "line 2: '2,345'",
                  "thousands");
  expect_contains(refusal("1;2\n\n1,234.5;3\n"), "line 3", "'1,234.5'");
  EXPECT_EQ(read("1,2,3,4\n").numbers, (Numbers{1, 2, 3, 4}));
}

TEST(TextTable, OneLineOfNamesIsAHeader)
{
  const std::string rows = "0.5,-0.25,0\n1.5,2e-3,1\n";
  expect_read("x,u,set\n" + rows, {"x", "u", "set"}, "header in line 1");
  expect_read("\n\nx,u,set\n" + rows, {"x", "u", "set"}, "header in line 3");
  expect_read("\"x (m)\", 'u, in K' ,set\n" + rows,
              {"x (m)", "u, in K", "set"});
  expect_read("1st,2nd,3D\n" + rows, {"1st", "2nd", "3D"});
  expect_read("nanotube,inflow,infinitesimal\n" + rows,
              {"nanotube", "inflow", "infinitesimal"});
  expect_read("nan,inf,set\n" + rows, {"nan", "inf", "set"});
  expect_read(",x,u\n" + rows, {"", "x", "u"});
  // Written otherwise than the numbers.
  expect_read("x, u, set\n0.5 -0.25 0\n1.5 2e-3 1\n", {"x", "u", "set"});
  expect_read("x u set\n0.5;-0.25;0\n1.5;2e-3;1\n", {"x", "u", "set"});

  expect_contains(refusal("x,u,set\nm,K,-\n" + rows),
                  "line 2: found 'm,K,-'",
                  "line 1");
  expect_contains(refusal("Results\nx,u,set\n" + rows),
                  "line 2: found 'x,u,set'",
                  "remove one");
  expect_contains(refusal("x,u\n" + rows), "line 2: 3 columns, but 2 names");
  expect_contains(refusal("x,u\n0.5\n"), "line 2: 1 column, but 2 names");
  EXPECT_EQ(read("x in m\n0.5\n").names, Names{"x in m"});
  expect_contains(refusal("x,x,u\n" + rows), "line 1: two columns", "'x'");
  expect_contains(refusal(rows + "x,u,set\n"), "line 3", "found 'x'");
  expect_contains(refusal("1.0abc\n2\n3\n"), "line 1: '1.0abc' is neither");
  expect_contains(refusal("\xE2\x88\x92"
                          "1.5,-2.x\n1,2\n"),
                  "line 1",
                  "is neither");
  expect_contains(refusal("0.5\xC2\xA0"
                          "1\n2\n"),
                  "line 1",
                  "is neither");
  expect_contains(refusal("0,1,2\n0.5,1,0\n"),
                  "line 1: '0,1,2'",
                  "numbers of columns");
  EXPECT_EQ(read("a,b,c\n0,1,2\n").numbers, (Numbers{0, 1, 2}));
  // Neither names nor numbers.
  expect_contains(refusal("nan,nan,inf\n" + rows),
                  "line 1",
                  "column 1, found 'nan'");
  expect_contains(refusal("0.5,u,set\n" + rows), "line 1", "found 'u'");
}

TEST(TextTable, CommentsAreLeftOutAndMayHaveNames)
{
  const std::string rows = "0.5,-0.25,0\n%\n1.5,2e-3,1\n # end\n";
  expect_read("# one\n#two\n" + rows, {}, "4 comment lines left out");
  expect_read("% Model,a.mph\n% x,u,set\n" + rows,
              {"x", "u", "set"},
              "names in line 2; 3 comment lines left out");
  expect_read("# made by someone\nx,u,set\n" + rows,
              {"x", "u", "set"},
              "header in line 2");
  expect_read("# x u set\n0.5 -0.25 0\n1.5 2e-3 1\n", {"x", "u", "set"});
  expect_read("% x            u (K)       set\n"
              "0.5 -0.25 0\n1.5 2e-3 1\n",
              {"x", "u (K)", "set"});
  expect_read("# 'tis data\n" + rows);
  expect_read("# 1,2,3\n" + rows);
}

TEST(TextTable, WhatIsNoTableIsRefusedWithItsLine)
{
  expect_contains(refusal("1,2,3\n1,2\n"), "line 2: 3 columns expected");
  expect_contains(refusal("1,2,3\n1,2,3,4\n"), "as in line 1, found 4");
  expect_contains(refusal("1,2,3\n1,2,3,\n"), "line 2: 3 columns", "found 4");
  expect_contains(refusal("1,2,3,\n1,2,3\n"), "line 2: 3 columns", "separator");
  expect_contains(refusal("1,,3\n"), "line 1", "column 2", "empty cell");
  expect_contains(refusal("1,2\n3,NA\n"), "line 2", "column 2, found 'NA'");
  expect_contains(refusal("1,2\n3,nan\n"), "finite number", "found 'nan'");
  expect_contains(refusal("1,2\n3,1e400\n"), "finite number", "'1e400'");
  expect_contains(refusal("1,2\n3,1.0abc\n"), "'1.0abc'");
  expect_contains(refusal("1,2\n3,4 # four\n"), "'4 # four'");
  expect_contains(refusal("\"1,2\n\"3,4\n"), "line 1", "quotation mark");
  expect_contains(refusal("1,2\n\"3,4\n"), "line 2", "quotation mark");
  expect_contains(refusal("1,2\n\"3\"4,5\n"), "line 2", "'4,5'");
  expect_contains(refusal("1 2\n3\xC2\xA0"
                          "4\n"),
                  "line 2: 2 columns expected");
  expect_contains(refusal("1\t2\t3\n1\t\t3\n"), "line 2", "empty cell");
  expect_contains(refusal(in_utf16("1,2\n", false).substr(2)), "zero bytes");
  expect_contains(refusal("\x1f\x8b\b"), "gzip");
  expect_contains(refusal(",,\n"), "line 1", "column 1", "empty cell");
}

TEST(TextTable, EmptyTablesHaveNoRows)
{
  for (const std::string text : {"", "\n", "\xEF\xBB\xBF", "# x,u\n", "x,u\n"})
    EXPECT_TRUE(read(text).numbers.empty()) << text;
  EXPECT_EQ(read("x,u\n").names, (Names{"x", "u"}));
}

TEST(TextTable, ThousandsOfColumns)
{
  std::string names, row;
  for (int i = 0; i < 5000; ++i)
    {
      names += "a" + std::to_string(i) + (i < 4999 ? ";" : "\n");
      row += std::to_string(i) + (i < 4999 ? ";" : "\n");
    }
  const Outcome outcome = read(names + row + row);
  EXPECT_EQ(outcome.names.size(), 5000u);
  EXPECT_EQ(outcome.numbers.size(), 10000u);
  EXPECT_EQ(outcome.numbers[9999], 4999);
}

TEST(TextTable, FilesWithInstancesAreRead)
{
  const Names  names   = {"a1", "a2", "s1", "s2"};
  unsigned int n_files = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator(LSR_TESTS "/tables/instances"))
    {
      SCOPED_TRACE(entry.path().string());
      const TextTable table(read_file(entry.path().string(), "a table"),
                            entry.path().string(),
                            TextTable::Content::texts);
      EXPECT_EQ(table.names(), names);
      ASSERT_EQ(table.n_rows(), 3u);
      EXPECT_EQ(table.cells(0),
                (Names{"0.9121", "0.8957", "0.3226", "0.3339"}));
      EXPECT_EQ(table.cells(2),
                (Names{"0.2119", "0.2136", "0.5325", "0.3634"}));
      ++n_files;
    }
  EXPECT_EQ(n_files, 5u);
}

TEST(TextTable, TextsAreSeparatedAsTheirHeader)
{
  const Names expected = {"a", "b", "sin(pi*x)", "x + 1"};
  EXPECT_EQ(cells("a,b\nsin(pi*x), x + 1\n"), expected);
  EXPECT_EQ(cells("a;b\r\nsin(pi*x);x + 1\r\n\r\n"), expected);
  EXPECT_EQ(cells("\xEF\xBB\xBF\"a\"\t\"b\"\n\"sin(pi*x)\"\tx + 1\n"),
            expected);
  EXPECT_EQ(cells("# comment\na,b\nsin(pi*x),x + 1,\n"), expected);
  EXPECT_EQ(cells("a,b\nmax(x, 1),\"min(x, 2)\"\n"),
            (Names{"a", "b", "max(x, 1)", "min(x, 2)"}));
  EXPECT_EQ(cells("input\nx + 1\nmax(x, y)\n"),
            (Names{"input", "x + 1", "max(x, y)"}));
  EXPECT_EQ(cells("a;b\n0,5;1\n0,25;sin(x)\n"),
            (Names{"a", "b", "0.5", "1", "0.25", "sin(x)"}));
  EXPECT_EQ(cells("a;b\n0,5;max(x, 1)\n"),
            (Names{"a", "b", "0,5", "max(x, 1)"}));
  expect_contains(message([]() { cells("a,b\n1,2\nx\n"); }),
                  "table.csv, line 3: 2 columns expected as in line 1");
  EXPECT_EQ(cells("a,b\n"), (Names{"a", "b"}));
  expect_contains(message([]() { cells("a,b\nx\n"); }),
                  "table.csv, line 2: 1 column, but 2 names in line 1");
}
