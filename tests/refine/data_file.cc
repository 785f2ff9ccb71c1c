// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/data_set.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/npy.h"
#include "base/zip_archive.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Names = std::vector<std::string>;

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

    // Points in the plane with one target each, in data.h5; returns its path.
    std::string
    write_random_data(const std::size_t n_points) const
    {
      DataSet data;
      data.points            = random_points(2, n_points);
      data.targets           = random_column(n_points);
      const std::string path = folder.file("data.h5");
      write_data_set(path, data);
      return path;
    }

    // Inputs, targets, set and group of the first point, and what is said.
    std::string
    first_point(const std::string &content,
                DataFileFormat     format = {},
                const std::string &name   = "data.csv") const
    {
      std::string line;
      format.progress    = [&line](const std::string &text) { line = text; };
      const DataSet data = read_data_set(folder.write(name, content), format);
      std::ostringstream out;
      const HostBlock    points = to_host(data.points);
      for (std::size_t d = 0; d < points.extent(0); ++d)
        out << points(d, 0) << ' ';
      out << '|';
      for (unsigned int k = 0; k < data.n_outputs(); ++k)
        out << ' ' << to_host(data.targets)(k);
      if (!data.part.empty())
        out << " | " << data.part[0];
      if (!data.group.empty())
        out << " | " << data.group[0];
      EXPECT_EQ(line.find('\n'), std::string::npos);
      said = line.substr(line.find("; ") + 2);
      return out.str();
    }

    const TemporaryFolder folder;
    mutable std::string   said;
  };

  std::string
  npz(const std::map<std::string, std::vector<double>> &arrays,
      const unsigned int                                n_rows)
  {
    std::map<std::string, std::string> files;
    for (const auto &[name, values] : arrays)
      files[name + ".npy"] =
        write_npy(values,
                  values.size() == n_rows ?
                    std::vector<std::int64_t>{n_rows} :
                    std::vector<std::int64_t>{
                      n_rows, std::int64_t(values.size() / n_rows)});
    return make_zip_archive(files);
  }
} // namespace

TEST_F(DataFile, FilesAsPeopleHaveThemAreReadOrRefused)
{
  const std::string tables = LSR_TESTS "/tables/csv/";
  const DataSet     expected =
    read_data_set(tables + "semicolon.csv", DataFileFormat());
  ASSERT_EQ(expected.n_points(), 40u);
  const std::map<std::string, Names> refused = {
    {"no-set.csv", {"line 1", "0 (fit), 1 (test)", "column of sets"}},
    {"two-headers.csv", {"line 2", "m,m,K,-"}}};
  unsigned int n_read = 0;
  for (const auto &entry : std::filesystem::directory_iterator(tables))
    {
      const std::string name = entry.path().filename().string();
      SCOPED_TRACE(name);
      DataSet           data;
      std::string       line;
      const std::string refusal = message([&]() {
        data = read_data_set(entry.path().string(),
                             {1, true, false, {}, {}, [&](const auto &text) {
                                line = text;
                              }});
      });
      if (const auto found = refused.find(name); found != refused.end())
        {
          for (const std::string &part : found->second)
            expect_contains(refusal, part);
          continue;
        }
      ASSERT_EQ(refusal, "");
      expect_contains(line, name + ": 40 rows; columns ");
      ++n_read;
      // This one has labels where others have sets, and nobody can know it.
      if (name == "no-set-labels-1d.csv")
        {
          EXPECT_EQ(data.points.extent(0), 1u);
          continue;
        }
      EXPECT_EQ(relative_difference(data.points, expected.points), 0.);
      EXPECT_EQ(relative_difference(data.targets, expected.targets), 0.);
      EXPECT_EQ(data.part, expected.part);
    }
  EXPECT_EQ(n_read, 17u);
}

TEST_F(DataFile, NamesOfColumnsAreHonoured)
{
  EXPECT_EQ(first_point("y,x,u,set\n2,1,3,0\n"), "1 2 | 3 | 0");
  EXPECT_EQ(said, "columns x, y | u | set; separator ','; header in line 1");
  EXPECT_EQ(first_point("SET,U,Y,X\n0,3,2,1\n"), "1 2 | 3 | 0");
  EXPECT_EQ(first_point("group;set;u;x\n7;2;3;1\n"), "1 | 3 | 2 | 7");
  EXPECT_EQ(first_point("t,x,u,set\n5,1,3,0\n"), "5 1 | 3 | 0");
  EXPECT_EQ(first_point("x_2,u,x_1\n2,3,1\n"), "1 2 | 3");
  EXPECT_EQ(first_point("x[10],x[9],u\n2,1,3\n"), "1 2 | 3");
  EXPECT_EQ(first_point("x,set,y\n1,0,3\n"), "1 | 3 | 0");
  EXPECT_EQ(first_point("y,x\n3,1\n"), "1 | 3");
  EXPECT_EQ(first_point("T,x,y,set\n3,1,2,0\n"), "1 2 | 3 | 0");
  EXPECT_EQ(first_point("x (m),y (m),T (K),set\n1,2,3,0\n"), "1 2 | 3 | 0");
  EXPECT_EQ(first_point("x,y,mu,kappa,T,set\n1,2,4,5,3,0\n"),
            "1 2 4 5 | 3 | 0");
  EXPECT_EQ(first_point("u,mu,kappa,set\n3,4,5,0\n"), "4 5 | 3 | 0");
  EXPECT_EQ(first_point("mu,kappa,T,set\n4,5,3,0\n"), "4 5 | 3 | 0");
  EXPECT_EQ(first_point("x,p,u\n1,4,3\n"), "1 4 | 3");
  EXPECT_EQ(first_point("# x u set\n1 3 2\n"), "1 | 3 | 2");
  EXPECT_EQ(first_point("# some words here\n1 3 2\n"), "1 | 3 | 2");

  const DataFileFormat two = {2, true, false};
  EXPECT_EQ(first_point("v,u,x,set\n4,3,1,0\n", two), "1 | 3 4 | 0");
  EXPECT_EQ(first_point("x,u,T,set\n1,3,4,0\n", two), "1 | 3 4 | 0");
  EXPECT_EQ(first_point("u2,u1,x,y\n4,3,1,2\n", two), "1 2 | 3 4");

  // An index in front, and points with more than points.
  EXPECT_EQ(first_point(",x,u,set\n0,1,3,0\n"), "1 | 3 | 0");
  expect_contains(said, "not used: the index in column 1");
  EXPECT_EQ(first_point("u,y,x,set\n3,2,1,0\n", {0, false, false}), "1 2 |");
  expect_contains(said, "not used: u, set");

  // Asked for by name.
  const DataFileFormat given = {1, true, false, {"t", "x"}, {"p"}};
  EXPECT_EQ(first_point("x,t,u,v,p,set\n1,5,3,4,6,2\n", given), "5 1 | 6 | 2");
  expect_contains(said, "not used: u, v");
  EXPECT_EQ(first_point("a,b,flag\n1,2,0\n", {1, true, false, {}, {"flag"}}),
            "1 2 | 0");
}

TEST_F(DataFile, NamesThatDoNotDecideAreRefused)
{
  const auto not_clear = [&](const std::string    &names,
                             const std::string    &part,
                             const DataFileFormat &format = {}) {
    std::string row = "0.5";
    for (std::size_t n = std::count(names.begin(), names.end(), ','); n > 0;
         --n)
      row += ",0";
    expect_contains(refusal(names + "\n" + row + "\n", format),
                    part,
                    "data.csv: ");
  };
  not_clear("x,u1,u2,set", "1 target expected (--outputs), found u1, u2");
  not_clear("x,y,u,v,set", "1 target expected (--outputs), found u, v");
  not_clear("a,x,y,b,set", "not clear which");
  not_clear("x,t,set", "not clear which");
  not_clear("y,t,x,u,set", "in which order");
  not_clear("x,X,u,set", "'x' and 'X' may be the same");
  not_clear("x,u,set,split", "both 'set' and 'split'");
  not_clear("x,y,u,flag", "call it 'set'");
  not_clear("x,,u,set", "column 2 has no name");
  not_clear(",x,u,set", "column 1 has no name");
  not_clear("x,u,set", "'group' expected", {1, true, true});
  not_clear("x,u,set", "no column 'q'", {1, true, false, {"q"}, {}});
  not_clear("x,u,set", "twice", {1, true, false, {"x", "x"}, {}});
  not_clear("u,set", "coordinates expected");
  expect_contains(refusal("1,2,0\n", {1, true, false, {"x"}, {}}),
                  "names of columns expected");
}

TEST_F(DataFile, ArraysOfArchivesAreFoundByName)
{
  const auto read = [&](const std::string    &bytes,
                        const DataFileFormat &format = {}) {
    return first_point(bytes, format, "data.npz");
  };
  const std::vector<double> x = {1, 2}, xy = {1, 5, 2, 6}, u = {3, 4},
                            set = {0, 1};
  EXPECT_EQ(read(npz({{"x", xy}, {"y", u}, {"set", set}}, 2)), "1 5 | 3 | 0");
  EXPECT_EQ(said, "columns x[0], x[1] | y | set; arrays set, x, y");
  EXPECT_EQ(read(npz({{"x", x}, {"u", u}, {"y", set}}, 2)), "1 0 | 3");
  EXPECT_EQ(read(npz({{"inputs", xy}, {"outputs", u}}, 2)), "1 5 | 3");
  EXPECT_EQ(read(npz({{"points", xy}, {"targets", u}, {"weights", x}}, 2)),
            "1 5 | 3");
  expect_contains(said, "others not used: weights");
  EXPECT_EQ(read(npz({{"x", x}, {"t", u}, {"u", set}}, 2),
                 {1, true, false, {"t", "x"}, {}}),
            "3 1 | 0");
  EXPECT_EQ(read(npz({{"a", xy}, {"b", u}, {"x", {0}}}, 2),
                 {1, true, false, {"a"}, {"b"}}),
            "1 5 | 3");

  const auto refused = [&](const std::string    &bytes,
                           const DataFileFormat &format = {}) {
    return refusal(bytes, format, "data.npz");
  };
  expect_contains(refused(npz({{"x", x}, {"t", u}, {"u", set}}, 2)),
                  "no order");
  expect_contains(refused(npz({{"x", xy}, {"points", xy}, {"u", u}}, 2)),
                  "no order");
  expect_contains(refused(
                    make_zip_archive({{"x.npy", write_npy({1, 2, 3}, {3})},
                                      {"u.npy", write_npy({1, 2}, {2})}})),
                  "'x' has 3 rows, 'u' 2");
  expect_contains(refused(make_zip_archive(
                    {{"x.npy", write_npy({1, 2}, {2, 1, 1})}})),
                  "'x' has 3 dimensions");
  expect_contains(refused(npz({{"x", {1, NAN}}, {"u", u}}, 2)),
                  "'x', row 2",
                  "finite");
  expect_contains(refused(npz({{"a", x}, {"b", u}}, 2)),
                  "no array is called",
                  "a.npy, b.npy");
  expect_contains(refused("text"), "zip");
}

TEST_F(DataFile, NumbersInHDF5AreOfAnyType)
{
  // float32, little and big endian, integers and, as h5py has them, bool.
  std::string   line;
  const DataSet data =
    read_data_set(LSR_TESTS "/tables/types.h5",
                  {1, true, false, {}, {}, [&line](const std::string &text) {
                     line = text;
                   }});
  expect_contains(line,
                  "3 rows; columns x[0], x[1] | u | set | group; arrays group, "
                  "set, u, x; others not used: notes");
  EXPECT_EQ(to_host(data.points)(1, 0), 0.25);
  EXPECT_EQ(to_host(data.targets)(2), double(0.3f));
  EXPECT_EQ(data.part, std::vector<int>({0, 1, 0}));
  EXPECT_EQ(data.group, std::vector<std::int64_t>({7, -8, 7}));
}

TEST_F(DataFile, FilesAreWhatTheyHoldWhateverTheyAreCalled)
{
  DataSet data;
  data.points  = random_points(2, 3);
  data.targets = random_column(3);
  for (const std::string name : {"data.h5", "data.npy", "data.npz"})
    {
      write_data_set(folder.file(name), data);
      const DataSet read =
        read_data_set(folder.write("data.csv", folder.read(name)),
                      {1, false, false});
      EXPECT_EQ(relative_difference(read.points, data.points), 0.) << name;
    }
}

TEST_F(DataFile, NpyIsATable)
{
  const std::string bytes = write_npy({1, 2, 3, 0, 4, 5, 6, 1}, {2, 4});
  EXPECT_EQ(first_point(bytes, {}, "data.npy"), "1 2 | 3 | 0");
  EXPECT_EQ(said, "columns 1, 2 | 3 | set 4; an array");
  EXPECT_EQ(first_point(write_npy({7, 8}, {2}), {0, false, false}, "data.npy"),
            "7 |");
  expect_contains(refusal(write_npy({1, 2, 3, 9}, {1, 4}), {}, "data.npy"),
                  "row 1",
                  "0 (fit), 1 (test)");
  expect_contains(refusal("x", {}, "data.npy"), "not an .npy file");
}

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
  for (const std::string name : {"data.csv", "data.h5", "data.npy", "data.npz"})
    {
      const std::string path = folder.file(name);
      write_data_set(path, data);
      const DataSet read = read_data_set(path, {2, false, false});
      EXPECT_EQ(relative_difference(read.points, data.points), 0.) << name;
      EXPECT_EQ(relative_difference(read.targets, data.targets), 0.) << name;
    }
}

TEST_F(DataFile, SetsAndGroupsAreReadBackFromArchives)
{
  DataSet data;
  data.points  = random_points(2, 3);
  data.targets = random_column(3);
  data.part    = {0, 2, 1};
  data.group   = {7, -8, 7};
  for (const std::string name : {"data.h5", "data.npz"})
    {
      const std::string path = folder.file(name);
      write_data_set(path, data);
      const DataSet read = read_data_set(path, {1, true, true});
      EXPECT_EQ(read.part, data.part);
      EXPECT_EQ(read.group, data.group);
    }
}

TEST_F(DataFile, MalformedTextIsRefusedWithItsLine)
{
  expect_contains(refusal("1,2,3,0\n1,2,x,0\n"), "line 2");
  expect_contains(refusal("1,2,3,0\n1,2,x,0\n"), "column 3, found 'x'");
  expect_contains(refusal("1,2,nan,0\n"), "finite number");
  expect_contains(refusal("1,2,1e999,0\n"), "finite number");
  expect_contains(refusal("1,2,3,0\n1,2,0\n"), "4 columns expected");
  expect_contains(refusal("1,2,3,0\n1,2;3,0\n"), "line 2", "found 3");
  expect_contains(refusal("1,2,3,0\n1,2,3,0,\n"), "line 2", "found 5");
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
  const std::string path    = write_random_data(10);
  const auto        refusal = [&](const DataFileFormat &format) {
    return message([&]() { read_data_set(path, format); });
  };
  EXPECT_EQ(refusal({1, true, false}), "");
  expect_contains(refusal({3, true, false}),
                  "3 targets expected",
                  "found targets");
  expect_contains(refusal({1, true, true}), "'group' expected");
}

TEST_F(DataFile, HDF5ThatClaimsMoreThanTheFileHasIsRefused)
{
  write_random_data(321);
  std::string bytes   = folder.read("data.h5");
  const auto  replace = [&](const std::uint64_t old, const std::uint64_t by) {
    const std::string from(reinterpret_cast<const char *>(&old), 8),
      to(reinterpret_cast<const char *>(&by), 8);
    std::size_t n = 0;
    for (std::size_t at = 0; (at = bytes.find(from, at)) != bytes.npos; ++n)
      bytes.replace(at, 8, to);
    return n;
  };
  EXPECT_GT(replace(321, std::uint64_t(1) << 30), 0u);
  EXPECT_GT(replace(321 * 8, std::uint64_t(8) << 30), 0u);
  EXPECT_GT(replace(321 * 16, std::uint64_t(16) << 30), 0u);
  expect_contains(refusal(bytes, {1, false, false}, "data.h5"), "entries in");
}

TEST_F(DataFile, NothingIsLeftBehindWhereWritingFails)
{
  DataSet data;
  data.points = random_points(2, 10);
  EXPECT_THROW(write_data_set(folder.file("no folder/data.csv"), data), Error);
  EXPECT_EQ(folder.n_files(), 0u);
}
