// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/data_set.h>

#include <gtest/gtest.h>

#include <string>

#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  struct DataFile : testing::Test
  {
    // The message with which a text is refused.
    std::string
    refusal(const std::string    &content,
            const DataFileFormat &format = {},
            const std::string    &name   = "data.csv") const
    {
      return message(
        [&]() { read_data_set(folder.write(name, content), format); });
    }

    const TemporaryFolder folder;
  };
} // namespace

TEST_F(DataFile, TextHoldsPointsTargetsSetsAndGroups)
{
  const DataSet data = read_data_set(folder.write("data.csv",
                                                  "x,y,u,v,set,group\n"
                                                  "0.5, -1e-3 ,2,3,0,7\r\n"
                                                  "\n"
                                                  "1,2,3,4,2,-8\n"),
                                     {2, true, true});
  ASSERT_EQ(data.n_points(), 2u);
  EXPECT_EQ(data.n_outputs(), 2u);
  EXPECT_EQ(to_host(data.points)(1, 0), -1e-3);
  EXPECT_EQ(to_host(data.targets)(1), 3.);
  EXPECT_EQ(to_host(data.targets)(2), 3.);
  EXPECT_EQ(data.part, std::vector<int>({0, 2}));
  EXPECT_EQ(data.group, std::vector<std::int64_t>({7, -8}));
  EXPECT_EQ(to_host(data.select(DataSet::validation).points)(0, 0), 1.);
  EXPECT_EQ(data.select(DataSet::test).n_points(), 0u);
}

TEST_F(DataFile, WhatIsWrittenIsReadBackBitByBit)
{
  DataSet data;
  data.points  = random_points(3, 40, -1e6, 1e-6);
  data.targets = random_column(80);
  for (const std::string name : {"data.csv", "data.h5"})
    {
      const std::string path = folder.file(name);
      write_data_set(path, data);
      const DataSet read = read_data_set(path, {2, false, false});
      EXPECT_EQ(relative_difference(read.points, data.points), 0.) << name;
      EXPECT_EQ(relative_difference(read.targets, data.targets), 0.) << name;
    }
}

TEST_F(DataFile, SetsAndGroupsAreReadBackFromHDF5)
{
  DataSet data;
  data.points            = random_points(2, 3);
  data.targets           = random_column(3);
  data.part              = {0, 2, 1};
  data.group             = {7, -8, 7};
  const std::string path = folder.file("data.h5");
  write_data_set(path, data);
  const DataSet read = read_data_set(path, {1, true, true});
  EXPECT_EQ(read.part, data.part);
  EXPECT_EQ(read.group, data.group);
}

TEST_F(DataFile, MalformedTextIsRefusedWithItsLine)
{
  expect_contains(refusal("1,2,3,0\n1,2,x,0\n"), "line 2");
  expect_contains(refusal("1,2,3,0\n1,2,x,0\n"), "column 3, found 'x'");
  expect_contains(refusal("1,2,nan,0\n"), "finite number");
  expect_contains(refusal("1,2,1e999,0\n"), "finite number");
  expect_contains(refusal("1,2,3,0\n1,2,0\n"), "4 columns expected");
  expect_contains(refusal("1,2,3,0\n1,2;3,0\n"), "a comma expected");
  expect_contains(refusal("1,2,3,0,\n"), "column 5");
  expect_contains(refusal("1,2,3,5\n"), "0 (fit), 1 (test)");
  expect_contains(refusal("1,0\n"), "found 2 columns");
  expect_contains(refusal("1,2,0,0.5\n", {1, true, true}), "integer");
  expect_contains(refusal("x,y,u,set\n"), "no point");
  expect_contains(refusal(""), "no point");
}

TEST_F(DataFile, FilesThatAreNoneAreRefused)
{
  EXPECT_THROW(read_data_set(folder.file("none.csv"), {}), Error);
  EXPECT_THROW(read_data_set(folder.path.string(), {}), Error);
  expect_contains(refusal("1,2,3,0\n", {}, "text.h5"), "not an HDF5 file");
}

TEST_F(DataFile, HDF5DataThatDoesNotFitIsRefused)
{
  DataSet data;
  data.points            = random_points(2, 10);
  data.targets           = random_column(10);
  const std::string path = folder.file("data.h5");
  write_data_set(path, data);
  const auto refusal = [&](const DataFileFormat &format) {
    return message([&]() { read_data_set(path, format); });
  };
  EXPECT_EQ(refusal({1, true, false}), "");
  expect_contains(refusal({3, true, false}), "10 x 3 expected");
  expect_contains(refusal({1, true, true}), "'group' is missing");
}

TEST_F(DataFile, NothingIsLeftBehindWhereWritingFails)
{
  DataSet data;
  data.points = random_points(2, 10);
  EXPECT_THROW(write_data_set(folder.file("no folder/data.csv"), data), Error);
  EXPECT_EQ(folder.n_files(), 0u);
}
